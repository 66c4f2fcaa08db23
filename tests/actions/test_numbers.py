"""What a year is counted from: dates of stays and decisions, of the programme's own cases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import numbers, rules
from referral.actions.counted import Period, ages, years
from referral.actions.numbers import compare, spread, waited
from referral.errors import ForbiddenError, NotFoundError
from referral.models import Outcome, User
from referral.workflow import Role, State
from tests.deciding import decide, list_case
from tests.past import Past, insert_past

People = dict[str, User]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sent(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=12)


def test_cases_are_counted_in_the_year_in_which_each_thing_happened(session: Session, people: People) -> None:
    insert_past(
        session,
        people,
        [
            Past(sent("2025-12-01"), decided_after=40, ready_after=20),
            Past(sent("2026-02-01"), outcome=Outcome.DECLINED),
            Past(sent("2026-03-01"), outcome=None, state=State.WITHDRAWN),
            Past(sent("2026-10-01"), outcome=None),
            Past(sent("2026-10-01"), outcome=None, state=State.ENTERED_IN_ERROR),
        ],
    )

    told = compare(session, people["chair"], 2026, NOW)

    this, before = told.year, told.before
    assert (this.referred, this.ready, this.decided, this.withdrawn, this.waiting) == (3, 1, 2, 1, 1)
    assert (before.referred, before.ready, before.decided, before.withdrawn, before.waiting) == (
        0,
        0,
        0,
        0,
        0,
    )
    whole = compare(session, people["chair"], 2025, NOW).year
    assert (whole.referred, whole.ready, whole.decided, whole.waiting) == (1, 1, 0, 1)
    assert told.years == (2026, 2025)


def test_a_running_year_stands_beside_the_same_days_of_the_year_before() -> None:
    running = Period.of(2024, date(2024, 2, 29))

    assert (running.before().first, running.before().last) == (date(2023, 1, 1), date(2023, 2, 28))
    assert not running.whole
    assert Period.of(2023, date(2024, 2, 29)).whole


def test_both_clocks_are_told_and_ours_leaves_out_what_was_waited_for(
    session: Session, people: People
) -> None:
    insert_past(session, people, [Past(sent("2026-02-01"), decided_after=40, ready_after=30, parked=15)] * 10)

    waits = compare(session, people["coordinator"], 2026, NOW).year.waits

    assert waits["decided"] == numbers.Spread(10, 40, 40, 40, 40)
    assert waits["decided_ours"] == numbers.Spread(10, 25, 25, 25, 25)
    assert waits["ready"].half == 30
    assert waits["so_far"] == numbers.Spread(0)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([], (None, None, None, None)),
        ([5] * 9, (None, None, None, None)),
        (list(range(1, 13)), (3, 6, 9, 12)),
        (list(range(1, 12)), (3, 6, 9, 11)),
        ([0] * 9 + [400], (0, 0, 0, 400)),
    ],
)
def test_each_quarter_is_the_least_number_of_days_within_which_so_many_were_through(
    days: list[int], told: tuple[int | None, ...]
) -> None:
    found = spread(days)

    assert (found.quarter, found.half, found.three_quarters, found.longest) == told
    for number, share in ((found.quarter, 0.25), (found.half, 0.5), (found.three_quarters, 0.75)):
        if number is not None:
            assert sum(day <= number for day in days) >= share * len(days) > sum(day < number for day in days)


def test_groups_are_counted_and_small_ones_hidden_with_the_next(session: Session, people: People) -> None:
    insert_past(
        session,
        people,
        [Past(sent("2026-02-01"), sex="female")] * 30
        + [Past(sent("2026-02-01"), sex="male", outcome=Outcome.DECLINED)] * 20
        + [Past(sent("2026-02-01"), sex="other", clinic="other_neurologist")] * 4,
    )

    told = compare(session, people["chair"], 2026, NOW)

    by_sex = told.year.groups["sex"]
    assert [by_sex[name].referred for name in ("Female", "Male", "Other", "Not stated")] == [
        30,
        None,
        None,
        None,
    ]
    assert told.year.outcomes[Outcome.ACCEPTED] == 34
    clinics = told.year.groups["organisation"]
    assert {clinic.referred for clinic in clinics.values()} == {None}, (
        "two groups, one small: neither is shown"
    )
    assert by_sex["Female"].days == 40


def test_outcomes_by_group_are_hidden_where_one_answer_is_rare(session: Session, people: People) -> None:
    insert_past(
        session,
        people,
        [Past(sent("2026-02-01"), outcome=outcome, sex=sex)
         for sex, accepted, declined in (("female", 20, 15), ("male", 20, 1), ("other", 12, 12))
         for outcome, cases in ((Outcome.ACCEPTED, accepted), (Outcome.DECLINED, declined))
         for _ in range(cases)],
    )  # fmt: skip

    by_sex = compare(session, people["chair"], 2026, NOW).year.groups["sex"]

    assert [by_sex[name].answered for name in ("Female", "Male", "Other")] == [35, 21, 24]
    assert [by_sex[name].declined for name in ("Female", "Male", "Other")] == [15, None, None]
    assert [by_sex[name].accepted for name in ("Female", "Male", "Other")] == [20, None, None]


def test_where_an_outcome_is_hidden_no_group_tells_it(session: Session, people: People) -> None:
    insert_past(session, people, [Past(sent("2026-02-01"))] * 30)
    insert_past(session, people, [Past(sent("2026-02-01"), outcome=Outcome.DECLINED)] * 2)

    year = compare(session, people["chair"], 2026, NOW).year

    assert year.outcomes[Outcome.DECLINED] is None
    assert year.answered is None
    assert {group.answered for group in year.groups["sex"].values()} == {None}


def test_an_outcome_that_is_hidden_with_another_is_not_told_by_its_reasons(
    session: Session, people: People
) -> None:
    insert_past(session, people, [Past(sent("2026-02-01"))] * 30)
    insert_past(session, people, [Past(sent("2026-02-01"), outcome=Outcome.DECLINED)] * 12)
    insert_past(session, people, [Past(sent("2026-02-01"), outcome=Outcome.ADVICE)] * 3)

    year = compare(session, people["chair"], 2026, NOW).year

    assert year.outcomes[Outcome.DECLINED] is None, "or the three would be what is missing to the total"
    assert year.declined is None
    assert set(year.grounds.values()) == {None}


@pytest.mark.parametrize(
    ("born", "day", "told"),
    [
        ("1986-11-22", date(2026, 11, 22), (40, 40)),
        ("1986-11-23", date(2026, 11, 22), (39, 39)),
        ("2000-02-29", date(2026, 2, 28), (25, 25)),
        ("2000-02-29", date(2026, 3, 1), (26, 26)),
        ("1986", date(2026, 6, 1), (39, 40)),
        ("1985-06", date(2026, 6, 15), (40, 41)),
        (None, date(2026, 6, 1), None),
    ],
)
def test_an_age_is_counted_in_whole_years(born: str | None, day: date, told: tuple[int, int] | None) -> None:
    assert ages(born, day) == told


def test_an_age_that_may_lie_in_two_bands_is_not_stated(session: Session, people: People) -> None:
    insert_past(session, people, [Past(sent("2026-06-01"), birth_date="1986")] * 10)

    by_age = compare(session, people["chair"], 2026, NOW).year.groups["age"]

    assert by_age["Not stated"].referred == 10


def test_codes_of_reasons_are_counted_once_a_decision(session: Session, people: People) -> None:
    def kept(ground: str | None) -> dict[str, object]:
        return {"ground": ground, "code": None}

    twice = {"an-edition": {"one": kept("risk"), "two": kept("risk"), "three": kept(None)}}
    insert_past(session, people, [Past(sent("2026-02-01"), outcome=Outcome.DECLINED, reasons=twice)] * 12)

    year = compare(session, people["chair"], 2026, NOW).year

    assert year.grounds["risk"] == 12
    assert year.grounds["not_met"] == 0
    assert year.disagreements["judged"] == 0


def test_a_decision_of_the_committee_is_counted_with_its_codes(session: Session, people: People) -> None:
    case = list_case(session, people)
    signed = decide(session, people, case)

    told = compare(session, people["chair"], clock.today().year, clock.now())

    assert (told.year.referred, told.year.ready, told.year.decided, told.year.waiting) == (1, 1, 1, 0)
    assert signed.coded == {}
    assert case.sex in {"female", "male", "other", "unknown", None}


def test_a_programme_counts_its_own_cases_only(session: Session, people: People) -> None:
    insert_past(session, people, [Past(sent("2026-02-01"), programme="other_coordinator")] * 12)

    assert compare(session, people["chair"], 2026, NOW).year.referred == 0
    assert compare(session, people["other_chair"], 2026, NOW).year.referred == 12
    assert years(session, people["chair"].organisation_id, date(2026, 11, 22)) == (2026,)


@pytest.mark.parametrize("who", [role for role in Role if role not in (Role.COORDINATOR, Role.CHAIR)])
def test_nobody_else_reads_them(session: Session, people: People, who: Role) -> None:
    with pytest.raises(ForbiddenError):
        compare(session, people[who], 2026, NOW)


@pytest.mark.parametrize("year", [2024, 2027])
def test_a_year_without_numbers_is_not_found(session: Session, people: People, year: int) -> None:
    insert_past(session, people, [Past(sent("2025-06-01"))])

    with pytest.raises(NotFoundError):
        compare(session, people["chair"], year, NOW)


# What clinics see


def opt_in(session: Session, people: People, who: str = "chair") -> None:
    seen = rules.mark_of(rules.rules_for(session, people[who].organisation_id))
    rules.change_rules(session, people[who], rules.Rules(shows_waiting=True), seen=seen)


def test_clinics_see_the_waiting_only_of_a_programme_that_shows_it(session: Session, people: People) -> None:
    insert_past(session, people, [Past(sent("2026-02-01"), decided_after=33)] * 10)
    ours = people["chair"].organisation_id
    assert waited(session, [ours], NOW) == {}

    opt_in(session, people)

    assert waited(session, [ours], NOW) == {ours: numbers.Waited(10, 33)}


def test_few_cases_or_old_ones_are_not_told(session: Session, people: People) -> None:
    opt_in(session, people)
    insert_past(session, people, [Past(sent("2026-02-01"))] * 9 + [Past(sent("2025-01-01"))] * 9)

    assert waited(session, [people["chair"].organisation_id], NOW) == {}
