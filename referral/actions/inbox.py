"""The inbox of a programme: finding cases among many, and whose they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions.finding import has_verdict, has_words
from referral.actions.mail import notify
from referral.actions.moves import move
from referral.actions.referrals import Lines, as_they_wait, list_lines, list_waiting
from referral.errors import ConflictError, NotFoundError, PonsError
from referral.models import Organisation, Question, Referral, SavedView, User
from referral.workflow import OPEN, SENT, Role, State, check_move

DAYS_IN_MONTH = 30.4375  # a month of a window that closes, on the average
MOST_VIEWS, LONGEST_NAME = 20, 60
SEEN = frozenset(State) - {State.DRAFT}


class NotSavedError(PonsError):
    """A view without a name, or one too many."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for. ``owner`` is a person, or ``"nobody"``; what is ``None`` or empty does not matter."""

    states: Collection[State] = SENT
    text: str = ""
    clinic: UUID | None = None
    owner: UUID | str | None = None
    older_than_days: int | None = None
    edition: str = ""
    verdict: str = ""
    closes_within_months: int | None = None
    newest_first: bool = False


def list_inbox(session: Session, viewer: User, wanted: Wanted | None = None, page: int = 1) -> Lines:
    """List what was sent to a programme: nobody's open cases on top, then the longest waiting.

    So nobody is forgotten at the end. The order says nothing about a person.
    """
    wanted = wanted or Wanted()
    gone = _owners_no_more(session, viewer)
    filters = _filters(session, wanted, gone)
    if wanted.text:
        return list_lines(session, viewer, as_they_wait(wanted.newest_first), page, *filters)
    on_top = Referral.state.in_(OPEN) & _nobodys(gone)
    return list_waiting(session, viewer, page, *filters, on_top=on_top, newest_first=wanted.newest_first)


def _in_any_state(wanted: Wanted) -> bool:
    return not SEEN - set(wanted.states)


def _owners_no_more(session: Session, viewer: User) -> list[UUID]:
    """Give the people of the viewer's programme who may own no case: all but its coordinators in use."""
    wanted = select(User.id).where(
        User.organisation_id == viewer.organisation_id, ~(User.active & (User.role == Role.COORDINATOR))
    )
    return list(session.scalars(wanted))


class Named(NamedTuple):
    """Somebody or something to be chosen."""

    id: UUID
    name: str


def coordinators(session: Session, programme_id: UUID | None) -> list[Named]:
    """List the coordinators of a programme who are in use, by name."""
    wanted = select(User.id, User.name).where(
        User.organisation_id == programme_id, User.role == Role.COORDINATOR, User.active
    )
    return [Named(*row) for row in session.execute(wanted.order_by(User.name))]


def clinics(session: Session, viewer: User) -> list[Named]:
    """List the clinics that have sent a case here, by name."""
    sent = select(Referral.id).where(
        Referral.organisation_id == Organisation.id,
        Referral.programme_id == viewer.organisation_id,
        Referral.submitted_at.is_not(None),
    )
    wanted = select(Organisation.id, Organisation.name).where(sent.exists()).order_by(Organisation.name)
    return [Named(*row) for row in session.execute(wanted)]


def _nobodys(gone: Collection[UUID]) -> ColumnElement[bool]:
    return or_(Referral.owner_id.is_(None), Referral.owner_id.in_(gone))


def _filters(session: Session, wanted: Wanted, gone: Collection[UUID]) -> list[ColumnElement[bool]]:
    found = has_words(session, wanted.text)
    if not _in_any_state(wanted):
        found.append(Referral.state.in_(wanted.states))
    if wanted.clinic:
        found.append(Referral.organisation_id == wanted.clinic)
    if wanted.owner == "nobody":
        found.append(_nobodys(gone))
    elif isinstance(wanted.owner, UUID):
        found.append(Referral.owner_id == wanted.owner)
    if wanted.older_than_days is not None:
        found.append(Referral.waiting_since <= clock.now() - timedelta(days=wanted.older_than_days))
    if wanted.edition and wanted.verdict:
        found.append(has_verdict(wanted.edition, wanted.verdict))
    if wanted.closes_within_months is not None:
        last = clock.today() + timedelta(days=round(wanted.closes_within_months * DAYS_IN_MONTH))
        found.append(Referral.next_change_on <= last.isoformat())
    return found


def due_days(session: Session, referral_ids: Collection[UUID]) -> dict[UUID, date]:
    """Give the day on which the next reminder goes, of each case that waits for an answer."""
    wanted = select(Question.referral_id, Question.remind_at).where(
        Question.referral_id.in_(referral_ids), Question.closed_at.is_(None), Question.remind_at.is_not(None)
    )
    return {id_: clock.local(at).date() for id_, at in session.execute(wanted) if at is not None}


# Whose it is


def assign(
    session: Session,
    referral: Referral,
    owner_id: UUID,
    *,
    seen: UUID | None,
    actor: User,
    at: datetime | None = None,
) -> bool:
    """Make a case somebody's; tell whether it was somebody else's before.

    ``seen`` is whose it was on the screen: of two who take it at once, the second is told.

    Raises:
        MoveRefusedError: the case is over, or this is no coordinator.
        NotFoundError: the new owner is no coordinator of the programme in use.
        ConflictError: it has become somebody else's meanwhile.

    """
    check_move("assign", actor.role, referral.state)
    owner = session.get(User, owner_id)
    if owner is None or owner.id not in dict(coordinators(session, referral.programme_id)):
        raise NotFoundError("This person is no coordinator of the programme, or not any more.")
    if referral.owner_id == owner.id:
        return False
    if referral.owner_id != seen:
        now = session.get(User, referral.owner_id) if referral.owner_id else None
        whose = f"belongs to {now.name}" if now else "belongs to nobody"
        raise ConflictError(f"Referral {referral.number} {whose} by now. Nothing was changed.")
    before, referral.owner_id = referral.owner_id, owner.id
    move(
        session,
        referral,
        "assign",
        actor=actor,
        at=at,
        before=str(before) if before else None,
        owner=str(owner.id),
    )
    if owner.id != actor.id:
        occasion = f"assigned {referral.id} {(at or clock.now()).isoformat()}"
        notify(session, owner, occasion, "A case is yours now", referral, at=at)
    return True


# Views that somebody keeps


def views_of(session: Session, person: User) -> list[SavedView]:
    """List the views that somebody keeps, by name."""
    return list(
        session.scalars(select(SavedView).where(SavedView.user_id == person.id).order_by(SavedView.name))
    )


def save_view(session: Session, person: User, name: str, filters: dict[str, str]) -> SavedView:
    """Keep filters under a name; the same name is overwritten. What was searched for is never kept.

    Raises:
        NotSavedError: there is no name, or too long a one, or too many views.

    """
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise NotSavedError(f"Give the view a name, in at most {LONGEST_NAME} characters.")
    kept = views_of(session, person)
    view = next((each for each in kept if each.name == name), None)
    if view is None:
        if len(kept) >= MOST_VIEWS:
            raise NotSavedError(f"Remove a view first: at most {MOST_VIEWS} are kept.")
        view = SavedView(user_id=person.id, name=name, filters=filters)
        session.add(view)
    view.filters = filters
    session.flush()
    return view


def remove_view(session: Session, person: User, view_id: UUID) -> None:
    """Remove a view of one's own; one that is gone already stays gone."""
    view = session.get(SavedView, view_id)
    if view is not None and view.user_id == person.id:
        session.delete(view)
        session.flush()
