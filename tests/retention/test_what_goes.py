"""What goes with a case that is deleted, what stays of it, and that no table is forgotten."""

from collections import Counter

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, func, select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions import deletion, numbers
from referral.actions.retention import (
    REQUEST,
    delete_due,
    would_delete,
)
from referral.attachments import Store
from referral.columns import Id
from referral.models import Base, Decision, Pack, Referral
from referral.workflow import State
from tests.at_hand import deeds, make_draft, send
from tests.ended import DAY, People, end_long_ago, settle
from tests.gathering import call, make_ready, put_on
from tests.past import Past, insert_past


def test_what_a_dry_run_tells_is_what_the_run_then_does(
    session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    other = make_draft(session, people)
    send(session, other, people["neurologist"])
    end_long_ago(session, people, other)
    settle(session, people)
    session.commit()
    before = {table.name: count(session, table) for table in Base.metadata.sorted_tables}

    told = [each.words for each in would_delete(session, clock.now())]
    session.rollback()
    assert {table.name: count(session, table) for table in Base.metadata.sorted_tables} == before
    done = delete_due(session, cabinet, clock.now())

    assert [each.words for each in done] == told
    assert len(told) == 2
    now = {table.name: count(session, table) for table in Base.metadata.sorted_tables}
    lost = {name: before[name] - now[name] for name in before if now[name] < before[name]}
    assert lost == dict(sum((Counter(each.gone.rows) for each in done), Counter[str]()))


def count(session: Session, table: Table) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_of_a_deleted_case_no_row_is_left_but_those_that_stay(
    session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    settle(session, people)
    session.commit()

    delete_due(session, cabinet, clock.now())

    left = {
        table.name
        for table in deletion.tables_of_cases()
        if session.scalar(select(func.count()).select_from(table).where(deletion.rows_of(table, ended.id)))
    }
    assert left == {"referral", "stay", "audit_entry"}
    session.refresh(ended)
    assert ended.typed == ended.saves == {}
    assert (ended.family_name, ended.birth_date, ended.sex, ended.owner_id) == (None, None, None, None)
    assert (ended.gone_under, ended.state) == ("P10Y", State.WITHDRAWN)
    assert deeds(session, ended)[-1] == "case_deleted"
    assert audit.verify(session, {}).broken is None


def test_the_numbers_of_its_year_stay_as_they_were(session: Session, people: People, cabinet: Store) -> None:
    sent = clock.now() - 14 * 365 * DAY
    insert_past(session, people, [Past(sent, sex=None, birth_date=None) for _ in range(6)])
    settle(session, people)
    session.commit()
    year = clock.local(sent).year
    before = numbers.compare(session, people["chair"], year, clock.now()).year

    assert len(delete_due(session, cabinet, clock.now())) == 6

    assert numbers.compare(session, people["chair"], year, clock.now()).year == before
    kept = session.scalars(select(Decision)).all()
    assert {(each.text, str(each.reasons), str(each.took_part)) for each in kept} == {("", "{}", "{}")}


def test_a_new_table_that_refers_to_a_case_is_deleted_with_it() -> None:
    metadata = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(metadata)
    near = Table(
        "seeded",
        metadata,
        Column("id", Id(), primary_key=True),
        Column("case", Id(), ForeignKey("referral.id")),
    )
    Table(
        "far", metadata, Column("id", Integer(), primary_key=True), Column("of", Id(), ForeignKey(near.c.id))
    )

    names = [table.name for table in deletion.deleted_tables(metadata)]

    assert {"seeded", "far", "packet", "packet_trouble", "legal_hold", "erasure_request"} <= set(names)
    assert names.index("far") < names.index("seeded"), "what refers to another goes first"


def test_whatever_stays_says_why_and_what_of_it() -> None:
    of_cases = {table.name: table for table in deletion.tables_of_cases()}

    for name, stays in deletion.STAYS.items():
        assert stays.why.endswith(".")
        assert stays.columns <= set(of_cases[name].columns.keys())
        deletion.emptied(of_cases[name])


def test_no_column_names_a_case_without_a_foreign_key() -> None:
    """Such a table would be missed by the walk along the keys."""
    loose = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Id) and not column.foreign_keys and not column.primary_key
    }

    assert loose == set()


def test_a_committee_pack_goes_with_any_of_its_cases(
    session: Session, people: People, cabinet: Store
) -> None:
    first, second = make_ready(session, people), make_ready(session, people)
    meeting = call(session, people)
    put_on(session, meeting, first, second, actor=people["coordinator"])
    agenda = [
        {"referral": str(case.id), "number": case.number, "version": 1, "late": False}
        for case in (first, second)
    ]
    session.add(
        Pack(meeting_id=meeting.id, agenda=agenda, ordered_by_id=people["chair"].id, given_up_at=clock.now())
    )
    session.add(
        Pack(
            meeting_id=meeting.id,
            agenda=agenda[1:],
            ordered_by_id=people["chair"].id,
            given_up_at=clock.now(),
        )
    )
    session.commit()

    gone = deletion.delete_case(session, first, REQUEST, actor=people["chair"], at=clock.now())
    session.commit()

    assert gone.rows["pack"] == 1
    assert [each.agenda for each in session.scalars(select(Pack))] == [agenda[1:]]
    assert first.state is State.WITHDRAWN, "it was listed, and nobody is to wait for it"


def test_a_case_that_was_copied_lets_its_copy_go(session: Session, people: People, ended: Referral) -> None:
    copy = make_draft(session, people)
    copy.copied_from_id = ended.id
    session.commit()

    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    session.refresh(copy)
    assert copy.copied_from_id is None
    assert copy.gone_at is None
