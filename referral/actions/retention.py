"""How long cases are kept: which are deleted next, what keeps them, and deleting them once their time has come.

Each programme settles for itself how long an ended case is kept, in years from the deed that ended it, and a draft that
was never sent, in months from when anybody last did something with it. Until it has settled that, nothing is deleted.
Nothing goes without having been announced: after a rule is changed, or a hold is lifted, thirty days pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from referral import clock, database
from referral.actions.deletion import Gone, delete_case, look
from referral.actions.ledger import ledger, settle
from referral.attachments import Store
from referral.auth import scope
from referral.models import AuditEntry, LegalHold, Organisation, ProgrammeRules, Referral, Stay, User
from referral.workflow import ENDED, Role, State

ANNOUNCED = timedelta(days=30)
"""How long before its deletion a case stands on the list of those that are deleted next."""
AT_ONCE = 50
"""Cases deleted in one go, so that everything else that time does has its turn."""
REQUEST = "request"
HOLDS = "holds and deletions"
NEVER_SENT = (State.DRAFT, State.WITHDRAWN)
DAY = timedelta(days=1)
FAR = date(9000, 1, 1)
"""A day by which every case is due that ever will be."""


@dataclass(frozen=True)
class Due:
    """A case that is deleted from a day on, under a rule: what the list says of it, and nothing of a person."""

    referral_id: UUID
    number: str
    state: State
    programme_id: UUID
    programme: str
    last_act: datetime
    rule: str
    on: date

    @property
    def rule_words(self) -> str:
        """Say the rule."""
        return say_rule(self.rule)


def say_rule(rule: str) -> str:
    """Say a rule in words: ``P10Y``, ``P6M`` or ``request``."""
    if rule == REQUEST:
        return "the patient’s request"
    number = int(rule[1:-1])
    what, of = ("year", "an ended case") if rule.endswith("Y") else ("month", "a draft that was never sent")
    return f"{number} {what}{'' if number == 1 else 's'} after the last act, for {of}"


def after(first: date, *, years: int = 0, months: int = 0) -> date:
    """Give the same day so many years and months later; where that month is shorter, the first day after it."""
    months += first.month - 1
    year, month = first.year + years + months // 12, months % 12 + 1
    try:
        return date(year, month, first.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


# ------------------------------------------------------------------------------------------------ what is due


def coming(session: Session, viewer: User, today: date) -> list[Due]:
    """List the cases that are deleted within the next thirty days and that concern this person, the next first.

    An administrator is told of all, by number: the list says nothing of a person.
    """
    where = true() if viewer.role is Role.ADMINISTRATOR else scope(viewer)
    return find_due(session, today + ANNOUNCED, where)


def find_due(session: Session, until: date, where: ColumnElement[bool] | None = None) -> list[Due]:
    """Find the cases whose time has come by the end of a day, the longest due first. Those held are left out."""
    where = Referral.gone_at.is_(None) & (true() if where is None else where)
    rules = _rules(session)
    held, lifted = _holds(session)
    found = []
    for due in (*_ended(session, rules, until, where), *_never_sent(session, rules, until, where)):
        if due.referral_id in held or due.programme_id in held:
            continue
        again = [
            clock.local(lifted[key]).date() for key in (due.referral_id, due.programme_id) if key in lifted
        ]
        on = max(due.on, *(day + ANNOUNCED for day in (rules[due.programme_id].since, *again)))
        if on <= until:
            found.append(replace(due, on=on))
    return sorted(found, key=lambda due: (due.on, due.number))


@dataclass(frozen=True)
class _Rules:
    """What a programme has settled, and since when."""

    name: str
    years: int | None
    months: int | None
    since: date


def _rules(session: Session) -> dict[UUID, _Rules]:
    kept = select(ProgrammeRules, Organisation.name).join(
        Organisation, Organisation.id == ProgrammeRules.programme_id
    )
    return {
        rules.programme_id: _Rules(
            name, rules.keep_years, rules.keep_draft_months, clock.local(rules.keep_since).date()
        )
        for rules, name in session.execute(kept)
        if rules.keep_since is not None
    }


def _holds(session: Session) -> tuple[set[UUID], dict[UUID, datetime]]:
    """Give what is held, and when what was held has last been let go: cases and programmes by their id."""
    held, lifted = set(), {}
    rows = select(LegalHold.referral_id, LegalHold.programme_id, LegalHold.lifted_at)
    for referral_id, programme_id, lifted_at in session.execute(rows.order_by(LegalHold.lifted_at)):
        key = referral_id or programme_id
        if lifted_at is None:
            held.add(key)
        else:
            lifted[key] = lifted_at
    return held, lifted


def _ended(
    session: Session, rules: Mapping[UUID, _Rules], until: date, where: ColumnElement[bool]
) -> Iterator[Due]:
    """Find the ended cases by the stay in which they are: it began with the last act, and nothing follows it."""
    for programme_id, settled in rules.items():
        if settled.years is None:
            continue
        before = clock.midnight(after(until, years=-settled.years) + DAY)
        wanted = (
            select(Referral.id, Referral.number, Referral.state, Stay.began_at)
            .join(Stay, Stay.referral_id == Referral.id)
            .where(Stay.state.in_(ENDED), Stay.ended_at.is_(None), Stay.began_at < before)
            .where(Referral.programme_id == programme_id, Referral.submitted_at.is_not(None), where)
        )
        for referral_id, number, state, ended_at in session.execute(wanted):
            on = after(clock.local(ended_at).date(), years=settled.years)
            rule = f"P{settled.years}Y"
            yield Due(referral_id, number, state, programme_id, settled.name, ended_at, rule, on)


def _never_sent(
    session: Session, rules: Mapping[UUID, _Rules], until: date, where: ColumnElement[bool]
) -> Iterator[Due]:
    """Find the drafts that were never sent: by the rule of the programme to which they are addressed.

    One that is addressed to nobody is kept as long as the most patient programme keeps such drafts.
    """
    months = {programme_id: each.months for programme_id, each in rules.items() if each.months is not None}
    if not months:
        return
    most_patient = max(months, key=lambda programme_id: (months[programme_id], str(programme_id)))
    before = clock.midnight(after(until, months=-min(months.values())) + DAY)
    last = (
        select(func.max(AuditEntry.at)).where(AuditEntry.referral_id == Referral.id).scalar_subquery()
    )  # whatever anybody did with it, reading included: somebody is still at it
    wanted = select(Referral.id, Referral.number, Referral.state, Referral.updated_at, last, Referral.typed)
    wanted = wanted.where(
        Referral.programme_id.is_(None), Referral.state.in_(NEVER_SENT), Referral.updated_at < before, where
    )
    for referral_id, number, state, saved_at, last_at, typed in session.execute(wanted):
        programme_id = _addressed(typed) or most_patient
        if programme_id in months:
            last_act = max(saved_at, last_at or saved_at)
            on = after(clock.local(last_act).date(), months=months[programme_id])
            rule, name = f"P{months[programme_id]}M", rules[programme_id].name
            yield Due(referral_id, number, state, programme_id, name, last_act, rule, on)


def _addressed(typed: Mapping[str, Any]) -> UUID | None:
    """Read to whom a draft is addressed, as it was typed."""
    given: list[str] = typed.get("request", {}).get("programme_id") or [""]
    try:
        return UUID(given[0])
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------ deleting


@dataclass(frozen=True)
class Deleted:
    """One case that was deleted, or would be: by number, with what went."""

    number: str
    rule: str
    gone: Gone

    @property
    def words(self) -> str:
        """Say it in one line."""
        return f"{self.number}: {say_rule(self.rule)}: {self.gone.words}"


def delete_due(session: Session, store: Store, now: datetime, *, most: int = AT_ONCE) -> list[Deleted]:
    """Delete the cases whose time has come, a transaction each. A case that somebody holds waits for the next time."""
    done = []
    with database.looking(session):
        found = _due_now(session, now)
    for due in found[:most]:
        referral = _hold_fast(session, due.referral_id)
        # Looked at once more, now that nobody else can change it: it may be held since, or not be due any more.
        if referral is not None and any(each == due for each in _due_now(session, now, referral)):
            gone = delete_case(session, referral, due.rule, actor=None, at=now)
            session.commit()
            clear_away(store, gone)
            done.append(Deleted(due.number, due.rule, gone))
        session.commit()
    return done


def would_delete(session: Session, now: datetime, *, most: int = AT_ONCE) -> list[Deleted]:
    """Tell what :func:`delete_due` would delete now. Nothing is changed."""
    return [
        Deleted(due.number, due.rule, look(session, due.referral_id)) for due in _due_now(session, now)[:most]
    ]


def _due_now(session: Session, now: datetime, referral: Referral | None = None) -> list[Due]:
    return find_due(session, clock.local(now).date(), Referral.id == referral.id if referral else None)


def _hold_fast(session: Session, referral_id: UUID) -> Referral | None:
    """Keep others from changing a case, and from putting a hold on it or its programme, until the transaction ends."""
    wanted = select(Referral).where(Referral.id == referral_id, Referral.gone_at.is_(None))
    referral = session.scalar(database.held(wanted, Referral, skip_locked=True))
    database.one_at_a_time(session, HOLDS)
    return referral


def clear_away(store: Store, gone: Gone) -> None:
    """Take the files of a deleted case away, after the commit. What a crash leaves behind, :func:`settle` takes."""
    for name in gone.files:
        store.discard(name)


def due_retention(session: Session, now: datetime) -> int:
    """Delete what is due, and settle what was deleted: what time does."""
    store = Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])
    deleted = delete_due(session, store, now)
    settle(session, store, ledger())
    return len(deleted)
