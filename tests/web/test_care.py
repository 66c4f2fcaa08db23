"""After an acceptance: the work-up, the transplant, the visits; who does what, and what is refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import care, due, evidence
from referral.actions.moves import move
from referral.actions.rules import Rules, change_rules, mark_of
from referral.errors import ConflictError, MoveRefusedError
from referral.models import (
    AuditEntry,
    Decision,
    FollowUp,
    Outcome,
    Referral,
    ReferralVersion,
    Transplant,
    User,
)
from referral.reference.follow_up import visits
from referral.workflow import State
from tests.at_hand import deeds, make_draft, page_of, retype, send, stands
from tests.browser import Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]
ASKED = ["workup.heart", "workup.dentist", "workup.jcv_index", "document.letter"]
DAY = timedelta(days=1)


def decide(session: Session, people: People, referral: Referral, outcome: Outcome) -> None:
    """Have the committee decide, as its pages do."""
    version = session.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    session.add(
        Decision(
            referral_id=referral.id,
            version=1,
            snapshot_sha256=version.snapshot_sha256,
            outcome=outcome,
            editions={"some-edition": "0" * 64},
            text="As said.",
            decided_on=clock.today().isoformat(),
            drafted_by_id=people["coordinator"].id,
            signed_by_id=people["chair"].id,
            signed_at=clock.now(),
        )
    )
    session.flush()
    for deed, who in (("start_review", "coordinator"), ("make_ready", "coordinator"), ("list", "chair")):
        move(session, referral, deed, actor=people[who])
    move(session, referral, outcome.deed, actor=people["chair"])
    session.commit()


@pytest.fixture
def accepted(session: Session, people: People) -> Referral:
    """A case that was accepted, with a dentist who has been seen and a heart that is booked."""
    evidence.change(session, people["coordinator"], ASKED, seen=evidence.mark_of(()))
    referral = make_draft(session, people)
    retype(
        referral,
        "workup",
        beside__dentist__status="done",
        beside__heart__status="booked",
        beside__heart__on="3 March 2027",
        beside__jcv_index__status=None,
        beside__lung_function__status="missing",
    )
    send(session, referral, people["neurologist"])
    decide(session, people, referral, Outcome.ACCEPTED)
    return referral


@pytest.fixture
def in_workup(session: Session, people: People, accepted: Referral) -> Referral:
    care.begin_workup(session, accepted, actor=people["coordinator"])
    session.commit()
    return accepted


def transplanted(session: Session, people: People, referral: Referral, days_ago: int) -> date:
    day_0 = clock.today() - days_ago * DAY
    care.record_transplant(session, referral, given_on=day_0, note="", actor=people["coordinator"])
    session.commit()
    return day_0


def with_courses(session: Session, referral: Referral, courses: Sequence[Mapping[str, Any]]) -> None:
    """Sign a version with these courses of treatment."""
    newest = session.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    record = newest.snapshot["record"] | {"treatments": {"courses": [dict(each) for each in courses]}}
    session.add(
        ReferralVersion(
            referral_id=referral.id,
            version=2,
            snapshot=newest.snapshot | {"record": record},
            snapshot_sha256="1" * 64,
            verdicts=newest.verdicts,
            signed_by_id=newest.signed_by_id,
        )
    )
    session.commit()


# The work-up


def test_the_work_up_begins_with_what_is_asked_for_and_not_there(
    session: Session, people: People, sign_in: SignIn, accepted: Referral
) -> None:
    sign_in("coordinator").send(page_of(accepted, "/moves/begin_workup"))

    steps = {step.item: step for step in care.steps_of(session, accepted)}
    assert {"workup.heart", "document.letter", "workup.lung_function"} <= steps.keys()
    assert "workup.dentist" not in steps, "that is done"
    assert steps["workup.heart"].due_on == "2027-03-03"
    assert steps["workup.heart"].note.startswith("Booked")
    assert stands(accepted) is State.WORKUP
    assert deeds(session, accepted).count("workup_begun") == 1


def test_a_programme_without_a_list_begins_with_what_was_checked_against_its_source(
    session: Session, people: People
) -> None:
    referral = make_draft(session, people)
    referral.typed = {**referral.typed, "workup": {}}
    send(session, referral, people["neurologist"])
    decide(session, people, referral, Outcome.ACCEPTED)

    made = care.begin_workup(session, referral, actor=people["coordinator"])

    checked = {
        each.item for each in evidence.catalogue().values() if each.section == "workup" and each.verified
    }
    assert {step.item for step in made} == checked


@pytest.mark.parametrize("outcome", [Outcome.DECLINED, Outcome.ADVICE])
def test_what_was_not_accepted_is_not_worked_up(
    session: Session, people: People, sign_in: SignIn, outcome: Outcome
) -> None:
    referral = make_draft(session, people)
    send(session, referral, people["neurologist"])
    decide(session, people, referral, outcome)

    page = sign_in("coordinator").send(page_of(referral, "/moves/begin_workup"), status=409)

    assert "no acceptance" in page.text
    assert stands(referral) is State.DECIDED
    assert care.steps_of(session, referral) == []


def test_the_coordinator_plans_who_and_when_and_adds_a_line(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/work-up")
    form = browser.visit(address).fields(address)
    (row,) = (name.split("-")[1] for name, value in form.items() if value == "workup.heart")
    new = max(int(name.split("-")[1]) for name in form if name.startswith("steps-"))

    browser.send(
        address,
        form
        | {
            f"steps-{row}-owner": str(people["neurologist"].id),
            f"steps-{row}-done": clock.today().isoformat(),
            f"steps-{new}-words": "Ask the interpreter",
            f"steps-{new}-due": "1 March 2027",
        },
    )

    steps = {step.words: step for step in care.steps_of(session, in_workup)}
    heart = next(step for step in steps.values() if step.item == "workup.heart")
    assert (heart.owner_id, heart.done_on) == (people["neurologist"].id, clock.today().isoformat())
    assert heart.due_on == "2027-03-03"
    assert steps["Ask the interpreter"].due_on == "2027-03-01"
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "workup_planned"))
    assert entry.detail["changed"] == ["workup.heart"]
    assert "interpreter" not in str(entry.detail), "what somebody typed is not in the trail"
    assert "Ask the interpreter" in sign_in("neurologist").visit(page_of(in_workup)).text


def test_a_plan_saved_unchanged_leaves_no_trace(
    session: Session, sign_in: SignIn, people: People, in_workup: Referral
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/work-up")

    browser.send(address, browser.visit(address).fields(address))

    assert "workup_planned" not in deeds(session, in_workup)


def test_two_who_plan_at_once_do_not_overwrite_each_other(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/work-up")
    form = browser.visit(address).fields(address)
    browser.send(address, form | {"steps-0-note": "First"})

    page = browser.send(address, form | {"steps-1-note": "Second"}, status=409)

    assert page.fields(address)["steps-1-note"] == "Second"
    assert "First" in {step.note for step in care.steps_of(session, in_workup)}
    assert "Second" not in {step.note for step in care.steps_of(session, in_workup)}


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("due", "March 2027", "Allowed: a day"),
        ("done", "1 January 2199", "Allowed"),
        ("owner", "6f1f1f54-4a9b-4c0f-9d52-6c1d5c0f7a11", "cannot be named"),
    ],
)
def test_what_is_no_day_or_nobody_of_ours_is_refused(
    people: People, sign_in: SignIn, in_workup: Referral, field: str, typed: str, said: str
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/work-up")
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {f"steps-0-{field}": typed}, status=422)

    assert said in page.text


def test_a_day_to_come_is_not_done(people: People, sign_in: SignIn, in_workup: Referral) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/work-up")
    form = browser.visit(address).fields(address)
    tomorrow = (clock.today() + DAY).isoformat()

    assert "up to today" in browser.send(address, form | {"steps-0-done": tomorrow}, status=422).text


@pytest.mark.parametrize("who", ["other_coordinator", "other_neurologist", "auditor", "administrator"])
@pytest.mark.parametrize("rest", ["/work-up", "/transplant", "/follow-up", "/follow-up/day_100"])
def test_for_strangers_there_is_no_such_case(
    sign_in: SignIn, in_workup: Referral, who: str, rest: str
) -> None:
    sign_in(who).visit(page_of(in_workup, rest), status=404)


@pytest.mark.parametrize("who", ["neurologist", "committee_member"])
def test_who_may_not_plan_is_told_so(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, who: str
) -> None:
    browser = sign_in(who)

    browser.visit(page_of(in_workup, "/work-up"), status=409)
    browser.send(page_of(in_workup, "/work-up"), {"steps-0-words": "Mine"}, status=409)
    browser.send(page_of(in_workup, "/transplant"), {"given_on": "2026-01-01"}, status=409)
    with pytest.raises(MoveRefusedError):
        care.plan_workup(session, in_workup, [{"words": "Mine"}], actor=people[who], seen="")


# Wash-out


def washouts(session: Session, people: People, referral: Referral) -> list[care.Washout]:
    rules = Rules(washout={"natalizumab_iv": 60, "fingolimod": 30})
    change_rules(session, people["chair"], rules, seen=mark_of(Rules()))
    return care.washouts_of(session, referral)


def test_wash_out_is_counted_from_the_last_dose_by_the_centres_own_rule(
    session: Session, people: People, in_workup: Referral
) -> None:
    courses = [
        {"drug": "fingolimod", "start": "2020-01-01", "stop": "2024-06-30"},
        {"drug": "fingolimod", "start": "2025-01-01", "stop": "2026-03-01", "last_dose": "2026-02"},
    ]
    with_courses(session, in_workup, courses)

    (found,) = washouts(session, people, in_workup)

    assert (found.days, found.ended, found.ongoing) == (30, "February 2026", False)
    assert (found.first, found.last) == (date(2026, 3, 3), date(2026, 3, 30))


def test_a_drug_without_an_end_has_no_day(session: Session, people: People, in_workup: Referral) -> None:
    courses: list[dict[str, Any]] = [
        {"drug": "fingolimod", "stop": "2024-06-30"},
        {"drug": "fingolimod", "start": "2025-01-01", "ongoing": True},
    ]
    with_courses(session, in_workup, courses)

    (found,) = washouts(session, people, in_workup)

    assert (found.first, found.last, found.ongoing) == (None, None, True)


def test_wash_out_is_shown_and_keeps_nothing_from_going_on(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    with_courses(session, in_workup, [{"drug": "fingolimod", "last_dose": clock.today().isoformat()}])
    (found,) = washouts(session, people, in_workup)
    browser, address = sign_in("coordinator"), page_of(in_workup, "/transplant")

    assert found.last is not None
    assert found.last > clock.today()
    assert "own rule" in browser.visit(page_of(in_workup)).text
    browser.send(address, browser.visit(address).fields(address) | {"given_on": clock.today().isoformat()})
    assert stands(in_workup) is State.TRANSPLANTED


# The transplant


def test_a_transplant_opens_the_diary(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/transplant")
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {"given_on": "31/08/2026", "note": "Without trouble."})

    kept = session.get_one(Transplant, in_workup.id)
    assert (kept.given_on, kept.note) == ("2026-08-31", "Without trouble.")
    due_on = {each.visit: each.due_on for each in care.follow_ups_of(session, in_workup)}
    assert due_on["day_100"] == "2026-12-09"
    assert due_on["month_6"] == "2027-02-28"
    assert due_on["month_12"] == "2027-08-31"
    assert stands(in_workup) is State.TRANSPLANTED
    assert "9 December 2026" in page.text


@pytest.mark.parametrize("typed", ["", "2199-01-01", "August 2026", "yesterday"])
def test_a_transplant_needs_a_day_that_has_been(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, typed: str
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/transplant")

    browser.send(address, browser.visit(address).fields(address) | {"given_on": typed}, status=422)

    assert stands(in_workup) is State.WORKUP
    with pytest.raises(ConflictError, match="still to come"):
        care.record_transplant(
            session, in_workup, given_on=clock.today() + DAY, note="", actor=people["coordinator"]
        )


# The visits


def test_the_schedule_goes_on_every_year_for_as_long_as_time_does(
    session: Session, people: People, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 10)

    assert due.due_visits(session, clock.now()) == 0
    assert due.due_visits(session, clock.now() + 366 * DAY) == 1
    assert due.due_visits(session, clock.now() + 366 * DAY) == 0
    assert [each.visit for each in care.follow_ups_of(session, in_workup)][-1] == "year_2"
    assert [visit.id for visit in visits()][:5] == ["day_100", "month_6", "month_12", "year_2", "year_3"]


@pytest.mark.parametrize("who", ["coordinator", "neurologist", "delegate"])
def test_a_visit_is_recorded_by_either_side(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, who: str
) -> None:
    transplanted(session, people, in_workup, 120)
    browser, address = sign_in(who), page_of(in_workup, "/follow-up")
    form = browser.visit(address).fields(f"{address}/day_100")

    page = browser.send(
        f"{address}/day_100",
        form | {"seen_on": clock.today().isoformat(), "edss": "3.0", "relapses": "0", "new_t2": "at least 2"},
    )

    visit = session.scalars(select(FollowUp).where(FollowUp.visit == "day_100")).one()
    assert visit.facts == {
        "seen_on": clock.today().isoformat(),
        "edss": 3,
        "relapses": 0,
        "new_t2": {"min": 2},
    }
    assert visit.recorded_by_id == people[who].id
    assert stands(in_workup) is State.FOLLOW_UP
    assert "3.0" in page.text
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "follow_up_recorded"))
    assert entry.detail["visit"] == "day_100"


def test_what_is_left_open_is_not_known_and_never_none(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 120)
    seen = {"seen_on": clock.today().isoformat()}

    page = sign_in("coordinator").send(page_of(in_workup, "/follow-up/day_100"), seen)

    (cells,) = (
        [" ".join("".join(cell.itertext()).split()) for cell in row.iter("td")]
        for row in page.all(".//section[@id='care']//tr")
        if "Day 100" in "".join(row.itertext())
    )
    assert cells[2:5] == ["Not known"] * 3


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seen_on": ""}, "missing"),
        ({"seen_on": "2000-01-01"}, "Day 0"),
        ({"edss": "0.5"}, "an EDSS"),
        ({"mri_on": "2199"}, "Allowed"),
    ],
)
def test_a_visit_that_cannot_be_read_is_refused_and_kept_on_the_page(
    session: Session,
    people: People,
    sign_in: SignIn,
    in_workup: Referral,
    fields: dict[str, str],
    said: str,
) -> None:
    transplanted(session, people, in_workup, 120)
    good = {"seen_on": clock.today().isoformat(), "edss": "3.0", "note": "As typed"}

    page = sign_in("coordinator").send(page_of(in_workup, "/follow-up/day_100"), good | fields, status=422)

    assert said in page.text
    assert "As typed" in page.text
    assert stands(in_workup) is State.TRANSPLANTED


def test_a_visit_is_recorded_once(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 120)
    browser, address = sign_in("coordinator"), page_of(in_workup, "/follow-up/day_100")
    fields = {"seen_on": clock.today().isoformat()}
    browser.send(address, fields)

    browser.send(address, fields, status=409)
    browser.visit(address, status=409)
    browser.send(page_of(in_workup, "/follow-up/year_99"), fields, status=404)
    with pytest.raises(ConflictError, match="already"):
        care.record_follow_up(session, in_workup, "day_100", {}, actor=people["coordinator"])
    with pytest.raises(ConflictError, match="no such visit"):
        care.record_follow_up(session, in_workup, "year_99", {}, actor=people["coordinator"])


def test_overdue_visits_are_listed_for_those_whose_case_it_is(
    session: Session, people: People, in_workup: Referral
) -> None:
    day_0 = transplanted(session, people, in_workup, 120)
    today = clock.today()

    (late,) = care.overdue_follow_ups(session, people["coordinator"], today)
    assert (late.number, late.visit, late.due_on) == (in_workup.number, "day_100", day_0 + 100 * DAY)
    assert care.overdue_follow_ups(session, people["neurologist"], today) == [late]
    for stranger in ("other_coordinator", "other_neurologist", "auditor"):
        assert care.overdue_follow_ups(session, people[stranger], today) == []
    assert care.overdue_follow_ups(session, people["coordinator"], day_0 + 99 * DAY) == []
    facts = {"seen_on": today.isoformat()}
    care.record_follow_up(session, in_workup, "day_100", facts, actor=people["neurologist"])
    assert care.overdue_follow_ups(session, people["coordinator"], today) == []


def test_a_case_without_care_says_nothing_of_it(sign_in: SignIn, people: People, sent: Referral) -> None:
    assert sign_in("coordinator").visit(page_of(sent)).all(".//section[@id='care']") == []
