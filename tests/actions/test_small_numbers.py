"""No small number is shown, and none can be worked out from the totals: tried with every table that fits."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral.actions import small_numbers
from referral.actions.counted import Case
from referral.actions.groups import count_groups
from referral.actions.small_numbers import hidden, part, shown

SMALLEST = 3
Column = Sequence[int]


@pytest.fixture(autouse=True, scope="module")
def three(monkeypatch_module: pytest.MonkeyPatch) -> None:
    """Take three as the smallest number shown, so that every possible table can be tried."""
    monkeypatch_module.setattr(small_numbers, "smallest_shown", lambda: SMALLEST)
    assert small_numbers.is_small(SMALLEST - 1)
    assert not small_numbers.is_small(SMALLEST)


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def sums_to(total: int, places: int) -> Iterator[tuple[int, ...]]:
    """Every way to share a total among so many rows."""
    if places == 0:
        if total == 0:
            yield ()
        return
    for first in range(total + 1):
        for rest in sums_to(total - first, places - 1):
            yield (first, *rest)


@settings(deadline=None)  # as below
@given(st.lists(st.integers(0, 7), min_size=2, max_size=4))
def test_a_reader_who_knows_the_total_cannot_tell_a_hidden_number(numbers: list[int]) -> None:
    told = shown(numbers)

    assert not any(number is not None and 0 < number < SMALLEST for number in told)
    places = [place for place, number in enumerate(told) if number is None]
    missing = sum(numbers) - sum(number for number in told if number is not None)
    if not places or sum(numbers) < SMALLEST:
        return  # a total that is itself so small is not broken down: see the page
    fits = list(sums_to(missing, len(places)))
    for place in range(len(places)):
        assert len({way[place] for way in fits}) >= SMALLEST


@settings(deadline=None)  # it tries every table, and machines differ
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=3))
def test_a_reader_who_knows_all_totals_cannot_tell_a_small_part_of_a_group(
    pairs: list[tuple[int, int]],
) -> None:
    wholes = [one + other for one, other in pairs]
    few = hidden([(whole,) for whole in wholes])
    kept = hidden(pairs, few)
    totals = tuple(map(sum, zip(*pairs, strict=True)))
    if any(total < SMALLEST for total in totals):
        return  # outcomes by group are not shown then
    assert few <= kept
    assert all(
        number == 0 or number >= SMALLEST
        for place in set(range(len(pairs))) - kept
        for number in pairs[place]
    )
    left = [
        total - sum(pairs[place][side] for place in range(len(pairs)) if place not in kept)
        for side, total in enumerate(totals)
    ]
    places = sorted(kept)
    fits = [
        (ones, others)
        for ones, others in product(sums_to(left[0], len(places)), sums_to(left[1], len(places)))
        if all(place in few or ones[at] + others[at] == wholes[place] for at, place in enumerate(places))
    ]
    assert fits or not places
    for at, place in enumerate(places):
        for side in (0, 1):
            if 0 < pairs[place][side] < SMALLEST:
                assert len({way[side][at] for way in fits}) > 1


def test_one_small_number_takes_the_next_smallest_with_it() -> None:
    assert shown([20, 2, 9, 15]) == [20, None, None, 15]
    assert shown([20, 0, 9, 15]) == [20, 0, 9, 15]
    assert shown([]) == []


def test_two_small_numbers_that_are_together_a_small_one_take_a_third() -> None:
    assert shown([1, 1, 8, 9]) == [None, None, None, 9]


@pytest.mark.parametrize(
    ("number", "whole", "told"), [(0, 9, 0), (2, 9, None), (8, 9, None), (9, 9, 9), (5, 9, 5)]
)
def test_a_part_is_shown_where_neither_it_nor_the_rest_is_small(
    number: int, whole: int, told: int | None
) -> None:
    assert part(number, whole) == told


PLACES = {"Ashby": "North", "Northfield": "North", "Southmere": "South", "Zennor": "West"}


def sent_from(numbers: Sequence[int]) -> list[Case]:
    return [
        Case(clinic, region, None, None)
        for (clinic, region), number in zip(PLACES.items(), numbers, strict=True)
        for _ in range(number)
    ]


@settings(deadline=None)  # as above
@given(st.lists(st.integers(0, 5), min_size=len(PLACES), max_size=len(PLACES)))
def test_regions_and_their_clinics_together_tell_no_small_number(numbers: list[int]) -> None:
    told = count_groups(sent_from(numbers), [], [], by_outcome=False)
    if sum(numbers) < SMALLEST:
        assert {group.referred for group in told["organisation"].values()} <= {None, 0}
        return
    clinics = [told["organisation"][name].referred if name in told["organisation"] else 0 for name in PLACES]
    regions = {name: group.referred for name, group in told["region"].items()}
    assert not any(0 < (number or 0) < SMALLEST for number in [*clinics, *regions.values()])

    def by_region(way: Sequence[int]) -> dict[str, int]:
        return {
            region: sum(number for number, lies in zip(way, PLACES.values(), strict=True) if lies == region)
            for region in PLACES.values()
        }

    fits = [
        way
        for way in sums_to(sum(numbers), len(PLACES))
        if all(known is None or known == number for known, number in zip(clinics, way, strict=True))
        and all(
            regions.get(name, 0) is None or regions.get(name, 0) == n for name, n in by_region(way).items()
        )
    ]
    assert tuple(numbers) in fits
    for place, number in enumerate(numbers):
        if 0 < number < SMALLEST:
            assert len({way[place] for way in fits}) > 1
    for name, number in by_region(numbers).items():
        if 0 < number < SMALLEST:
            assert len({by_region(way)[name] for way in fits}) > 1
