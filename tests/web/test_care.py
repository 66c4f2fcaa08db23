"""After an acceptance: the work-up and the wash-out; who does what, and what is refused."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import care, evidence
from referral.actions.rules import Rules, change_rules, mark_of
from referral.errors import MoveRefusedError
from referral.models import AuditEntry, Outcome, Referral, User
from referral.workflow import State
from tests.at_hand import deeds, make_draft, page_of, send, stands
from tests.browser import Browser
from tests.caring import DAY, decide, with_courses

SignIn = Callable[[str], Browser]
People = dict[str, User]


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
    assert "What stands now" in page.text
    assert "First" in page.text.partition("Save the work-up")[0], "what the other has saved stands beside it"
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


def test_a_case_without_care_says_nothing_of_it(sign_in: SignIn, people: People, sent: Referral) -> None:
    assert sign_in("coordinator").visit(page_of(sent)).all(".//section[@id='care']") == []
