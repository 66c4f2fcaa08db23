"""Measurements, walking and the comorbidity index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from referral.criteria.answer import NO, UNKNOWN, YES, Answer, Fact, Reason, Truth, every, settled, truth_of
from referral.criteria.case import Case, in_unit
from referral.criteria.language.base import Bounds, Mistake, Spec, Test, Vocabulary, a_word, is_one_of
from referral.criteria.language.person import not_recorded
from referral.facts import AIDS, OrganFunction, Performance
from referral.scores.hct_ci import hct_ci
from referral.scores.hct_ci import items as hct_ci_items

MEASURES = {
    "organ_function.lvef_pct": ("Left ventricular ejection fraction", "%"),
    "organ_function.dlco_pct": ("Diffusing capacity", "% of predicted"),
    "organ_function.dlco_va_pct": ("Diffusing capacity per alveolar volume", "% of predicted"),
    "organ_function.fev1_pct": ("FEV1", "% of predicted"),
    "organ_function.fev1_fvc_pct": ("FEV1/FVC", "%"),
    "organ_function.tlc_pct": ("Total lung capacity", "% of predicted"),
    "organ_function.pap_mmhg": ("Pulmonary artery pressure", "mmHg"),
    "organ_function.creatinine_umol_l": ("Creatinine", "µmol/L"),
    "organ_function.egfr": ("eGFR", "mL/min/1.73 m²"),
    "organ_function.bilirubin_x_uln": ("Bilirubin", "× upper limit of normal"),
    "organ_function.alt_x_uln": ("ALT", "× upper limit of normal"),
    "organ_function.bmi": ("Body mass index", "kg/m²"),
    "organ_function.neutrophils_e9_l": ("Neutrophils", "× 10⁹/L"),
    "organ_function.lymphocytes_e9_l": ("Lymphocytes", "× 10⁹/L"),
    "organ_function.platelets_e9_l": ("Platelets", "× 10⁹/L"),
    "performance.ecog": ("ECOG performance status", ""),
    "performance.karnofsky": ("Karnofsky performance status", ""),
}
"""Every measurement of the record: its name and its unit."""
assert {path.rpartition(".")[2] for path in MEASURES} == {  # noqa: S101 - a name forgotten here must not pass
    *OrganFunction.__dataclass_fields__,
    *Performance.__dataclass_fields__,
}

AID_WORDS = {
    "none": "without help",
    "unilateral": "with help on one side",
    "bilateral": "with help on both sides",
    "unable": "unable to walk",
}


@a_word("measurement", "fitness")
@dataclass(frozen=True)
class MeasurementOf(Test):
    """A dated number: stale after twelve months; undated it cannot be relied on."""

    path: str
    bounds: Bounds

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read path and bounds."""
        spec = Spec("measurement", given)
        test = cls(spec.need("path"), spec.bounds())
        spec.done()
        if not is_one_of(test.path, MEASURES) or not test.bounds:
            raise Mistake(f"measurement: a bound and one of {', '.join(MEASURES)}, not {test.path!r}")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare the value, if it is of the last twelve months."""
        name, unit = MEASURES[self.path]
        measured = case.record.get(self.path)
        if measured is None:
            return not_recorded(self.path, name)
        unit = f" {unit}" if unit else ""
        fact = Fact(self.path, float(measured.value), measured.date.text if measured.date else None)
        said = f"{name} {measured.value}{unit}"
        if measured.date is None:
            return Answer(
                UNKNOWN, Reason.IMPRECISE_DATE, lambda: f"{said}, without a date",
                lambda: (fact,), lambda: (self.path, f"{self.path}.date"),
            )  # fmt: skip
        dated = f"{said} ({measured.date.words})"
        fresh = case.fresh(*case.span(measured.date))
        if fresh is not YES:
            return _too_old(fresh, dated, fact, self.path, exact=measured.date.exact)
        truth = self.bounds.hold(measured.value, measured.value)
        return settled(truth, Reason.MISSING, lambda: dated, lambda: (fact,))

    def turns(self, case: Case) -> Iterator[date]:
        """When the value becomes stale."""
        measured = case.record.get(self.path)
        return case.turns_stale(measured.date if measured else None)

    def asks(self) -> str:
        """Say the range."""
        return f"{self.bounds.words(MEASURES[self.path][1].split(' of ')[0])} is asked for"


def _too_old(fresh: Truth, said: str, fact: Fact, path: str, *, exact: bool) -> Answer:
    stale = fresh is NO
    age = "is older than 12 months" if stale else "may be older than 12 months"
    missing = (path,) if exact or stale else (path, f"{path}.date")
    reason = Reason.STALE if stale else Reason.IMPRECISE_DATE
    return Answer(UNKNOWN, reason, lambda: f"{said} {age}", lambda: (fact,), lambda: missing)


@a_word("ambulation", "disability")
@dataclass(frozen=True)
class Walks(Test):
    """How far, and with what help at most: none < unilateral < bilateral < unable."""

    least_m: int | None
    aid_at_most: str | None

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read distance and aid."""
        spec = Spec("ambulation", given)
        test = cls(spec.whole("min_distance_m"), spec.take("aid_at_most"))
        spec.done()
        if test.aid_at_most not in (None, *AIDS) or (test.least_m is None and test.aid_at_most is None):
            raise Mistake("ambulation: give min_distance_m, aid_at_most, or both")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare distance and aid, if they are of the last twelve months."""
        walked = case.record.ambulation
        if walked.distance_m is None and walked.aid is None:
            return not_recorded("ambulation", "Walking distance")
        said = self._said(walked.distance_m, walked.aid)
        value = {"distance_m": walked.distance_m, "aid": walked.aid}
        fact = Fact("ambulation", value, walked.date.text if walked.date else None)
        if walked.date is None:
            return Answer(
                UNKNOWN, Reason.IMPRECISE_DATE, lambda: f"{said}, without a date",
                lambda: (fact,), lambda: ("ambulation", "ambulation.date"),
            )  # fmt: skip
        dated = f"{said} ({walked.date.words})"
        fresh = case.fresh(*case.span(walked.date))
        if fresh is not YES:
            return _too_old(fresh, dated, fact, "ambulation", exact=walked.date.exact)
        truths, missing = [], []
        if self.least_m is not None:
            truths.append(truth_of(None if walked.distance_m is None else walked.distance_m >= self.least_m))
            missing += ["ambulation.distance_m"] if walked.distance_m is None else []
        if self.aid_at_most is not None:
            allowed = AIDS[: AIDS.index(self.aid_at_most) + 1]
            truths.append(truth_of(None if walked.aid is None else walked.aid in allowed))
            missing += ["ambulation.aid"] if walked.aid is None else []
        return settled(every(truths), Reason.MISSING, lambda: dated, lambda: (fact,), lambda: missing)

    def turns(self, case: Case) -> Iterator[date]:
        """When the walk becomes stale."""
        return case.turns_stale(case.record.ambulation.date)

    def _said(self, distance: int | None, aid: str | None) -> str:
        far = "distance not recorded" if distance is None else f"{distance} m"
        return f"Walks {far}, {AID_WORDS[aid] if aid else 'aid not recorded'}"

    def asks(self) -> str:
        """Say distance and aid."""
        parts = [f"{self.least_m} m or more"] if self.least_m is not None else []
        if self.aid_at_most is not None:
            most = " at most" if self.aid_at_most != "none" else ""
            parts.append(f"{AID_WORDS[self.aid_at_most]}{most}")
        return f"{' '.join(parts)} is asked for"


@a_word("hct_ci", "fitness")
@dataclass(frozen=True)
class HctCi(Test):
    """The sum of the HCT-CI weights, a range while items are not known."""

    bounds: Bounds

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the bounds."""
        spec = Spec("hct_ci", given)
        test = cls(spec.bounds())
        spec.done()
        if not test.bounds:
            raise Mistake("hct_ci: a bound is missing")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare every sum that is possible."""
        items = dict(case.record.comorbidity.hct_ci or {})
        low, high = hct_ci(items)
        unknown = [item for item in hct_ci_items() if item not in items]

        def tell() -> str:
            return (
                f"HCT-CI {low}"
                if low == high
                else f"HCT-CI {low} to {high}, {in_unit(len(unknown), 'items')} not known"
            )

        return settled(
            self.bounds.hold(low, high), Reason.MISSING, tell,
            lambda: (Fact(f"comorbidity.hct_ci.{item}", value) for item, value in items.items()),
            lambda: (f"comorbidity.hct_ci.{item}" for item in unknown),
        )  # fmt: skip

    def asks(self) -> str:
        """Say the range."""
        return f"{self.bounds.words()} is asked for"
