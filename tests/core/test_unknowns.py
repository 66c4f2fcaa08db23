"""What a fact that is not known may turn out to be: every value that an edition can tell from another."""

from pathlib import Path
from typing import Any

import pytest

from referral.assessment import assess
from referral.criteria.case import Case
from referral.criteria.load import read_edition
from referral.criteria.unknowns import fillings, get
from referral.reference.files import read_yaml
from tests.core.records import AS_OF, make_record
from tests.core.test_library import edition
from tests.core.unknowns import turned_out

KEPT = read_yaml(Path(__file__).with_name("unknowns.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: str(kept["path"]))
def test_a_fact_may_turn_out_to_be_anything_that_can_be_told_apart(kept: dict[str, Any]) -> None:
    assert turned_out(kept["path"], kept["facts"], kept["limits"]) == kept["may_be"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("edss[1].score", 5), ("edss[2].score", None), ("edss[0].functional_systems.visual", 1),
        ("edss[1].functional_systems.visual", None), ("comorbidity.hct_ci.valve", True),
        ("comorbidity.hct_ci.diabetes", None), ("judgements.aggressive_ms", None), ("ambulation.distance_m", None),
        ("treatments.courses[0].drug", None), ("patient.mood", None),
    ],
)  # fmt: skip
def test_a_path_leads_to_its_value_or_to_nothing(path: str, value: Any) -> None:
    record = make_record(
        edss=[{"date": "2026-01-01", "score": 4, "functional_systems": {"visual": 1}},
              {"date": "2026-05-01", "score": 5}],
        comorbidity={"hct_ci": {"valve": True}},
    )  # fmt: skip
    assert get(record, path) == value


def test_another_score_of_today_and_another_study_of_today_are_added() -> None:
    record = make_record(edss=[{"date": "2026-05-01", "score": 4}], mri=[{"date": "2026-05-01"}])
    case = Case.on(record, AS_OF)
    for way in fillings("edss", case, ()):
        assert way(record).edss[:-1] == record.edss
    for way in fillings("mri", case, ()):
        assert way(record).mri[:-1] == record.mri


SCORED = "{id: edss, kind: required, statement: S., test: {edss: {max: 6}}, source: doi:10.0000/x}"


def test_the_day_of_a_score_does_not_settle_it_where_it_may_be_the_day_of_another() -> None:
    record = make_record(
        diagnosis={"phenotype": "RRMS"},
        edss=[{"date": "2026", "score": 3}, {"date": "2026-06-01", "score": 7}],
    )
    (answered,) = assess(record, [read_edition(edition(SCORED), "made-up.yaml")], AS_OF).answers
    assert answered.result.verdict.value == "cannot_say"
    assert answered.decides == ()
