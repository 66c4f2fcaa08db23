"""How the quorum of a case stands at its meeting, who is missing, and the chair's word to go on without it.

What is lacking keeps nothing from being talked about; it keeps a decision from being signed. The chair may go on all
the same, on record and with a reason, as with a case that is not ready.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from referral import clock
from referral.actions.committee import current_meeting, interests_in, tied
from referral.actions.meetings import (
    Needed,
    Quorum,
    Stage,
    check_day,
    check_keeper,
    check_stage,
    get_meeting,
    quorum,
    write_down,
)
from referral.actions.moves import LONGEST_REASON, ReasonMissingError
from referral.errors import ConflictError, ForbiddenError
from referral.models import Meeting, QuorumWaiver, Referral, User
from referral.workflow import Role

NOBODY: frozenset[UUID] = frozenset()
ABSENT = {None: "is not known to have come", False: "did not come", True: "came"}


@dataclass(frozen=True)
class Standing:
    """How the quorum stands at a meeting, or for one case on it."""

    quorum: Quorum
    missing: tuple[str, ...]
    """Each specialty that is lacking, in number and by name."""
    waiver: QuorumWaiver | None
    """The chair's word that covers what is lacking; ``None`` where nothing is, or nothing was said."""

    @property
    def holds(self) -> bool:
        """Whether a decision may be signed."""
        return self.quorum.met or self.waiver is not None


def standing(meeting: Meeting, aside: Set[UUID] = NOBODY) -> Standing:
    """Count the quorum of a meeting, or of a case from which some stand aside, and say who is missing."""
    counted = quorum(meeting.quorum, meeting.members, frozenset(aside))
    words = tuple(_missing(meeting, counted, line, aside) for line in counted.lacking)
    waiver = next((each for each in reversed(meeting.waivers) if _covers(each, counted)), None)
    return Standing(counted, words, None if counted.met else waiver)


def _covers(waiver: QuorumWaiver, counted: Quorum) -> bool:
    """Tell whether the chair goes on with as few as there are; a further absence needs a further word."""
    return all(
        line.specialty.value in waiver.goes_on_with and line.there >= waiver.goes_on_with[line.specialty]
        for line in counted.lacking
    )


def _missing(meeting: Meeting, counted: Quorum, line: Needed, aside: Set[UUID]) -> str:
    absent = [
        f"{each.user.name} {'stands aside' if each.user_id in aside else ABSENT[each.attended]}"
        for each in meeting.members
        if each.specialty is line.specialty
        and (each.user_id in aside or (counted.taken and each.attended is not True))
    ]
    return (
        f"{line.specialty.value} {line.there} of {line.needed}: {', '.join(absent) or 'nobody else is asked'}"
    )


def standing_of(session: Session, referral: Referral) -> Standing | None:
    """Say how the quorum stands for a case at the meeting on whose agenda it is; ``None`` where it is on none."""
    meeting = current_meeting(session, referral)
    return standing(meeting, tied(interests_in(session, [referral.id])[referral.id])) if meeting else None


def hold_standing(session: Session, referral: Referral, actor: User) -> Standing | None:
    """Say the same of a case that is held for changing, and let nobody come or go until the transaction ends."""
    meeting = current_meeting(session, referral)
    if meeting is not None:
        get_meeting(session, meeting.id, actor, to_change=True)
    return standing_of(session, referral)


def refusals(found: Standing | None) -> list[tuple[str, str]]:
    """Say why nothing is signed at a meeting without its quorum, as an obstacle among the others."""
    if found is None or found.holds:
        return []
    return [
        (
            "quorum",
            f"The quorum is not met ({'; '.join(found.missing)}). The chair may go on without it, on record, in the "
            "room of the meeting.",
        )
    ]


def go_on_without(
    session: Session, meeting: Meeting, reason: str, *, actor: User, at: datetime | None = None
) -> QuorumWaiver:
    """Go on without the quorum at a meeting that is held for changing: what is lacking now, in any of its cases.

    Raises:
        ForbiddenError: this is the chair's word.
        ConflictError: the meeting is over or its day has not come, or nothing is lacking.
        ReasonMissingError: there is no reason.

    """
    check_keeper(actor)
    if actor.role is not Role.CHAIR:
        raise ForbiddenError("The chair says whether the committee goes on without its quorum.")
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    at, reason = at or clock.now(), reason.strip()
    check_day(meeting, at)
    goes_on_with: dict[str, int] = {}
    for line in _all_lacking(session, meeting):
        before = goes_on_with.get(line.specialty.value, line.there)
        goes_on_with[line.specialty.value] = min(before, line.there)
    if not goes_on_with:
        raise ConflictError("The quorum is met for each case that stands on the agenda. Nothing was changed.")
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ReasonMissingError(f"Give a reason, in at most {LONGEST_REASON:,} characters.")
    waiver = QuorumWaiver(goes_on_with=goes_on_with, reason=reason, given_by=actor, given_at=at)
    meeting.waivers.append(waiver)
    session.flush()
    write_down(session, meeting, actor, "quorum_waived", at=at, goes_on_with=goes_on_with)
    return waiver


def _all_lacking(session: Session, meeting: Meeting) -> Iterator[Needed]:
    """Give what is lacking at the meeting as a whole, and for each case that stands on its agenda."""
    yield from standing(meeting).quorum.lacking
    cases = [item.referral_id for item in meeting.agenda if item.left_at is None]
    for interests in interests_in(session, cases).values():
        yield from standing(meeting, tied(interests)).quorum.lacking
