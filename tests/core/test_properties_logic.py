"""The laws of the logic, over any tree of tests and any answers, known or not."""

import itertools
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from referral.criteria.answer import Truth, truth_between
from referral.criteria.case import Case
from referral.criteria.language.base import Bounds, Test
from referral.criteria.language.logic import All, AnyOf, AtLeast, Not
from referral.criteria.language.person import JudgementOf
from tests.core.records import AS_OF, make_record
from tests.core.strategies import KEYS, judged, trees

Answers = dict[str, bool | None]
FEW = st.lists(trees(), min_size=1, max_size=4)


def truth(test: Test, answers: Answers) -> Truth:
    """Ask a tree of a case in which clinicians have said so much."""
    said = {key: {"value": value} for key, value in answers.items() if value is not None}
    return Case.on(make_record(judgements=said), AS_OF).answer(test).truth


def same(first: Test, second: Test, answers: Answers) -> None:
    assert truth(first, answers) is truth(second, answers)


def worlds(answers: Answers) -> list[Answers]:
    """Every way in which what nobody has said may turn out."""
    unknown = [key for key in KEYS if answers[key] is None]
    ways = itertools.product((True, False), repeat=len(unknown))
    return [answers | dict(zip(unknown, way, strict=True)) for way in ways]


@given(trees(), trees(), judged())
def test_and_and_or_do_not_mind_the_order(a: Test, b: Test, answers: Answers) -> None:
    same(All((a, b)), All((b, a)), answers)
    same(AnyOf((a, b)), AnyOf((b, a)), answers)


@given(trees(), trees(), trees(), judged())
def test_and_and_or_do_not_mind_the_brackets(a: Test, b: Test, c: Test, answers: Answers) -> None:
    same(All((a, All((b, c)))), All((All((a, b)), c)), answers)
    same(All((a, All((b, c)))), All((a, b, c)), answers)
    same(AnyOf((a, AnyOf((b, c)))), AnyOf((AnyOf((a, b)), c)), answers)
    same(AnyOf((a, AnyOf((b, c)))), AnyOf((a, b, c)), answers)


@given(trees(), judged())
def test_saying_a_thing_twice_changes_nothing(a: Test, answers: Answers) -> None:
    same(All((a, a)), a, answers)
    same(AnyOf((a, a)), a, answers)
    same(All((a,)), a, answers)
    same(AnyOf((a,)), a, answers)


@given(trees(), judged())
def test_the_opposite_of_the_opposite_is_the_thing(a: Test, answers: Answers) -> None:
    same(Not(Not(a)), a, answers)
    assert truth(Not(a), answers) is ~truth(a, answers)


@given(FEW, judged())
def test_de_morgan(parts: list[Test], answers: Answers) -> None:
    opposites = tuple(Not(part) for part in parts)
    same(Not(All(tuple(parts))), AnyOf(opposites), answers)
    same(Not(AnyOf(tuple(parts))), All(opposites), answers)


@given(trees(), trees(), judged())
def test_absorption(a: Test, b: Test, answers: Answers) -> None:
    same(All((a, AnyOf((a, b)))), a, answers)
    same(AnyOf((a, All((a, b)))), a, answers)


@given(trees(), trees(), trees(), judged())
def test_and_distributes_over_or_and_or_over_and(a: Test, b: Test, c: Test, answers: Answers) -> None:
    same(All((a, AnyOf((b, c)))), AnyOf((All((a, b)), All((a, c)))), answers)
    same(AnyOf((a, All((b, c)))), All((AnyOf((a, b)), AnyOf((a, c)))), answers)


@given(trees(), judged())
def test_a_yes_is_the_rest_of_and_and_the_end_of_or(a: Test, answers: Answers) -> None:
    answers = answers | {"surely": True, "never": False}
    yes, no = (JudgementOf(key, key, "judgement") for key in ("surely", "never"))
    same(All((a, yes)), a, answers)
    same(AnyOf((a, no)), a, answers)
    assert truth(AnyOf((a, yes)), answers) is Truth.YES
    assert truth(All((a, no)), answers) is Truth.NO


@given(trees(), judged())
def test_the_middle_is_not_excluded(a: Test, answers: Answers) -> None:
    own = truth(a, answers)
    either = truth(AnyOf((a, Not(a))), answers)
    both = truth(All((a, Not(a))), answers)
    assert either is (Truth.UNKNOWN if own is Truth.UNKNOWN else Truth.YES)
    assert both is ~either


@given(trees(), judged())
def test_a_settled_tree_is_settled_however_the_unknown_turns_out(a: Test, answers: Answers) -> None:
    before = truth(a, answers)
    after = {truth(a, world) for world in worlds(answers)}
    assert Truth.UNKNOWN not in after
    if before is not Truth.UNKNOWN:
        assert after == {before}
    if len(after) == 2:
        assert before is Truth.UNKNOWN


@given(trees(), judged(), st.sampled_from(KEYS), st.booleans())
def test_one_more_answer_never_turns_a_settled_tree(a: Test, answers: Answers, key: str, said: bool) -> None:
    less, more = answers | {key: None}, answers | {key: said}
    before = truth(a, less)
    if before is not Truth.UNKNOWN:
        assert truth(a, more) is before


@given(FEW, judged(), st.data())
def test_at_least_is_or_at_one_and_at_all_and_counts_between(
    parts: list[Test], answers: Answers, data: st.DataObject
) -> None:
    listed = tuple(parts)
    same(AtLeast(1, listed), AnyOf(listed), answers)
    same(AtLeast(len(listed), listed), All(listed), answers)
    number = data.draw(st.integers(1, len(listed)))
    pairs = [All(chosen) for chosen in itertools.combinations(listed, number)]
    same(AtLeast(number, listed), AnyOf(tuple(pairs)), answers)


@given(FEW, judged(), st.data())
def test_fewer_are_asked_for_more_easily(parts: list[Test], answers: Answers, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(parts)))
    for fewer in range(1, number):
        assert (
            truth(AtLeast(fewer, tuple(parts)), answers).value
            >= truth(AtLeast(number, tuple(parts)), answers).value
        )


HALVES = st.integers(-8, 24).map(lambda halves: Decimal(halves) / 2)
ENDS = st.none() | HALVES


@given(ENDS, ENDS, ENDS, ENDS, HALVES, st.integers(0, 12))
def test_bounds_over_a_stretch_agree_with_every_value_in_it(
    least: Decimal | None,
    above: Decimal | None,
    most: Decimal | None,
    below: Decimal | None,
    low: Decimal,
    steps: int,
) -> None:
    def within(value: Decimal) -> bool:
        return (
            (least is None or least <= value)
            and (above is None or above < value)
            and (most is None or value <= most)
            and (below is None or value < below)
        )

    high = low + Decimal(steps) / 2
    assume(
        any(within(Decimal(quarter) / 4) for quarter in range(-40, 60))
    )  # an empty range is refused on loading
    # Between the halves, too: an end may be left out.
    held = {within(low + Decimal(quarter) / 4) for quarter in range(steps * 2 + 1)}
    assert Bounds(least, above, most, below).hold(low, high) is truth_between(held == {True}, True in held)
