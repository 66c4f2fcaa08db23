"""By what lists find a case that was sent: its words, each edition's verdict, and when one of them first changes.

All of it is copied from the newest version when that is signed (:func:`let_lists_find`), and by nobody else.
"""

from sqlalchemy import ColumnElement, delete, false, select
from sqlalchemy.orm import Session

from referral.actions.duplicates import fold
from referral.models import Referral, ReferralVersion, SearchWord, StandingVerdict

LAST_SIGN = "\U0010ffff"
"""No word goes on with it, so that all that begin alike come before."""


def let_lists_find(session: Session, referral: Referral, version: ReferralVersion) -> None:
    """Copy what filters read, in place of what the version before said."""
    session.flush()
    for copied in (StandingVerdict, SearchWord):
        session.execute(delete(copied).where(copied.referral_id == referral.id))
    session.add_all(
        StandingVerdict(referral_id=referral.id, edition=edition, verdict=verdict)
        for edition, verdict in version.verdicts.items()
    )
    session.add_all(
        SearchWord(referral_id=referral.id, word=word)
        for word in words_of(referral.number, referral.family_name, referral.given_name)
    )
    referral.next_change_on = first_change(version)


def first_change(version: ReferralVersion) -> str | None:
    """Give the day on which a verdict of this version first changes by itself; ``None`` where none does."""
    protocols = version.snapshot["assessment"]["protocols"]
    return min((change["from"] for each in protocols for change in each["changes"]), default=None)


def words_of(*texts: str | None) -> list[str]:
    """Give the words by which names and numbers are found, folded, each from every part of it on.

    ``Żelazowska-Holm`` is found by ``zelazowskaholm`` and ``holm``, ``P-2026-0004`` by its last figures alone, too.
    """
    found = set()
    for word in " ".join(filter(None, texts)).split():
        parts = "".join(sign if sign.isalnum() else " " for sign in word).split()
        found |= {fold("".join(parts[place:])) for place in range(len(parts))}
    return sorted(found - {""})


def has_words(typed: str) -> list[ColumnElement[bool]]:
    """Give the filters for the cases that have a word for each one typed, which it begins with.

    Nothing has a word where signs alone were typed.
    """
    if not typed.strip():
        return []
    folded = [word for each in typed.split() if (word := fold(each))]
    return [_has(word) for word in folded] or [false()]


def _has(beginning: str) -> ColumnElement[bool]:
    word = SearchWord.word
    found = select(SearchWord.referral_id).where(word >= beginning, word < beginning + LAST_SIGN)
    return Referral.id.in_(found)


def has_verdict(edition: str, verdict: str) -> ColumnElement[bool]:
    """Give the filter for the cases of which an edition says so. Each is asked in turn, in the order of a list."""
    said = (StandingVerdict.edition == edition, StandingVerdict.verdict == verdict)
    return (
        select(StandingVerdict.referral_id).where(StandingVerdict.referral_id == Referral.id, *said).exists()
    )
