"""What is deleted when its time has come, what keeps it, what stays of it, and that nothing brings it back."""

import os
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions import deletion, erasure, holds, ledger, numbers
from referral.actions.referrals import get_referral
from referral.actions.retention import (
    REQUEST,
    after,
    coming,
    delete_due,
    due_retention,
    find_due,
    would_delete,
)
from referral.attachments import Store
from referral.columns import Id
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.models import Base, Decision, Pack, Referral, ReferralVersion, Stay
from referral.workflow import State
from tests.at_hand import deeds, make_draft, send
from tests.deciding import decide, list_case
from tests.ended import LONG_AGO, People, end_long_ago, put_back, settle
from tests.gathering import call, make_ready, put_on
from tests.past import Past, insert_past

DAY = timedelta(days=1)


@pytest.fixture
def cabinet(app: Flask) -> Store:
    return Store(app.config["ATTACHMENTS"], app.config["DATA_KEYS"])


@pytest.fixture
def ended(session: Session, people: People) -> Referral:
    """A case that its clinic took back eleven years ago."""
    case = make_draft(session, people)
    send(session, case, people["neurologist"])
    end_long_ago(session, people, case)
    return case


def due(session: Session) -> list[str]:
    found = [each.number for each in find_due(session, clock.today())]
    session.commit()
    return found


def is_gone(session: Session, case: Referral) -> bool:
    session.rollback()
    return session.scalar(select(Referral.gone_at).where(Referral.id == case.id)) is not None


# ------------------------------------------------------------------------------------------------ which, and when


def test_nothing_is_deleted_before_a_programme_has_settled_it(
    session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    settle(session, people, years=None)
    session.commit()

    assert delete_due(session, cabinet, clock.now()) == []


@pytest.mark.parametrize(("beyond", "is_due"), [(-1, False), (0, True), (1, True)])
def test_an_ended_case_is_due_from_the_day_on_its_years_are_over(
    session: Session, people: People, ended: Referral, beyond: int, is_due: bool
) -> None:
    settle(session, people, years=10)
    put_back(session, ended, clock.midnight(after(clock.today(), years=-10) - beyond * DAY))

    assert (due(session) == [ended.number]) is is_due


def test_nothing_goes_that_was_not_announced_for_thirty_days(
    session: Session, people: People, ended: Referral
) -> None:
    settle(session, people, ago=29 * DAY)
    session.commit()

    assert due(session) == []
    (announced,) = coming(session, people["coordinator"], clock.today())
    assert (announced.number, announced.on) == (ended.number, clock.today() + DAY)


def test_a_case_that_has_not_ended_is_never_due(session: Session, people: People) -> None:
    case = make_draft(session, people)
    send(session, case, people["neurologist"])
    settle(session, people, years=1, months=1)
    put_back(session, case, clock.now() - LONG_AGO)

    assert due(session) == []


def test_a_draft_goes_by_the_programme_that_it_is_addressed_to(session: Session, people: People) -> None:
    ours, theirs = (
        make_draft(session, people, programme=who) for who in ("coordinator", "other_coordinator")
    )
    nobodys = make_draft(session, people)
    nobodys.typed = {}
    session.commit()
    settle(session, people, months=1)
    settle(session, people, months=None, who="other_chair")
    old = clock.now() + 40 * DAY  # nobody has done anything with them for that long

    found = {each.number: each.rule for each in find_due(session, clock.local(old).date())}

    assert found == {ours.number: "P1M", nobodys.number: "P1M"}
    assert theirs.number not in found


def test_each_is_told_of_what_concerns_them(session: Session, people: People, ended: Referral) -> None:
    settle(session, people)
    session.commit()

    told = {who: bool(coming(session, user, clock.today())) for who, user in people.items()}

    mine = {"neurologist", "delegate", "coordinator", "committee_member", "chair"}
    assert {who for who, listed in told.items() if listed} == mine | {"administrator", "other_administrator"}


@pytest.mark.parametrize(
    ("first", "more", "then"),
    [
        ("2024-02-29", {"years": 1}, "2025-03-01"),
        ("2024-02-29", {"years": 4}, "2028-02-29"),
        ("2026-01-31", {"months": 1}, "2026-03-01"),
        ("2026-08-31", {"months": 6}, "2027-03-01"),
        ("2026-12-15", {"months": 1}, "2027-01-15"),
        ("2026-12-31", {"months": 2}, "2027-03-01"),
    ],
)
def test_where_a_month_is_shorter_the_time_is_over_on_the_day_after_it(
    first: str, more: dict[str, int], then: str
) -> None:
    assert after(date.fromisoformat(first), **more) == date.fromisoformat(then)


# ------------------------------------------------------------------------------------------------ what goes


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


# ------------------------------------------------------------------------------------------------ what keeps it


def test_a_held_case_is_not_deleted_until_thirty_days_after_it_is_let_go(
    session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    settle(session, people)
    holds.hold(session, people["coordinator"], "A complaint.", ended)
    session.commit()

    assert delete_due(session, cabinet, clock.now()) == []
    with pytest.raises(ForbiddenError):
        holds.lift(session, people["coordinator"], ended)
    holds.lift(session, people["chair"], ended)
    session.commit()
    assert delete_due(session, cabinet, clock.now()) == []
    assert [each.number for each in find_due(session, clock.today() + 30 * DAY)] == [ended.number]


def test_a_hold_of_a_programme_keeps_all_of_it_and_nothing_of_another(
    session: Session, people: People, ended: Referral
) -> None:
    theirs = make_draft(session, people, programme="other_coordinator")
    send(session, theirs, people["neurologist"])
    end_long_ago(session, people, theirs)
    settle(session, people)
    settle(session, people, who="other_chair")
    holds.hold(session, people["chair"], "An inquiry.")
    session.commit()

    assert due(session) == [theirs.number]


@pytest.mark.parametrize("whole", [False, True])
def test_the_database_itself_refuses_to_delete_what_is_held(
    session: Session, people: People, ended: Referral, whole: bool
) -> None:
    holds.hold(session, people["chair"], "An inquiry.", None if whole else ended)
    session.commit()

    with pytest.raises(IntegrityError, match="legal hold"):
        deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.rollback()

    assert not is_gone(session, ended)


def test_a_hold_needs_a_reason_and_is_put_once(session: Session, people: People, ended: Referral) -> None:
    with pytest.raises(Exception, match="Say why"):
        holds.hold(session, people["chair"], "  ", ended)
    holds.hold(session, people["chair"], "An inquiry.", ended)
    with pytest.raises(ConflictError):
        holds.hold(session, people["coordinator"], "Another.", ended)
    with pytest.raises(ForbiddenError):
        holds.hold(session, people["other_chair"], "Another.", ended)
    with pytest.raises(ForbiddenError):
        holds.hold(session, people["coordinator"], "All of it.")


# ------------------------------------------------------------------------------------------------ and stays gone


def test_what_was_deleted_does_not_come_back_into_its_row(
    session: Session, people: People, ended: Referral
) -> None:
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    for change in (
        {"gone_at": None, "gone_under": None},
        {"family_name": "Quixwort"},
        {"state_reason": "The person wishes it."},
    ):
        with pytest.raises(IntegrityError):
            session.execute(update(Referral).where(Referral.id == ended.id).values(**change))
        session.rollback()


def test_a_version_of_a_case_that_is_not_deleted_is_not_removed(
    session: Session, people: People, ended: Referral
) -> None:
    with pytest.raises(IntegrityError, match="signed"):
        session.execute(Base.metadata.tables["referral_version"].delete())
    session.rollback()
    assert session.scalar(select(func.count()).select_from(ReferralVersion)) == 1


def test_nobody_finds_a_deleted_case(session: Session, people: People, ended: Referral) -> None:
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    for user in people.values():
        with pytest.raises(NotFoundError):
            get_referral(session, ended.id, user)


def test_a_restored_backup_is_rid_again_of_what_was_deleted(
    app: Flask, session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    path = Path(app.config["AUDIT_ANCHOR"]).with_name(ledger.NAME)
    kept = make_draft(session, people)
    session.commit()
    path.write_text(str(ledger.Line(ended.number, ended.id, clock.now(), "P10Y")) + "\n")

    done = ledger.reapply(session, cabinet, path)

    assert (done.deleted, done.held) == ((ended.number,), ())
    assert is_gone(session, ended)
    assert not is_gone(session, kept)
    assert ledger.reapply(session, cabinet, path).deleted == (), "once more does nothing more"


def test_what_a_restored_hold_keeps_is_named(
    app: Flask, session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    path = Path(app.config["AUDIT_ANCHOR"]).with_name(ledger.NAME)
    path.write_text(str(ledger.Line(ended.number, ended.id, clock.now(), "P10Y")) + "\n")
    holds.hold(session, people["chair"], "An inquiry.", ended)
    session.commit()

    assert ledger.reapply(session, cabinet, path) == ledger.Reapplied((), (ended.number,))
    assert not is_gone(session, ended)


def test_a_ledger_with_a_line_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("P-2026-0001 yesterday\n")

    with pytest.raises(ValueError, match="line 1"):
        ledger.read_ledger(tmp_path / "ledger")


def test_a_tick_deletes_and_writes_the_ledger_and_the_next_does_nothing(
    app: Flask, session: Session, people: People, ended: Referral
) -> None:
    settle(session, people)
    session.commit()
    with app.app_context():
        assert due_retention(session, clock.now()) == 1
        written = ledger.ledger().read_text()
        assert due_retention(session, clock.now()) == 0
        assert ledger.ledger().read_text() == written

    assert written.startswith(f"{ended.number} {ended.id} ")
    assert written.endswith(" P10Y\n")
    assert written.count("\n") == 1


def test_after_a_crash_between_the_deletion_and_the_ledger_the_next_tick_settles_it(
    app: Flask, session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    left = cabinet.folder / ("0" * 32)
    left.mkdir(parents=True)
    (left / "content").write_bytes(b"somebody's letter")
    os.utime(left, (0, 0))
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    with app.app_context():
        due_retention(session, clock.now())
        assert str(ended.id) in ledger.ledger().read_text()

    assert not left.exists()


# ------------------------------------------------------------------------------------------------ on request


def test_one_asks_and_another_confirms(session: Session, people: People, ended: Referral) -> None:
    chair, coordinator = people["chair"], people["coordinator"]
    erasure.ask(session, ended, coordinator, "The patient wishes it.", ended.number)
    session.commit()

    with pytest.raises(ForbiddenError):
        erasure.confirm(session, ended, coordinator, ended.number)
    with pytest.raises(Exception, match="Type the number"):
        erasure.confirm(session, ended, chair, "P-1900-0001")
    erasure.confirm(session, ended, chair, ended.number)
    session.commit()

    assert is_gone(session, ended)
    assert ended.gone_under == REQUEST
    assert deeds(session, ended)[-3:] == ["erasure_asked", "erasure_confirmed", "case_deleted"]


def test_nobody_confirms_what_they_have_asked(session: Session, people: People, ended: Referral) -> None:
    erasure.ask(session, ended, people["chair"], "The patient wishes it.", ended.number)

    with pytest.raises(ForbiddenError, match="another chair"):
        erasure.confirm(session, ended, people["chair"], ended.number)


def test_what_is_refused_is_not_confirmed_any_more(session: Session, people: People, ended: Referral) -> None:
    erasure.ask(session, ended, people["neurologist"], "The patient wishes it.", ended.number)
    with pytest.raises(ForbiddenError):
        erasure.drop(session, ended, people["coordinator"])
    erasure.drop(session, ended, people["chair"])

    with pytest.raises(ConflictError):
        erasure.confirm(session, ended, people["chair"], ended.number)


def test_a_hold_keeps_a_case_from_its_patients_wish(
    session: Session, people: People, ended: Referral
) -> None:
    erasure.ask(session, ended, people["neurologist"], "The patient wishes it.", ended.number)
    holds.hold(session, people["coordinator"], "A complaint.", ended)

    with pytest.raises(ConflictError, match="legal hold"):
        erasure.confirm(session, ended, people["chair"], ended.number)


def test_a_case_in_the_midst_of_its_way_is_taken_back_and_deleted(session: Session, people: People) -> None:
    case = list_case(session, people)
    decide(session, people, case)
    erasure.ask(session, case, people["neurologist"], "The patient wishes it.", case.number)

    erasure.confirm(session, case, people["chair"], case.number)
    session.commit()

    assert case.state is State.WITHDRAWN
    (decision,) = session.scalars(select(Decision).where(Decision.referral_id == case.id))
    assert (decision.text, decision.reasons, decision.coded, decision.took_part) == ("", {}, {}, {})
    assert session.scalar(select(Stay.state).where(Stay.referral_id == case.id, Stay.ended_at.is_(None)))
