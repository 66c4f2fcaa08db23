"""What time does: each thing once, however often and by however many at once it is asked."""

import ast
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from referral import clock, database
from referral.actions import due
from referral.actions.moves import move
from referral.actions.rules import Rules, change_rules, mark_of
from referral.actions.tick import TOPICS, tick
from referral.extensions import db
from referral.facts import digest
from referral.models import AuditEntry, Decision, Mail, Outcome, Referral, ReferralVersion, User
from referral.workflow import Role, State
from tests.at_hand import deeds, make_draft, retype, send, stands

People = dict[str, User]
Due = Callable[[Session, datetime], int]
ROOT = Path(due.__file__).parents[2]
DAY = timedelta(days=1)


@pytest.fixture
def sent(session: Session, people: People) -> Referral:
    referral = make_draft(session, people)
    send(session, referral, people["neurologist"])
    session.commit()
    return referral


def told(session: Session, referral: Referral) -> list[tuple[str, str]]:
    """To whom notices about a case went, and what they said."""
    found = select(User.email, Mail.subject).join(User, User.id == Mail.to_user_id)
    wanted = found.where(Mail.referral_id == referral.id).order_by(Mail.made_at, User.email)
    return [(email, subject) for email, subject in session.execute(wanted)]


def by_the_clock(session: Session, referral: Referral) -> list[str]:
    wanted = select(AuditEntry.deed).where(
        AuditEntry.referral_id == referral.id, AuditEntry.actor_id.is_(None)
    )
    return list(session.scalars(wanted.order_by(AuditEntry.id)))


def defer(
    session: Session, people: People, referral: Referral, *, on: str | None = None, fact: str | None = None
) -> Decision:
    """Have the committee put a case off, as its pages do."""
    version = session.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    decision = Decision(
        referral_id=referral.id,
        version=version.version,
        snapshot_sha256=version.snapshot_sha256,
        outcome=Outcome.DEFERRED,
        editions={"some-edition": "0" * 64},
        text="Later.",
        decided_on=clock.today().isoformat(),
        comes_back_on=on,
        comes_back_for=fact,
        drafted_by_id=people["coordinator"].id,
        signed_by_id=people["chair"].id,
        signed_at=clock.now(),
    )
    session.add(decision)
    session.flush()
    for deed, who in (("start_review", "coordinator"), ("make_ready", "coordinator"), ("list", "chair")):
        move(session, referral, deed, actor=people[who])
    move(session, referral, "defer", actor=people["chair"])
    session.commit()
    return decision


def a_new_version(session: Session, people: People, referral: Referral, phenotype: str) -> None:
    """Sign a version that says another phenotype."""
    newest = session.scalars(
        select(ReferralVersion)
        .where(ReferralVersion.referral_id == referral.id)
        .order_by(ReferralVersion.version.desc())
    ).first()
    assert newest is not None
    record = newest.snapshot["record"]
    changed = record | {"diagnosis": record.get("diagnosis", {}) | {"phenotype": phenotype}}
    snapshot = newest.snapshot | {"record": changed}
    session.add(
        ReferralVersion(
            referral_id=referral.id,
            version=newest.version + 1,
            snapshot=snapshot,
            snapshot_sha256=digest(snapshot),
            verdicts=newest.verdicts,
            signed_by_id=people["neurologist"].id,
        )
    )
    session.commit()


# All of it


def test_whatever_has_its_time_is_a_topic_of_the_tick() -> None:
    written = {
        (".".join(path.relative_to(ROOT).with_suffix("").parts), node.name)
        for path in (ROOT / "referral").rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("due_")
        if [argument.arg for argument in node.args.args[:2]] == ["session", "now"]
    }

    assert {(topic.module, topic.function) for topic in TOPICS} == written
    assert all(callable(topic.find()) for topic in TOPICS)


def test_the_command_says_in_a_line_each_what_it_did(app: Flask, session: Session, sent: Referral) -> None:
    sent.owner_id = None
    session.commit()

    first = app.test_cli_runner().invoke(args=["tick"])
    again = app.test_cli_runner().invoke(args=["tick"])

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert len(first.output.splitlines()) == len(TOPICS)
    assert "cases given an owner: 1" in first.output
    assert "cases given an owner: 0" in again.output


def test_a_topic_that_fails_keeps_no_other_from_its_turn(
    app: Flask, session: Session, sent: Referral, caplog: pytest.LogCaptureFixture
) -> None:
    app.config.pop("MAIL_FOLDER")
    sent.owner_id = None
    session.commit()

    with app.app_context():
        done = {each.words: each.times for each in tick(db.session(), clock.now())}

    assert (done["cases given an owner"], done["notices sent"]) == (1, None)
    assert "Time could not do its part: notices sent" in caplog.text
    session.expire_all()
    assert sent.owner_id is not None


WRITE_EACH_TIME = {"due_statistics", "due_mark"}


def test_whoever_looks_whether_anything_is_due_waits_for_nobody_who_writes(
    app: Flask, session: Session, sent: Referral
) -> None:
    now = clock.now()
    with app.app_context(), Session(session.get_bind()) as other:
        tick(db.session(), now + 2 * DAY)  # now nothing is due any more
        at_once = {"sqlite": "PRAGMA busy_timeout=0", "postgresql": "SET lock_timeout='1ms'"}
        db.session().connection().exec_driver_sql(at_once[db.engine.dialect.name])
        db.session().commit()
        database.one_at_a_time(other, "trail")
        other.add(Mail(to_user_id=sent.referrer_id, occasion="held", subject="s", body="b", made_at=now))
        other.flush()

        done = {
            topic.function: topic.find()(db.session(), now + 2 * DAY)
            for topic in TOPICS
            if topic.function not in WRITE_EACH_TIME
        }

    assert set(done.values()) == {0}


# Deferred cases


def test_a_deferred_case_comes_back_on_its_day_and_not_before(
    session: Session, people: People, sent: Referral
) -> None:
    day = clock.today() + 30 * DAY
    decision = defer(session, people, sent, on=day.isoformat())

    assert due.due_deferrals(session, clock.now() + 29 * DAY) == 0
    assert stands(sent) is State.DEFERRED
    assert due.due_deferrals(session, clock.now() + 30 * DAY) == 1
    assert stands(sent) is State.IN_REVIEW
    assert due.due_deferrals(session, clock.now() + 31 * DAY) == 0
    assert by_the_clock(session, sent) == ["came_back"]
    assert [email for email, said in told(session, sent) if "come back" in said] == [
        people["coordinator"].email
    ]
    assert decision.superseded_at is None


def test_a_deferred_case_comes_back_when_its_fact_is_known_anew(
    session: Session, people: People, sent: Referral
) -> None:
    defer(session, people, sent, fact="diagnosis.phenotype")

    assert due.due_deferrals(session, clock.now()) == 0, "what it was decided on is no news"
    a_new_version(session, people, sent, "SPMS")
    assert due.due_deferrals(session, clock.now()) == 1
    assert stands(sent) is State.IN_REVIEW


def test_a_new_version_that_says_the_same_of_the_fact_brings_nothing_back(
    session: Session, people: People, sent: Referral
) -> None:
    defer(session, people, sent, fact="ambulation.no_such_fact")
    a_new_version(session, people, sent, "SPMS")

    assert due.due_deferrals(session, clock.now() + 900 * DAY) == 0


# Drafts that grow old


def stale(session: Session, people: People, *, born: str) -> Referral:
    """A draft that nobody has touched for 31 days, of somebody born on a day."""
    draft = make_draft(session, people)
    retype(draft, "person", birth_date=born)
    session.flush()
    draft.updated_at = clock.now() - 31 * DAY
    session.commit()
    return draft


def forty_six_soon() -> str:
    """The birth date of somebody who reaches 46 in 40 days: some edition ends at 45."""
    today = clock.today() + 40 * DAY
    return f"{today.day}/{today.month}/{today.year - 46}"


def test_an_old_draft_whose_window_closes_is_brought_to_mind_once_a_month(
    session: Session, people: People
) -> None:
    draft = stale(session, people, born=forty_six_soon())
    now, later = clock.now(), clock.now() + 32 * DAY

    assert due._next_change(session, draft, clock.today()) is not None
    assert [due.due_stale_drafts(session, now) for _ in range(3)] == [1, 0, 0]
    assert [email for email, _ in told(session, draft)] == [people["neurologist"].email]
    assert by_the_clock(session, draft) == ["stale_draft_warned"]
    assert due.due_stale_drafts(session, later) == 1
    assert len(told(session, draft)) == 2


def test_a_draft_that_was_touched_lately_is_let_be(session: Session, people: People) -> None:
    draft = stale(session, people, born=forty_six_soon())
    draft.updated_at = clock.now() - 29 * DAY
    session.commit()

    assert due.due_stale_drafts(session, clock.now()) == 0
    assert told(session, draft) == []


def test_looking_after_a_draft_does_not_count_as_touching_it(session: Session, people: People) -> None:
    draft = stale(session, people, born=forty_six_soon())
    before = draft.updated_at

    due.due_stale_drafts(session, clock.now())

    session.expire_all()
    assert draft.updated_at == before


# Cases that stand still


def test_a_case_that_stands_still_is_told_to_its_owner_then_to_the_chair(
    session: Session, people: People, sent: Referral
) -> None:
    now = clock.now()

    assert due.due_overdue(session, now + 13 * DAY) == 0
    assert [due.due_overdue(session, now + 15 * DAY) for _ in range(2)] == [1, 0]
    assert [due.due_overdue(session, now + 29 * DAY) for _ in range(2)] == [1, 0]
    assert [email for email, said in told(session, sent) if "stood still" in said] == [
        people["coordinator"].email,
        people["chair"].email,
    ]
    assert by_the_clock(session, sent) == ["stood_still", "stood_still"]


def test_a_move_begins_the_time_anew_and_a_programme_sets_its_own(
    session: Session, people: People, sent: Referral
) -> None:
    rules = Rules(escalate_after_days=3)
    change_rules(session, people["chair"], rules, seen=mark_of(Rules()))
    now = clock.now()

    assert due.due_overdue(session, now + 4 * DAY) == 1
    move(session, sent, "start_review", actor=people["coordinator"], at=now + 4 * DAY)
    assert due.due_overdue(session, now + 6 * DAY) == 0
    assert due.due_overdue(session, now + 8 * DAY) == 1


def test_a_case_that_waits_for_somebody_else_is_not_late(
    session: Session, people: People, sent: Referral
) -> None:
    for deed in ("start_review", "make_ready"):
        move(session, sent, deed, actor=people["coordinator"])
    session.commit()

    assert due.due_overdue(session, clock.now() + 300 * DAY) == 0


# Cases of nobody


def test_a_case_whose_coordinator_has_left_gets_another(
    session: Session, people: People, sent: Referral
) -> None:
    assert due.due_owners(session, clock.now()) == 0
    before, people["coordinator"].active = people["coordinator"], False
    new = User(
        email="new@example.org",
        name="New Coordinator",
        role=Role.COORDINATOR,
        organisation=before.organisation,
        password_hash=before.password_hash,
    )
    session.add(new)
    session.commit()

    assert [due.due_owners(session, clock.now()) for _ in range(2)] == [1, 0]
    assert sent.owner_id == new.id
    assert by_the_clock(session, sent) == ["owner_given"]
    assert [email for email, said in told(session, sent) if "yours" in said] == [new.email]


@pytest.mark.parametrize("gone", ["elsewhere", "another role"])
def test_who_is_no_coordinator_here_any_more_owns_no_case_here(
    session: Session, people: People, sent: Referral, gone: str
) -> None:
    owner = people["coordinator"]
    if gone == "elsewhere":
        owner.organisation_id = people["other_coordinator"].organisation_id
    else:
        owner.role = Role.COMMITTEE_MEMBER
    session.commit()

    assert due.due_owners(session, clock.now()) == 0, "there is nobody to give it to"
    people["other_coordinator"].organisation_id = sent.programme_id  # type: ignore[assignment]  # it was sent
    session.commit()
    assert due.due_owners(session, clock.now()) == 1
    assert sent.owner_id == people["other_coordinator"].id


def test_a_draft_and_a_closed_case_need_no_owner(session: Session, people: People, sent: Referral) -> None:
    make_draft(session, people)
    move(session, sent, "mark_entered_in_error", actor=people["coordinator"], reason="By mistake.")
    sent.owner_id = None
    session.commit()

    assert due.due_owners(session, clock.now()) == 0


# Twice at once


def test_two_ticks_at_once_do_each_thing_once(app: Flask, session: Session, people: People) -> None:
    back, late = make_draft(session, people), make_draft(session, people)
    for referral in (back, late):
        send(session, referral, people["neurologist"])
    defer(session, people, back, on=clock.today().isoformat())
    old = stale(session, people, born=forty_six_soon())
    nobodys = make_draft(session, people)
    send(session, nobodys, people["neurologist"])
    nobodys.owner_id = None
    session.commit()
    with app.app_context():
        engine: Engine = db.engine
    now, start = clock.now() + 15 * DAY, Barrier(4)

    def one(_: int) -> dict[str, int | None]:
        with app.app_context(), Session(engine) as window:
            start.wait()
            return {each.words: each.times for each in tick(window, now)}

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(one, range(4)))

    assert None not in [times for each in done for times in each.values()]
    assert sum(each["deferred cases come back"] or 0 for each in done) == 1
    assert sum(each["cases given an owner"] or 0 for each in done) == 1
    assert sum(each["old drafts brought to mind"] or 0 for each in done) == 1
    session.expire_all()
    assert deeds(session, back).count("came_back") == 1
    assert deeds(session, late).count("stood_still") == 1
    assert deeds(session, nobodys).count("owner_given") == 1
    assert len(told(session, old)) == 1
    sent_mail = session.scalars(select(Mail)).all()
    assert all(mail.tries <= 1 for mail in sent_mail)
