"""The same person in two cases: noticed, told to those who may see both, never merged.

What is compared is who the person is and nothing clinical: a number of the same kind, or family name, given
name and birth date, after folding case, accents and what stands between letters. A case that somebody may not
see is not among what they are told; nothing they see depends on it.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from forms import read_case
from referral import audit, clock
from referral.auth import REFERRERS, scope
from referral.columns import ring_of
from referral.errors import NotFoundError
from referral.models import PersonKey, Referral, SamePerson, SamePersonAnswer, User
from referral.sealing import Ring
from referral.workflow import State

FINISHED = frozenset({State.WITHDRAWN, State.CLOSED})
"""A case in one of these states is told of, but a second one beside it needs no word of explanation."""

MINE, THEIRS = aliased(PersonKey), aliased(PersonKey)
PURPOSE = "person_key.key"

# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def fold(text: str) -> str:
    """Give a name or number in small plain letters and figures only: ``Ångström-Lee`` is ``angstromlee``."""
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return "".join(letter for letter in apart if letter.isalnum())


def keys_of(identity: Mapping[str, Any]) -> set[str]:
    """Give the keys by which the person of an identity is recognised; none where too little is known."""
    keys = {
        f"number {each['type']} {number}"
        for each in identity.get("identifiers") or ()
        if (number := fold(each["value"]))
    }
    names = [fold(identity.get(name) or "") for name in ("family_name", "given_name")]
    if all(names) and identity.get("birth_date"):
        keys.add(f"name {' '.join(names)} {identity['birth_date']}")
    return keys


def as_kept(ring: Ring, keys: Iterable[str]) -> set[str]:
    """Give the digests of keys, under each key of the ring: two cases have one in common while keys are changed."""
    return {digest for key in keys for digest in ring.digests(PURPOSE, key)}


def remember(session: Session, referral: Referral, identity: Mapping[str, Any]) -> None:
    """Keep the digests of the keys of a case as its person is now."""
    wanted = as_kept(ring_of(session), keys_of(identity))
    kept = set(session.scalars(select(PersonKey.key).where(PersonKey.referral_id == referral.id)))
    if gone := kept - wanted:
        session.execute(
            delete(PersonKey).where(PersonKey.referral_id == referral.id, PersonKey.key.in_(gone))
        )
    session.add_all(PersonKey(referral_id=referral.id, key=key) for key in sorted(wanted - kept))


@dataclass(frozen=True)
class Alike:
    """Another case that seems to be about the same person, and what the clinic answered, if it did."""

    id: UUID
    number: str
    state: State
    answer: SamePersonAnswer | None

    @property
    def open(self) -> bool:
        """Whether an answer is needed: the other case is still on its way, and nobody has said anything."""
        return self.answer is None and self.state not in FINISHED


def find_alike(session: Session, referral: Referral, viewer: User) -> tuple[Alike, ...]:
    """Find the other cases of what seems to be the same person, among those that the viewer may see.

    The case that this one was copied from is none: that was on purpose. Nor is what was entered in error.
    """
    return tuple(
        alike
        for alike in alike_by_case(session, (referral.id,), viewer).get(referral.id, ())
        if alike.id != referral.copied_from_id
    )


def alike_by_case(
    session: Session, referral_ids: Collection[UUID], viewer: User
) -> dict[UUID, tuple[Alike, ...]]:
    """Find, for several cases at once, the others of what seems to be the same person; of the viewer's own."""
    # In steps, each by an index of its own: joined in one, the database starts from all cases of the clinic.
    rows = session.execute(
        select(MINE.referral_id, THEIRS.referral_id)
        .join(THEIRS, (THEIRS.key == MINE.key) & (THEIRS.referral_id != MINE.referral_id))
        .where(MINE.referral_id.in_(referral_ids))
        .distinct()
    )
    pairs = [(case_id, other_id) for case_id, other_id in rows]
    if not pairs:
        return {}
    seen = session.execute(
        select(Referral.id, Referral.number, Referral.state).where(
            Referral.id.in_({other for _, other in pairs}),
            Referral.state != State.ENTERED_IN_ERROR,
            scope(viewer),
        )
    )
    others = {id_: (number, state) for id_, number, state in seen}
    answers = _answers(session, {id_ for pair in pairs for id_ in pair})
    found: dict[UUID, tuple[Alike, ...]] = {}
    for case_id, other_id in sorted(pairs, key=lambda pair: others.get(pair[1], ("",))[0]):
        if other_id in others:
            alike = Alike(other_id, *others[other_id], answers.get(frozenset((case_id, other_id))))
            found[case_id] = (*found.get(case_id, ()), alike)
    return found


def _answers(session: Session, ids: Collection[UUID]) -> dict[frozenset[UUID], SamePersonAnswer]:
    wanted = select(SamePerson).where(SamePerson.referral_id.in_(ids), SamePerson.other_id.in_(ids))
    return {frozenset((each.referral_id, each.other_id)): each.answer for each in session.scalars(wanted)}


def answer(
    session: Session, referral: Referral, other_id: UUID, said: SamePersonAnswer, *, actor: User
) -> None:
    """Write down what the clinic says of two of its cases. It may say something else later.

    Raises:
        NotFoundError: the other case is not one that this person was told of.

    """
    if actor.role not in REFERRERS or other_id not in {
        each.id for each in find_alike(session, referral, actor)
    }:
        raise NotFoundError("This case does not exist, or it is not for you.")
    first, second = sorted(
        (referral.id, other_id)
    )  # one answer a pair, whichever of the two is on the screen
    session.merge(
        SamePerson(
            referral_id=first,
            other_id=second,
            answer=said,
            answered_by_id=actor.id,
            answered_at=clock.now(),
        )
    )
    audit.record(
        session, actor, "answered_whether_same_person", referral, other=str(other_id), answer=said.value
    )


def catch_up(session: Session) -> None:
    """Write the keys of cases that have a name and no keys: those that are older than the keys."""
    named = select(Referral).where(
        Referral.family_name.is_not(None),
        ~select(PersonKey).where(PersonKey.referral_id == Referral.id).exists(),
    )
    for referral in session.scalars(named):
        remember(session, referral, read_case(referral.typed, clock.today()).identity)
