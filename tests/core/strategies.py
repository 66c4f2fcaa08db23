"""Invented records for property tests: whole ones, and the same ones partly forgotten."""

import copy
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from referral.criteria.language.base import Test
from referral.criteria.language.logic import All, AnyOf, AtLeast, Not
from referral.criteria.language.person import JudgementOf
from referral.facts import OUTCOMES, PHENOTYPES, REGIONS, SEVERITIES, SYSTEMS, PartialDate
from referral.reference import drugs
from tests.core.records import AS_OF

EDSS = [0, *(half / 2 for half in range(2, 21))]
RECOVERED = ("complete", "incomplete", "none")
DRUGS = [drug.key for drug in drugs()]
BOOLEANS = st.booleans()


def days(back: int, least: int = 0) -> st.SearchStrategy[str]:
    """Give a day at most ``back`` days before the day of the question."""
    return st.integers(least, back).map(lambda gone: (AS_OF - timedelta(days=gone)).isoformat())


@st.composite
def relapse_lists(draw: st.DrawFn) -> dict[str, Any]:
    """Give a whole relapse list, onsets 70 days apart or more, so that nothing folds."""
    gaps = draw(st.lists(st.integers(70, 400), max_size=5))
    gone, events = draw(st.integers(0, 200)), []
    for gap in gaps:
        before = draw(st.sampled_from(EDSS[2:16]))
        events.append(
            {
                "onset": (AS_OF - timedelta(days=gone)).isoformat(),
                "severity": draw(st.sampled_from(SEVERITIES)),
                "recovery": draw(st.sampled_from(RECOVERED)),
                "steroid_treated": draw(BOOLEANS),
                "disabling": draw(BOOLEANS),
                "confirmed_by_neurologist": draw(BOOLEANS),
                "systems": draw(st.lists(st.sampled_from(SYSTEMS), min_size=1, max_size=3, unique=True)),
                "edss_before": before,
                "edss_peak": before + draw(st.sampled_from([0, 0.5, 1, 2])),
            }
        )
        gone += gap
    return {"complete_since": "1990-01-01", "events": events}


@st.composite
def studies(draw: st.DrawFn) -> dict[str, Any]:
    """Give one whole MRI study."""
    gone = draw(st.integers(0, 900))
    return {
        "date": (AS_OF - timedelta(days=gone)).isoformat(),
        "regions": draw(st.lists(st.sampled_from(REGIONS), max_size=2, unique=True)),
        "contrast": True,
        "gd_lesions": draw(st.integers(0, 3)),
        "gd_max_diameter_mm": draw(st.integers(1, 9)),
        "new_t2": draw(st.integers(0, 4)),
        "enlarging_t2": draw(st.integers(0, 2)),
        "t2_lesions": draw(st.integers(0, 30)),
        "compared_with": (AS_OF - timedelta(days=gone + draw(st.integers(100, 500)))).isoformat(),
        "days_since_steroids": draw(st.integers(0, 90)),
        "cord_or_brainstem_lesions": draw(BOOLEANS),
    }


@st.composite
def course_lists(draw: st.DrawFn) -> dict[str, Any]:
    """Give a whole list of courses that follow each other."""
    gone, courses = draw(st.integers(0, 300)), []
    for number in range(draw(st.integers(0, 4))):
        long = draw(st.integers(20, 900))
        stop = AS_OF - timedelta(days=gone)
        course: dict[str, Any] = {
            "drug": draw(st.sampled_from(DRUGS)),
            "start": (stop - timedelta(days=long)).isoformat(),
            "outcome": draw(st.sampled_from(OUTCOMES)),
        }
        if number == 0 and draw(BOOLEANS):
            course["ongoing"] = True
        else:
            course |= {"stop": stop.isoformat(), "last_dose": (stop - timedelta(days=5)).isoformat()}
        courses.append(course)
        gone += long + draw(st.integers(1, 200))
    return {"complete": True, "courses": courses}


@st.composite
def whole_records(draw: st.DrawFn) -> dict[str, Any]:
    """Give a record in which everything is known to the day."""
    from referral.criteria import judgements

    scores = sorted(draw(st.lists(st.integers(0, 1000), max_size=4, unique=True)))
    flags = ("pregnant", "contraception_agreed", "severe_depression", "substance_addiction",
             "cognition_prevents_consent", "prior_hsct")  # fmt: skip
    infections = ("hiv", "hbv", "hcv", "syphilis", "tuberculosis", "htlv", "jcv")
    measures = ("lvef_pct", "dlco_pct", "tlc_pct", "pap_mmhg", "fev1_pct")
    return {
        "record": "1",
        "patient": {
            "birth_date": draw(days(30_000, 12_000)),
            "sex": draw(st.sampled_from(["female", "male"])),
        },
        "diagnosis": {
            "phenotype": draw(st.sampled_from(PHENOTYPES)),
            "criteria": draw(st.sampled_from(["McDonald 2010", "McDonald 2017", "Poser", "other"])),
            "symptom_onset": draw(days(9_000, 4_000)),
            "diagnosed_on": draw(days(4_000, 1_000)),
            "first_treated_on": draw(days(4_000, 100)),
            "csf_oligoclonal_bands": draw(BOOLEANS),
        },
        "relapses": draw(relapse_lists()),
        "edss": [
            {
                "date": (AS_OF - timedelta(days=gone)).isoformat(),
                "score": draw(st.sampled_from(EDSS)),
                "during_relapse": draw(BOOLEANS),
            }
            for gone in scores
        ],
        "mri": draw(st.lists(studies(), max_size=4)),
        "treatments": draw(course_lists()),
        "ambulation": {
            "distance_m": draw(st.sampled_from([0, 20, 100, 500])),
            "aid": draw(st.sampled_from(["none", "unilateral", "bilateral", "unable"])),
            "date": draw(days(500)),
        },
        "organ_function": {
            name: {"value": draw(st.integers(20, 90)), "date": draw(days(500))} for name in measures
        },
        "infection": {name: draw(st.sampled_from(["negative", "past", "active"])) for name in infections},
        "comorbidity": {name: draw(BOOLEANS) for name in flags},
        "judgements": {key: {"value": draw(BOOLEANS)} for key in judgements()},
    }


FORGETTABLE = {
    "severity", "recovery", "steroid_treated", "disabling", "confirmed_by_neurologist", "systems", "edss_before",
    "edss_peak", "gd_max_diameter_mm", "days_since_steroids", "start", "stop", "last_dose", "outcome", "complete",
    "complete_since", "birth_date", "sex", "phenotype", "criteria", "first_treated_on", "csf_oligoclonal_bands",
    "during_relapse", "distance_m", "aid",
}  # fmt: skip
"""Facts that can be forgotten without closing anything (contract of the case record, section 4)."""


@st.composite
def forgotten(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """Give the record with some facts forgotten and some dates known in part only."""
    chance = draw(st.randoms(use_true_random=False))
    share = chance.choice([0.05, 0.2, 0.6])

    def lose(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            kept = {key: lose(inner, key) for key, inner in value.items()}
            if name in ("judgements", "infection", "comorbidity", "organ_function"):
                return {key: inner for key, inner in kept.items() if chance.random() > share}
            return {
                key: inner for key, inner in kept.items() if key not in FORGETTABLE or chance.random() > share
            }
        if isinstance(value, list):
            return [lose(item) for item in value]
        if _is_day(value) and name != "diagnosed_on" and chance.random() < share:
            return value[:4] if chance.random() < 0.5 else value[:7]
        return value

    lost: dict[str, Any] = lose(copy.deepcopy(whole))
    lost["record"] = "1"
    return lost


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


# Trees of tests


KEYS = ("highly_active_ms", "severe_rapidly_evolving_ms", "aggressive_ms", "malignant_ms")


def _asked(key: str) -> Test:
    return JudgementOf(key, f"what {key} means", "judgement")


def trees() -> st.SearchStrategy[Test]:
    """Give a tree of joined tests whose leaves are judgements."""
    return st.recursive(
        st.sampled_from(KEYS).map(_asked),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=3).map(lambda tests: All(tuple(tests))),
            st.lists(inner, min_size=1, max_size=3).map(lambda tests: AnyOf(tuple(tests))),
            st.lists(inner, min_size=1, max_size=3).flatmap(
                lambda tests: st.integers(1, len(tests)).map(lambda number: AtLeast(number, tuple(tests)))
            ),
        ),
        max_leaves=5,
    )


def judged() -> st.SearchStrategy[dict[str, bool | None]]:
    """Give an answer to every judgement: yes, no, or nobody has said."""
    return st.fixed_dictionaries({key: st.sampled_from([True, False, None]) for key in KEYS})


# Dates known in part


@st.composite
def partial_days(draw: st.DrawFn, back: int = 800) -> str:
    """Give a day, a month or a year that began at most so many days before the day of the question."""
    day = (AS_OF - timedelta(days=draw(st.integers(0, back)))).isoformat()
    return draw(st.sampled_from([day, day[:7], day[:4]]))


def every_day(text: str, until: date = AS_OF) -> list[date]:
    """Give every day that a partial date may be, up to the day of the question."""
    partial = PartialDate.parse(text)
    first, last = partial.first.toordinal(), min(partial.last, until).toordinal()
    return [date.fromordinal(day) for day in range(first, last + 1)]


def json_values() -> st.SearchStrategy[Any]:
    """Give any JSON value, often with the names of the record and things that look like facts."""
    names = st.sampled_from([
        "record", "patient", "birth_date", "sex", "diagnosis", "relapses", "events", "onset", "edss", "date", "score",
        "mri", "treatments", "courses", "drug", "start", "stop", "ambulation", "organ_function", "lvef_pct", "value",
        "judgements", "comorbidity", "hct_ci", "on", "by", "min", "max",
    ])  # fmt: skip
    odd = st.sampled_from(
        ["1", "2016", "2016-05", "2016-02-30", "9999", "0001", "natalizumab", "RRMS", "female"]
    )
    leaf = st.none() | BOOLEANS | st.integers() | st.floats() | st.decimals() | st.text(max_size=5) | odd
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=4), inner, max_size=4)
        ),
        max_leaves=12,
    )
