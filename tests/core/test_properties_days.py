"""Dates known in part: the answer is what all of their days say together, and no more."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from referral.criteria.answer import Truth, truth_of
from referral.criteria.case import Case, rules
from referral.criteria.days import add_months
from referral.criteria.language.base import Test, read_test
from referral.criteria.load import shared_vocabulary
from tests.core.records import AS_OF, make_record
from tests.core.strategies import EDSS, every_day, partial_days


def test_of(plain: dict[str, Any]) -> Test:
    return read_test(plain, shared_vocabulary())


test_of.__test__ = False  # type: ignore[attr-defined]  # it reads tests, and is none


def truth(test: Test, as_of: date = AS_OF, **facts: Any) -> Truth:
    return Case.on(make_record(as_of, **facts), as_of).answer(test).truth


def summary(truths: Iterable[Truth]) -> Truth:
    """What all possible cases say together: the same if they agree, else nobody can say."""
    found = set(truths)
    return found.pop() if len(found) == 1 else Truth.UNKNOWN


@st.composite
def bounds(draw: st.DrawFn, highest: int) -> dict[str, int]:
    """Give one end or two of a range that lets something in."""
    low = draw(st.integers(0, highest))
    high = low + draw(st.integers(2, 8))
    lower = {draw(st.sampled_from(["min", "above"])): low}
    upper = {draw(st.sampled_from(["max", "below"])): high}
    return draw(st.sampled_from([lower, upper, lower | upper]))


@given(partial_days(back=12_000), bounds(30))
def test_an_age_says_what_all_days_of_birth_say(born: str, range_: dict[str, int]) -> None:
    test = test_of({"age_years": range_})

    def aged(day: date) -> Truth:
        had = AS_OF.year - day.year - ((AS_OF.month, AS_OF.day) < (day.month, day.day))
        return truth_of(
            range_.get("min", 0) <= had <= range_.get("max", 999)
            and range_.get("above", -1) < had < range_.get("below", 999)
        )

    assert truth(test, patient={"birth_date": born}) is summary(map(aged, every_day(born)))


@given(
    partial_days(back=6_000),
    bounds(12),
    st.sampled_from(["symptom_onset", "diagnosed_on", "first_treated_on"]),
)
def test_a_duration_says_what_all_days_of_its_anchor_say(
    began: str, range_: dict[str, int], anchor: str
) -> None:
    test = test_of({"duration_years": {"anchor": anchor, **range_}})

    def lasted(day: date) -> Truth:
        def after(years: int) -> date:
            return add_months(day, 12 * years)

        return truth_of(
            after(range_.get("min", 0)) <= AS_OF
            and after(range_.get("max", 99)) >= AS_OF
            and ("above" not in range_ or after(range_["above"]) < AS_OF)
            and after(range_.get("below", 99)) > AS_OF
        )

    found = truth(test, diagnosis={anchor: began})
    assert found is summary(map(lasted, every_day(began)))


@given(partial_days(), st.integers(1, 24))
def test_a_window_says_of_one_relapse_what_all_its_days_say(onset: str, months: int) -> None:
    start = add_months(AS_OF, -months)
    found = truth(
        test_of({"relapses": {"at_least": 1, "within_months": months}}),
        relapses={"complete_since": "1990", "events": [{"onset": onset}]},
    )
    assert found is summary(truth_of(day >= start) for day in every_day(onset))


@given(partial_days(), st.integers(1, 700), st.booleans())
def test_a_window_of_days_says_of_none_allowed_the_opposite(onset: str, days: int, listed: bool) -> None:
    relapses = {"events": [{"onset": onset}]} | ({"complete_since": "1990"} if listed else {})
    some = truth(test_of({"relapses": {"at_least": 1, "within_days": days}}), relapses=relapses)
    none = truth(test_of({"relapses": {"at_most": 0, "within_days": days}}), relapses=relapses)
    assert none is ~some
    start = AS_OF - timedelta(days=days)
    alone = summary(truth_of(day >= start) for day in every_day(onset))
    assert some is (alone if listed or alone is Truth.YES else Truth.UNKNOWN)


@st.composite
def months_or_days(draw: st.DrawFn) -> str:
    day = (AS_OF - timedelta(days=draw(st.integers(0, 420)))).isoformat()
    return draw(st.sampled_from([day, day[:7]]))


@given(
    st.lists(st.tuples(months_or_days(), st.sampled_from(EDSS)), min_size=1, max_size=2),
    st.sampled_from(EDSS),
)
def test_the_latest_edss_is_read_in_every_order_that_the_dates_allow(
    scores: list[tuple[str, float]], most: float
) -> None:
    found = truth(
        test_of({"edss": {"max": int(most)}}), edss=[{"date": day, "score": score} for day, score in scores]
    )

    def says(world: list[tuple[date, float]]) -> Truth:
        latest = max(day for day, _ in world)
        if latest < add_months(AS_OF, -rules().stale_months):
            return Truth.UNKNOWN
        return summary(truth_of(score <= int(most)) for day, score in world if day == latest)

    placed = [[(day, score) for day in every_day(text)] for text, score in scores]
    worlds = (
        [[one] for one in placed[0]] if len(placed) == 1 else [[a, b] for a in placed[0] for b in placed[1]]
    )
    assert found is summary(map(says, worlds))


@given(partial_days(), st.integers(1, 24), st.booleans())
def test_a_wash_out_says_what_all_days_of_the_last_dose_say(stop: str, months: int, complete: bool) -> None:
    found = truth(
        test_of({"treatment_free_months": {"class": "any", "min": months}}),
        treatments={"courses": [{"drug": "natalizumab", "stop": stop}]}
        | ({"complete": True} if complete else {}),
    )

    def free(day: date) -> Truth:
        return summary(
            [truth_of(add_months(day, months) <= AS_OF), truth_of(day <= add_months(AS_OF, -months))]
        )

    alone = summary(map(free, every_day(stop)))
    assert found is (alone if complete or alone is Truth.NO else Truth.UNKNOWN)


@given(st.lists(st.integers(0, 200), max_size=8), st.randoms(use_true_random=False))
def test_relapses_fold_as_one_would_do_it_by_hand(gone: list[int], chance: Any) -> None:
    accepted: list[int] = []
    for ago in sorted(gone, reverse=True):  # the oldest first
        if not accepted or accepted[-1] - ago >= 30:
            accepted.append(ago)
    events = [{"onset": (AS_OF - timedelta(days=ago)).isoformat()} for ago in gone]
    chance.shuffle(events)

    case = Case.on(make_record(relapses={"events": events}), AS_OF)

    assert [relapse.first for relapse in case.relapses] == [AS_OF.toordinal() - ago for ago in accepted]
    assert sum(len(relapse.members) for relapse in case.relapses) == len(gone)
    number = len(accepted)
    many: dict[str, Any] = {"relapses": {"complete_since": "1990", "events": events}}
    assert (
        number == 0
        or truth(test_of({"relapses": {"at_least": number, "within_days": 200}}), **many) is Truth.YES
    )
    assert truth(test_of({"relapses": {"at_least": number + 1, "within_days": 200}}), **many) is Truth.NO
