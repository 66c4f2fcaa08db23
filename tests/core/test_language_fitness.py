"""The meaning of serology, measurements, walking and the comorbidity index."""

from typing import Any

import pytest

from tests.core.records import ask

YES, NO, UNKNOWN = "yes", "no", "unknown"


@pytest.mark.parametrize(
    ("status", "negative", "not_active"),
    [
        ("negative", YES, YES),
        ("past", NO, YES),
        ("active", NO, NO),
        ("positive", NO, UNKNOWN),
        ("not_tested", UNKNOWN, UNKNOWN),
        (None, UNKNOWN, UNKNOWN),
    ],
)
def test_serology(status: str | None, negative: str, not_active: str) -> None:
    facts: dict[str, Any] = {"infection": {"hbv": status}}
    assert ask("serology: {path: infection.hbv, in: [negative]}", **facts) == negative
    assert ask("serology: {path: infection.hbv, in: [negative, past]}", **facts) == not_active


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"value": 45, "date": "2026-10-01"}, NO),
        ({"value": 45.1, "date": "2026-10-01"}, YES),
        ({"value": 60, "date": "2025-11-21"}, YES),
        ({"value": 60, "date": "2025-11-20"}, UNKNOWN),
        ({"value": 60, "date": "2025"}, UNKNOWN),
        ({"value": 60}, UNKNOWN),
    ],
)
def test_a_measurement_is_read_if_it_is_dated_and_fresh(measured: dict[str, Any], expected: str) -> None:
    test = "measurement: {path: organ_function.lvef_pct, above: 45}"
    assert ask(test, organ_function={"lvef_pct": measured}) == expected


@pytest.mark.parametrize(
    ("walks", "expected"),
    [
        ({"distance_m": 20, "aid": "bilateral", "date": "2026-10-01"}, YES),
        ({"distance_m": 19, "aid": "none", "date": "2026-10-01"}, NO),
        ({"distance_m": 500, "aid": "unable", "date": "2026-10-01"}, NO),
        ({"aid": "unable", "date": "2026-10-01"}, NO),
        ({"distance_m": 500, "date": "2026-10-01"}, UNKNOWN),
        ({"distance_m": 500, "aid": "none", "date": "2025-10-01"}, UNKNOWN),
        ({"distance_m": 500, "aid": "none"}, UNKNOWN),
    ],
)
def test_walking(walks: dict[str, Any], expected: str) -> None:
    assert ask("ambulation: {min_distance_m: 20, aid_at_most: bilateral}", ambulation=walks) == expected


def test_the_comorbidity_index_is_a_range_while_items_are_not_known() -> None:
    assert ask("hct_ci: {max: 26}") == YES
    assert ask("hct_ci: {max: 25}") == UNKNOWN
    assert ask("hct_ci: {below: 3}", comorbidity={"hct_ci": {"valve": True}}) == NO
