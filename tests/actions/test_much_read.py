"""Who reads far more than anybody's work asks for: the auditors are told, once an hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions.much_read import USUAL_CASES, USUAL_EXPORTS, USUAL_LISTS, due_much_read
from referral.models import AuditEntry, Mail, Referral, User
from tests.many import insert_sent

People = dict[str, User]
SAID = "unusually_much_read"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def cases(session: Session, people: People) -> Sequence[Referral]:
    """One case more than is usual within an hour."""
    insert_sent(
        session,
        people["neurologist"],
        people["coordinator"],
        USUAL_CASES + 1,
        snapshot={},
        verdicts={"one": "met"},
    )
    session.commit()
    return session.scalars(select(Referral).order_by(Referral.number)).all()


def read(
    session: Session, who: User, cases: Sequence[Referral], at: datetime, *, deed: str = "case_read"
) -> None:
    for case in cases:
        audit.record(session, who, deed, case, at=at)
    session.commit()


def said(session: Session) -> list[tuple[UUID | None, dict[str, int]]]:
    wanted = select(AuditEntry).where(AuditEntry.deed == SAID).order_by(AuditEntry.id)
    return [(entry.actor_id, entry.detail) for entry in session.scalars(wanted)]


def test_more_than_usual_is_told_to_the_auditors_and_in_the_trail(
    session: Session, people: People, cases: Sequence[Referral]
) -> None:
    now, reader = clock.now(), people["coordinator"]
    read(session, reader, cases[:-1], now - MINUTE)
    read(session, reader, cases[:-1], now - MINUTE, deed="packet_read")
    read(session, people["chair"], cases[-1:], now - MINUTE)

    assert due_much_read(session, now) == 0, "as many as is usual, and each twice; another's is not added"

    read(session, reader, cases[-1:], now - MINUTE, deed="attachment_read")

    assert due_much_read(session, now) == 1
    assert said(session) == [(reader.id, {"cases": USUAL_CASES + 1, "exports": 0, "lists": 0})]
    notices = session.scalars(select(Mail)).all()
    assert {mail.to_user_id for mail in notices} == {people["auditor"].id, people["other_auditor"].id}
    assert {mail.subject for mail in notices} == {"Somebody has read unusually much"}


def test_what_is_older_than_an_hour_is_not_counted(
    session: Session, people: People, cases: Sequence[Referral]
) -> None:
    now = clock.now()
    read(session, people["coordinator"], cases[:1], now - HOUR)
    read(session, people["coordinator"], cases[1:], now - HOUR + MINUTE)

    assert due_much_read(session, now) == 0


def test_it_is_said_once_an_hour_however_often_it_is_asked(
    session: Session, people: People, cases: Sequence[Referral]
) -> None:
    now = clock.now()
    read(session, people["coordinator"], cases, now - MINUTE)

    assert due_much_read(session, now) == 1
    assert due_much_read(session, now) == 0
    read(session, people["chair"], cases, now)
    assert due_much_read(session, now + MINUTE) == 1, "somebody else"
    assert due_much_read(session, now + HOUR) == 0, "nothing was read since"
    read(session, people["coordinator"], cases, now + HOUR)
    assert due_much_read(session, now + HOUR) == 1, "and goes on"
    assert [who for who, _ in said(session)] == [
        people[name].id for name in ("coordinator", "chair", "coordinator")
    ]


def test_more_than_a_few_exports_are_told_however_few_the_cases(
    session: Session, people: People, cases: Sequence[Referral]
) -> None:
    now = clock.now()
    read(session, people["chair"], [cases[0]] * USUAL_EXPORTS, now, deed="person_exported")
    assert due_much_read(session, now) == 0

    read(session, people["chair"], cases[:1], now, deed="person_exported")
    assert due_much_read(session, now) == 1
    assert said(session) == [(people["chair"].id, {"cases": 1, "exports": USUAL_EXPORTS + 1, "lists": 0})]


def test_what_was_refused_or_done_by_the_house_is_no_reading(
    session: Session, people: People, cases: Sequence[Referral]
) -> None:
    now = clock.now()
    for case in cases:
        audit.record(session, people["coordinator"], "not_found", at=now, asked=str(case.id))
        audit.record(session, people["coordinator"], "draft_saved", case, at=now)
        audit.record(session, None, "person_exported", case, at=now)
    session.commit()

    assert due_much_read(session, now) == 0


def test_more_pages_of_lists_than_anybody_needs_are_told(session: Session, people: People) -> None:
    now = clock.now()
    for _ in range(USUAL_LISTS):
        audit.record(session, people["chair"], "inbox_read", at=now)
    session.commit()
    assert due_much_read(session, now) == 0

    audit.record(session, people["chair"], "list_read", at=now)
    session.commit()
    assert due_much_read(session, now) == 1
    assert said(session) == [(people["chair"].id, {"cases": 0, "exports": 0, "lists": USUAL_LISTS + 1})]
