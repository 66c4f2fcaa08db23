"""What is past its day after an acceptance stands in the inbox: what, whose, by when."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from referral import clock
from referral.actions import care
from referral.actions.overdue import first_overdue, overdue
from referral.models import Referral, User
from tests.at_hand import page_of
from tests.browser import Browser
from tests.caring import DAY, transplanted

SignIn = Callable[[str], Browser]
People = dict[str, User]


def test_overdue_visits_are_listed_for_those_whose_case_it_is(
    session: Session, people: People, in_workup: Referral
) -> None:
    day_0 = transplanted(session, people, in_workup, 120)
    today = clock.today()

    (late,) = overdue(session, people["coordinator"], today)
    assert (late.number, late.what, late.due_on) == (in_workup.number, "Day 100", day_0 + 100 * DAY)
    assert late.whose == people["coordinator"].name
    assert overdue(session, people["neurologist"], today) == [late]
    for stranger in ("other_coordinator", "other_neurologist", "auditor"):
        assert overdue(session, people[stranger], today) == []
    assert overdue(session, people["coordinator"], day_0 + 99 * DAY) == []
    facts = {"seen_on": today.isoformat()}
    care.record_follow_up(session, in_workup, "day_100", facts, actor=people["neurologist"])
    assert overdue(session, people["coordinator"], today) == []


def plan(session: Session, people: People, referral: Referral, item: str, **said: str) -> None:
    """Plan one step of the work-up."""
    care.plan_workup(
        session,
        referral,
        [{"item": item, **said}],
        actor=people["coordinator"],
        seen=care.mark_of(care.steps_of(session, referral)),
    )
    session.commit()


def test_a_step_is_late_on_the_day_after_and_is_the_one_who_was_named(
    session: Session, people: People, in_workup: Referral
) -> None:
    today = clock.today()
    plan(session, people, in_workup, "workup.heart", due=today.isoformat(), owner=str(people["delegate"].id))

    assert overdue(session, people["coordinator"], today) == []
    (late,) = overdue(session, people["coordinator"], today + DAY)
    assert (late.due_on, late.whose, late.move.deed) == (today, people["delegate"].name, "plan_workup")
    plan(session, people, in_workup, "workup.heart", due=today.isoformat(), done=today.isoformat())
    assert overdue(session, people["coordinator"], today + DAY) == []


def test_a_case_says_what_is_longest_past_and_nothing_of_other_cases(
    session: Session, people: People, in_workup: Referral
) -> None:
    yesterday = clock.today() - DAY
    plan(session, people, in_workup, "workup.heart", due=yesterday.isoformat())
    plan(session, people, in_workup, "document.letter", due=(yesterday - DAY).isoformat())

    found = first_overdue(session, people["coordinator"], clock.today(), [in_workup.id])

    assert found[in_workup.id].due_on == yesterday - DAY
    assert first_overdue(session, people["coordinator"], clock.today(), []) == {}


def test_the_inbox_says_what_is_past_its_day_whose_it_is_and_by_when(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    day_0 = transplanted(session, people, in_workup, 120)
    due = f"{day_0 + 100 * DAY:%-d %B %Y}"
    browser = sign_in("coordinator")

    page = browser.visit("/inbox")
    (panel,) = page.all(".//section[@aria-labelledby='late-heading']")
    said = " ".join("".join(panel.itertext()).split())
    (row,) = browser.visit("/inbox?state=transplanted").all(".//tbody/tr")

    assert "1 thing is past its day" in said
    assert f"record a visit, Day 100, due {due}. {people['coordinator'].name}" in said
    assert [link.get("href") for link in panel.iter("a")] == [page_of(in_workup, "/follow-up")]
    assert f"Record a visit {people['coordinator'].name} Day 100, due {due}" in " ".join(
        " ".join(row.itertext()).split()
    )


def test_who_may_only_read_is_led_to_the_case(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 120)

    (panel,) = sign_in("chair").visit("/inbox").all(".//section[@aria-labelledby='late-heading']")

    assert [link.get("href") for link in panel.iter("a")] == [f"{page_of(in_workup)}#care"]


def test_an_inbox_in_time_says_nothing_of_it(sign_in: SignIn, in_workup: Referral) -> None:
    assert sign_in("coordinator").visit("/inbox").all(".//section[@aria-labelledby='late-heading']") == []
