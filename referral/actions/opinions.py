"""Opinions: what each member thinks of a case, given independently and sealed until all are in, or they meet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from referral import audit, clock
from referral.actions.committee import Interests, asked, check_no_tie, current_meeting, interests_in, tied
from referral.actions.mail import notify
from referral.actions.moves import move
from referral.errors import ConflictError, PonsError
from referral.models import Interest, Meeting, Opinion, Overall, Referral, ReferralVersion, User
from referral.workflow import COMMITTEE, Role

LONGEST_TEXT, LONGEST_WHY = 10_000, 2000


class NotGivenError(PonsError):
    """An opinion that lacks something. ``lacking`` is what, by field of the form."""

    def __init__(self, lacking: Mapping[str, str]) -> None:
        """Keep which fields they are."""
        super().__init__(" ".join(lacking.values()))
        self.lacking = dict(lacking)


class NotNowError(ConflictError):
    """An opinion that comes too late: there is a newer version, or all may read all opinions already."""


@dataclass(frozen=True)
class Said:
    """What a member says: of each criterion that they speak to, of the case as a whole, and in words."""

    overall: Overall | None
    text: str
    criteria: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """``{edition id: {criterion id: {"agrees": bool, "why": text}}}``"""


def newest_number(session: Session, referral: Referral) -> int:
    """Count the versions of a case."""
    newest = select(func.max(ReferralVersion.version)).where(ReferralVersion.referral_id == referral.id)
    return session.scalar(newest) or 0


def field_of(kind: str, edition: str, criterion: str) -> str:
    """Name the field of the form in which a criterion is spoken to."""
    return f"{kind}-{edition}-{criterion}"


def give(
    session: Session,
    referral: Referral,
    said: Said,
    *,
    version: int,
    actor: User,
    at: datetime | None = None,
) -> Opinion:
    """Give an opinion on the newest version of a case that is held for changing, or change one's own sealed one.

    Raises:
        MoveRefusedError: it is not theirs to give, or not in this state.
        ForbiddenError: they stand aside.
        NotNowError: there is a newer version, or their opinion is open to others already.
        NotGivenError: something is lacking.

    """
    at = at or clock.now()
    check_no_tie(session, referral, actor)
    newest = newest_number(session, referral)
    if version != newest:
        raise NotNowError(f"Version {newest} of this case has come since. Read it before you give yours.")
    _refuse_what_lacks(said)
    opinion = find_own(session, referral, newest, actor)
    if opinion is not None and opinion.opened_at is not None:
        raise NotNowError("The opinions on this version are open to all members: none is changed any more.")
    move(session, referral, "give_opinion", actor=actor, at=at, version=newest)
    if opinion is None:
        opinion = Opinion(referral_id=referral.id, version=newest, member=actor)
        session.add(opinion)
    opinion.given_at, opinion.text = at, said.text.strip()
    opinion.overall, opinion.criteria = said.overall or Overall.UNDECIDED, dict(said.criteria)
    session.flush()
    open_if_due(session, referral, at=at)
    return opinion


def _refuse_what_lacks(said: Said) -> None:
    lacking = {}
    if said.overall is None:
        lacking["overall"] = "Say what you think of the case as a whole; undecided is an answer."
    if len(said.text) > LONGEST_TEXT:
        lacking["text"] = f"Shorten your words: at most {LONGEST_TEXT:,} characters."
    for edition, criteria in said.criteria.items():
        for criterion, spoken in criteria.items():
            field = field_of("why", edition, criterion)
            if not spoken["agrees"] and not spoken["why"].strip():
                lacking[field] = "Say why you disagree."
            elif len(spoken["why"]) > LONGEST_WHY:
                lacking[field] = f"Shorten it: at most {LONGEST_WHY:,} characters."
    if lacking:
        raise NotGivenError(lacking)


def find_own(session: Session, referral: Referral, version: int, member: User) -> Opinion | None:
    """Find what a member has said of one version."""
    return session.scalar(
        select(Opinion).where(
            Opinion.referral_id == referral.id, Opinion.version == version, Opinion.member_id == member.id
        )
    )


# --------------------------------------------------------------------------------------------- the seal


def open_if_due(session: Session, referral: Referral, *, at: datetime | None = None) -> bool:
    """Open what is sealed once all who are asked and stand not aside have given theirs, or they meet."""
    meeting = current_meeting(session, referral)
    aside = tied(interests_in(session, [referral.id])[referral.id])
    newest = newest_number(session, referral)
    given = select(Opinion.member_id).where(Opinion.referral_id == referral.id, Opinion.version == newest)
    waited_for = {member.id for member in asked(session, referral, meeting)} - aside
    all_in = waited_for <= set(session.scalars(given))
    if not all_in and (meeting is None or meeting.opened_at is None):
        return False
    return open_all(session, referral, aside, at=at or clock.now(), last_is_in=all_in)


def open_all(
    session: Session, referral: Referral, aside: set[UUID], *, at: datetime, last_is_in: bool
) -> bool:
    """Open the sealed opinions on a case, those of whoever stands aside apart; tell whether there were any."""
    sealed = select(Opinion).where(
        Opinion.referral_id == referral.id, Opinion.opened_at.is_(None), Opinion.member_id.not_in(aside)
    )
    opinions = list(session.scalars(sealed))
    for opinion in opinions:
        opinion.opened_at = at
    if opinions:
        audit.record(session, None, "opinions_opened", referral, at=at, opinions=len(opinions))
        session.flush()
    if opinions and last_is_in:
        _send_word(session, referral, newest_number(session, referral), at)
    return bool(opinions)


def _send_word(session: Session, referral: Referral, version: int, at: datetime) -> None:
    """Tell the coordinator whose case it is, and the chair."""
    chairs = select(User).where(
        User.organisation_id == referral.programme_id, User.role == Role.CHAIR, User.active
    )
    told = [*session.scalars(chairs), *([referral.owner] if referral.owner else [])]
    for user in told:
        occasion = f"all opinions on version {version} of {referral.id}"
        notify(session, user, occasion, "All opinions are in", referral, at=at)


# ----------------------------------------------------------------------------------------- what is seen


@dataclass(frozen=True)
class Standing:
    """Where one member stands with a case. ``opinion`` is there only for whom it may be seen.

    ``late``: it was given when the others could be read already.
    """

    member: User
    interest: Interest | None
    given_at: datetime | None
    opinion: Opinion | None
    asked: bool
    late: bool

    @property
    def aside(self) -> bool:
        """Whether they stand aside."""
        return self.interest is not None and self.interest.tie.value != "none"


@dataclass(frozen=True)
class Panel:
    """Who of the committee has said what of a case, as far as one viewer may see it."""

    version: int
    standings: tuple[Standing, ...]
    earlier: tuple[Opinion, ...]
    mine: Standing | None

    @property
    def aside(self) -> tuple[Standing, ...]:
        """Those who stand aside."""
        return tuple(each for each in self.standings if each.aside)

    @property
    def undeclared(self) -> tuple[Standing, ...]:
        """Those who are asked and have not said whether anything ties them to the case."""
        return tuple(each for each in self.standings if each.asked and each.interest is None)

    @property
    def waited_for(self) -> tuple[Standing, ...]:
        """Those whose opinion is asked for and not in."""
        return tuple(
            each for each in self.standings if each.asked and not each.aside and each.given_at is None
        )

    @property
    def given(self) -> tuple[Standing, ...]:
        """Those whose opinion is in and counts."""
        return tuple(each for each in self.standings if each.given_at is not None and not each.aside)

    @property
    def open(self) -> bool:
        """Whether the viewer may read what the others said of the newest version."""
        mine = self.mine.member.id if self.mine else None
        return any(each.opinion is not None and each.member.id != mine for each in self.given)


def panel(session: Session, referral: Referral, meeting: Meeting | None, viewer: User) -> Panel:
    """Give the opinions on a case as one of its programme may see them: the own ones, and those that are open.

    ``meeting`` is the one on whose agenda it stands. Who stands aside sees nobody's. What was said by somebody who
    stands aside now counts for nothing and is kept.
    """
    interests = interests_in(session, [referral.id])[referral.id]
    newest = newest_number(session, referral)
    members = {each.id: each for each in asked(session, referral, meeting)}
    readable = or_(Opinion.opened_at.is_not(None), Opinion.member_id == viewer.id)
    if viewer.id in tied(interests):
        readable = Opinion.member_id == viewer.id
    seen = (
        select(Opinion)
        .where(Opinion.referral_id == referral.id, readable, Opinion.member_id.not_in(tied(interests)))
        .options(joinedload(Opinion.member))
        .order_by(Opinion.version.desc(), Opinion.given_at)
    )
    opinions = list(session.scalars(seen))
    standings = _standings(session, referral, newest, members, interests, opinions)
    return Panel(
        version=newest,
        standings=standings,
        earlier=tuple(each for each in opinions if each.version < newest),
        mine=next((each for each in standings if each.member.id == viewer.id), None)
        if viewer.role in COMMITTEE
        else None,
    )


def _standings(
    session: Session,
    referral: Referral,
    newest: int,
    members: Mapping[UUID, User],
    interests: Interests,
    opinions: list[Opinion],
) -> tuple[Standing, ...]:
    """Put together what is known of each member: when they gave theirs is no secret, what it says is."""
    given = (
        select(User, Opinion.given_at)
        .join(Opinion, Opinion.member_id == User.id)
        .where(Opinion.referral_id == referral.id, Opinion.version == newest)
    )
    when = {member.id: (member, at) for member, at in session.execute(given)}
    shown = {each.member_id: each for each in opinions if each.version == newest}
    first = min((each.opened_at for each in shown.values() if each.opened_at), default=None)
    known = (
        {interest.member_id: interest.member for interest in interests.values()}
        | {key: member for key, (member, _) in when.items()}
        | dict(members)
    )
    return tuple(
        Standing(
            member=member,
            interest=interests.get(key),
            given_at=when[key][1] if key in when else None,
            opinion=shown.get(key),
            asked=key in members,
            late=key in when and first is not None and when[key][1] > first,
        )
        for key, member in sorted(known.items(), key=lambda item: (item[1].name, item[0]))
    )


def given_by(session: Session, cases: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Give who has given an opinion on the newest version of each case; what it says is not in it."""
    newest = (
        select(ReferralVersion.referral_id, func.max(ReferralVersion.version).label("version"))
        .where(ReferralVersion.referral_id.in_(cases))
        .group_by(ReferralVersion.referral_id)
        .subquery()
    )
    rows = session.execute(
        select(Opinion.referral_id, Opinion.member_id).join(
            newest,
            (newest.c.referral_id == Opinion.referral_id) & (newest.c.version == Opinion.version),
        )
    )
    found: dict[UUID, set[UUID]] = {case: set() for case in cases}
    for case, member in rows:
        found[case].add(member)
    return found
