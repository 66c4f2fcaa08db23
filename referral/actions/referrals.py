"""Finding cases, and what one case looks like on paper and screen today."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session, aliased, defer, joinedload

from forms import Section
from referral import audit, clock, database
from referral.actions.adoptions import adopted_json, editions_for
from referral.actions.attachments import attachments_json
from referral.actions.came_from import imported_json
from referral.actions.copies import changed_json
from referral.actions.evidence import asked_json
from referral.assessment import Assessment, assess
from referral.auth import scope
from referral.errors import NotFoundError
from referral.facts import CaseRecord
from referral.models import AuditEntry, HandOver, Organisation, Packet, Referral, ReferralVersion, User
from referral.workflow import SENT, State

PAGE = 50
HISTORY = 100  # entries on one page of the history of a case
READS = ("case_read", "packet_read", "packet_with_files_read", "attachment_read", "emergency_read")


class ReadDraft(Protocol):
    """What the forms make of a draft."""

    @property
    def record(self) -> CaseRecord:
        """What could be read of it."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Who the person is."""

    @property
    def request(self) -> Mapping[str, Any]:
        """To whom it goes, and what is asked."""

    @property
    def programmes(self) -> Mapping[str, str] | None:
        """The programmes to which it may go, name by id; ``None`` where nobody asked for them."""

    @property
    def beside(self) -> Mapping[str, Mapping[str, Any]]:
        """What stands beside the record, by section."""

    @property
    def forms(self) -> Mapping[str, Section]:
        """The sections as typed."""

    @property
    def problems(self) -> Sequence[Any]:
        """What is wrong with the text, and so left out of the record."""


def get_referral(
    session: Session,
    referral_id: UUID,
    viewer: User,
    *,
    to_change: bool = False,
    in_emergency: bool = False,
) -> Referral:
    """Fetch a case that this person may see: the one way to a case.

    ``to_change`` keeps others from changing it until the transaction ends. ``in_emergency`` finds, to be read only,
    what the person has opened in an emergency as well.

    Raises:
        NotFoundError: there is none, or it is not for this person. The two look the same.

    """
    wanted = (
        select(Referral)
        .where(Referral.id == referral_id, scope(viewer, with_emergencies=in_emergency and not to_change))
        .options(
            joinedload(Referral.organisation), joinedload(Referral.programme), joinedload(Referral.referrer)
        )
    )
    if to_change:
        wanted = database.held(wanted, Referral)
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError("This case does not exist, or it is not for you.")
    return found


def read_referral(session: Session, referral_id: UUID, viewer: User) -> Referral:
    """Fetch a case to be shown, and write down who saw it."""
    referral = get_referral(session, referral_id, viewer)
    audit.note(session, viewer, "case_read", referral, state=referral.state)
    return referral


def newest_version(session: Session, referral: Referral) -> ReferralVersion | None:
    """Find what was signed last; ``None`` for a case that never was."""
    return session.scalar(
        select(ReferralVersion)
        .where(ReferralVersion.referral_id == referral.id)
        .order_by(ReferralVersion.version.desc())
        .limit(1)
        .options(
            joinedload(ReferralVersion.signed_by),
            joinedload(ReferralVersion.packet).options(defer(Packet.pdf), joinedload(Packet.issued_by)),
        )
    )


def addressed(draft: ReadDraft) -> UUID | None:
    """Give the programme that a draft is addressed to; ``None`` where none is chosen, or it is not one.

    Raises:
        ValueError: it was read without the programmes, so that nobody knows.

    """
    if draft.programmes is None:
        raise ValueError("a draft that is put to a programme is read with the programmes")
    wanted = draft.request.get("programme_id") or ""
    return UUID(wanted) if wanted in draft.programmes else None


def assess_draft(session: Session, draft: ReadDraft, as_of: date) -> Assessment:
    """Put what a draft says to the editions that its programme has adopted."""
    return assess(draft.record, editions_for(session, addressed(draft)), as_of)


def make_snapshot(
    session: Session, referral: Referral, draft: ReadDraft, assessment: Assessment
) -> dict[str, Any]:
    """Give the whole case as plain data, with its assessment: what the page shows and the packet will print.

    It carries the editions that it was made with, so that it says the same whatever becomes of the library.
    Nobody has signed it: that is for :mod:`referral.actions.submission`.
    """
    programme_id = addressed(draft)
    adopted = adopted_json(session, programme_id)
    attachments = attachments_json(session, referral, draft.record)
    return {
        "snapshot": "1",
        "referral": {
            "id": str(referral.id),
            "number": referral.number,
            "version": None,
            "state": State.DRAFT.value,
            "demonstration": referral.demonstration,
        },
        "identity": dict(draft.identity),
        "referrer": {"name": referral.referrer.name, "organisation": referral.organisation.name},
        "programme": {"name": (draft.programmes or {}).get(str(programme_id))},
        "question": draft.request.get("question"),
        "discussed": draft.beside.get("goals", {}).get("discussed"),
        "reason": None,
        "signed": None,
        "as_of": assessment.as_of.isoformat(),
        "record": draft.record.to_json(),
        "beside": {section: dict(known) for section, known in draft.beside.items()},
        "asked": asked_json(session, programme_id, draft.forms, {each["kind"] for each in attachments}),
        "changed": changed_json(referral),
        **imported_json(session, referral),
        "attachments": attachments,
        "assessment": assessment.to_json(),
        "editions": [
            result.edition.to_json() | {"adopted": adopted.get(result.edition.id)}
            for result in assessment.results
        ],
    }


def verdicts(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """Give the verdict of each edition of a snapshot."""
    return {each["protocol"]: each["verdict"] for each in snapshot["assessment"]["protocols"]}


# ------------------------------------------------------------------------------------------------ lists


@dataclass(frozen=True)
class Line:
    """One case in a list."""

    id: UUID
    number: str
    family_name: str | None
    given_name: str | None
    birth_date: str | None
    state: State
    waiting_since: datetime | None
    updated_at: datetime
    clinic: str
    programme: str | None
    verdicts: Mapping[str, str] | None
    referrer: str
    handed_over: bool
    owner_id: UUID | None
    owner: str | None
    owner_active: bool | None
    next_change_on: str | None

    @property
    def name(self) -> str:
        """The person's name, family name first as in every list of people; empty where nobody typed one."""
        return ", ".join(filter(None, (self.family_name, self.given_name)))

    def waiting_days(self, today: date) -> int | None:
        """Count the days since it was sent; ``None`` where nobody waits."""
        if self.waiting_since is None or self.state not in SENT:
            return None
        return (today - clock.local(self.waiting_since).date()).days


@dataclass(frozen=True)
class Lines:
    """One page of a list."""

    lines: tuple[Line, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // PAGE))

    @property
    def first(self) -> int:
        """The number of the page's first line, from 1; 0 on an empty page."""
        return (self.page - 1) * PAGE + 1 if self.lines else 0

    @property
    def last(self) -> int:
        """The number of the page's last line."""
        return self.first + len(self.lines) - 1 if self.lines else 0


def list_referrals(session: Session, viewer: User, page: int = 1) -> Lines:
    """List a clinic's own cases: what is asked of it, what the viewer signs, drafts, the rest; latest change first."""
    handed_over = select(HandOver.referral_id).where(HandOver.referral_id == Referral.id).exists()
    to_sign = (Referral.state == State.DRAFT) & handed_over
    drafts_first = case(
        (Referral.state == State.AWAITING_REPLY, 0),
        (to_sign & (Referral.referrer_id == viewer.id), 1),
        (Referral.state == State.DRAFT, 2),
        else_=3,
    )
    return list_lines(session, viewer, (drafts_first, Referral.updated_at.desc(), Referral.number), page)


def list_lines(
    session: Session, viewer: User, order: Sequence[Any], page: int, *wanted: ColumnElement[bool]
) -> Lines:
    """List one page of the cases that a person may see."""
    numbers, total, page = _page_and_count(session, (scope(viewer), *wanted), order, page)
    return Lines(_lines_of(session, numbers), total, page)


def as_they_wait(newest_first: bool = False) -> Sequence[Any]:
    """Give the order in which cases wait."""
    order = (Referral.waiting_since, Referral.number)
    return [column.desc() for column in order] if newest_first else order


def list_waiting(
    session: Session,
    viewer: User,
    page: int,
    *wanted: ColumnElement[bool],
    on_top: ColumnElement[bool],
    newest_first: bool = False,
) -> Lines:
    """List one page of the cases that a person may see as they wait, those ``on_top`` before the others.

    Which stand on it is found by the index alone.
    """
    mine = (scope(viewer), *wanted)
    total, top = _count(session, mine), _count(session, (*mine, on_top))
    page = _there(page, total)
    first = (page - 1) * PAGE
    above = _some(session, (*mine, on_top), newest_first, PAGE, first, top)
    below = _some(
        session, (*mine, ~on_top), newest_first, PAGE - len(above), max(first - top, 0), total - top
    )
    return Lines(_lines_of(session, [*above, *below]), total, page)


def _lines_of(session: Session, numbers: Collection[str]) -> tuple[Line, ...]:
    rows = {row.number: Line(*row) for row in session.execute(_lines().where(Referral.number.in_(numbers)))}
    return tuple(rows[number] for number in numbers)


def _there(page: int, total: int) -> int:
    """Give the page that is asked for, or the nearest that there is."""
    return min(max(page, 1), max(1, -(-total // PAGE)))


def _some(
    session: Session,
    wanted: Sequence[ColumnElement[bool]],
    newest_first: bool,
    most: int,
    first: int,
    there: int,
) -> list[str]:
    """Give some of so many that are there, in their order. What is nearer to the end is read from the end."""
    most = min(most, there - first)
    if most <= 0:
        return []
    backwards = 2 * first > there
    order = as_they_wait(newest_first != backwards)
    chosen = select(Referral.number).where(*wanted).order_by(*order).limit(most)
    found = session.scalars(chosen.offset(there - first - most if backwards else first)).all()
    return list(reversed(found)) if backwards else list(found)


def _page_and_count(
    session: Session, wanted: Sequence[ColumnElement[bool]], order: Sequence[Any], page: int
) -> tuple[list[str], int, int]:
    """Give the numbers of a page, of how many, and which page it is: looked for once, since that is what takes long."""
    counted = select(Referral.number, func.count().over()).where(*wanted).order_by(*order).limit(PAGE)
    found = session.execute(counted.offset((max(page, 1) - 1) * PAGE)).all()
    if not found and page > 1:  # beyond the last page: that one is given
        return _page_and_count(session, wanted, order, _there(page, _count(session, wanted)))
    return [number for number, _ in found], found[0][1] if found else 0, max(page, 1)


def _count(session: Session, wanted: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(Referral).where(*wanted)) or 0


@cache
def _lines() -> Select[*tuple[Any, ...]]:
    """Select what a line shows and no more: neither what was typed nor the snapshots."""
    clinic, programme, referrer = aliased(Organisation), aliased(Organisation), aliased(User)
    owner = aliased(User)
    later = aliased(ReferralVersion)
    newest = (
        select(func.max(later.version))
        .where(later.referral_id == Referral.id)
        .correlate(Referral)
        .scalar_subquery()
    )
    return (
        select(
            Referral.id,
            Referral.number,
            Referral.family_name,
            Referral.given_name,
            Referral.birth_date,
            Referral.state,
            Referral.waiting_since,
            Referral.updated_at,
            clinic.name,
            programme.name,
            ReferralVersion.verdicts,
            referrer.name,
            (HandOver.referral_id.is_not(None) & (Referral.state == State.DRAFT)).label("handed_over"),
            Referral.owner_id,
            owner.name,
            owner.active,
            Referral.next_change_on,
        )
        .join(referrer, referrer.id == Referral.referrer_id)
        .outerjoin(owner, owner.id == Referral.owner_id)
        .outerjoin(HandOver, HandOver.referral_id == Referral.id)
        .join(clinic, clinic.id == Referral.organisation_id)
        .outerjoin(programme, programme.id == Referral.programme_id)
        .outerjoin(
            ReferralVersion,
            (ReferralVersion.referral_id == Referral.id) & (ReferralVersion.version == newest),
        )
    )


# ---------------------------------------------------------------------------------------------- history


def history(session: Session, referral: Referral, page: int = 1) -> tuple[list[AuditEntry], bool]:
    """Give one page of what was done with a case, the latest first, without who read it; and whether there is more."""
    found = (
        select(AuditEntry)
        .where(AuditEntry.referral_id == referral.id, AuditEntry.deed.not_in(READS))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .options(joinedload(AuditEntry.actor))
        .offset((page - 1) * HISTORY)
        .limit(HISTORY + 1)
    )
    entries = list(session.scalars(found))
    return entries[:HISTORY], len(entries) > HISTORY
