"""By what lists find a case that was sent: its words, each edition's verdict, and when one of them first changes.

All of it is copied from the newest version when that is signed (:func:`let_lists_find`), and by nobody else.
Names are found without standing there: of each beginning of a name a digest is kept, which nobody makes without the
keys. The number of a case is no secret.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, false, select
from sqlalchemy.orm import Session

from referral.actions.duplicates import fold
from referral.columns import ring_of
from referral.models import Referral, ReferralVersion, SearchWord, StandingVerdict
from referral.sealing import Ring

PURPOSE = "search_word.word"
LONGEST_BEGINNING = 24
"""By so many signs a name is found; what is typed beyond them changes nothing."""
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
    words = words_for(ring_of(session), referral)
    session.add_all(SearchWord(referral_id=referral.id, word=word) for word in sorted(words))
    referral.next_change_on = first_change(version)


def first_change(version: ReferralVersion) -> str | None:
    """Give the day on which a verdict of this version first changes by itself; ``None`` where none does."""
    protocols = version.snapshot["assessment"]["protocols"]
    return min((change["from"] for each in protocols for change in each["changes"]), default=None)


def words_for(ring: Ring, referral: Referral) -> set[str]:
    """Give all that a case is found by, as it is to stand in the database."""
    return as_kept(ring, words_of(referral.number), words_of(referral.family_name, referral.given_name))


def as_kept(ring: Ring, of_number: Iterable[str], of_names: Iterable[str]) -> set[str]:
    """Give the words of a number as they are, and a digest of each beginning of the words of names."""
    beginnings = {
        word[:length] for word in of_names for length in range(1, min(len(word), LONGEST_BEGINNING) + 1)
    }
    return {*of_number, *(digest for each in beginnings for digest in ring.digests(PURPOSE, each))}


def words_of(*texts: str | None) -> list[str]:
    """Give the words by which names and numbers are found, folded, each from every part of it on.

    ``Żelazowska-Holm`` is found by ``zelazowskaholm`` and ``holm``, ``P-2026-0004`` by its last figures alone, too.
    """
    found = set()
    for word in " ".join(filter(None, texts)).split():
        parts = "".join(sign if sign.isalnum() else " " for sign in word).split()
        found |= {fold("".join(parts[place:])) for place in range(len(parts))}
    return sorted(found - {""})


def has_words(session: Session, typed: str) -> list[ColumnElement[bool]]:
    """Give the filters for the cases that have a word for each one typed, which it begins with.

    Nothing has a word where signs alone were typed.
    """
    if not typed.strip():
        return []
    folded = [word for each in typed.split() if (word := fold(each))]
    return [_has(ring_of(session), word) for word in folded] or [false()]


def _has(ring: Ring, beginning: str) -> ColumnElement[bool]:
    word, case = SearchWord.word, select(SearchWord.referral_id)
    of_names = case.where(word.in_(ring.digests(PURPOSE, beginning[:LONGEST_BEGINNING])))
    of_number = case.where(word >= beginning, word < beginning + LAST_SIGN)
    return Referral.id.in_(of_names.union_all(of_number))


def has_verdict(edition: str, verdict: str) -> ColumnElement[bool]:
    """Give the filter for the cases of which an edition says so. Each is asked in turn, in the order of a list."""
    said = (StandingVerdict.edition == edition, StandingVerdict.verdict == verdict)
    return (
        select(StandingVerdict.referral_id).where(StandingVerdict.referral_id == Referral.id, *said).exists()
    )
