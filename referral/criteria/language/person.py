"""Age, duration of the disease, diagnosis, coded facts, and what only a clinician can say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from referral.criteria.answer import UNKNOWN, Answer, Fact, Reason, settled, truth_between, truth_of
from referral.criteria.case import ANCHORS, Case
from referral.criteria.days import add_years, age_in_years, birthday
from referral.criteria.language.base import (
    Bounds,
    Mistake,
    Spec,
    Test,
    Vocabulary,
    a_word,
    any_of,
    is_one_of,
)
from referral.facts import CRITERIA, MALIGNANCY, PHENOTYPES, SEROLOGY, SEXES, PartialDate, say_date

CODES = {"diagnosis.criteria": CRITERIA, "patient.sex": SEXES, "comorbidity.malignancy": MALIGNANCY}
"""The coded facts that a test may read, with their codes."""

NAMES = {
    "diagnosis.phenotype": "Course",
    "diagnosis.criteria": "Diagnostic criteria",
    "diagnosis.csf_oligoclonal_bands": "Oligoclonal bands in the cerebrospinal fluid",
    "diagnosis.aqp4_igg": "AQP4-IgG",
    "diagnosis.mog_igg": "MOG-IgG",
    "patient.sex": "Sex",
    "infection.hiv": "HIV serology",
    "infection.hbv": "Hepatitis B serology",
    "infection.hcv": "Hepatitis C serology",
    "infection.syphilis": "Syphilis serology",
    "infection.tuberculosis": "Tuberculosis test",
    "infection.htlv": "HTLV serology",
    "infection.jcv": "JCV antibodies",
    "infection.active_infection": "Active infection",
    "infection.pml_suspected": "Suspected PML",
    "comorbidity.pregnant": "Pregnancy",
    "comorbidity.contraception_agreed": "Contraception agreed",
    "comorbidity.malignancy": "Cancer",
    "comorbidity.severe_depression": "Severe depression",
    "comorbidity.substance_addiction": "Substance addiction",
    "comorbidity.cognition_prevents_consent": "Cognitive deficit that prevents consent",
    "comorbidity.prior_hsct": "Earlier stem cell transplant",
}
"""How one says a coded fact."""


def named(path: str) -> str:
    """Say a fact's name."""
    return NAMES.get(path, path.rpartition(".")[2].replace("_", " "))


def _known(path: str, word: str) -> str:
    if not is_one_of(path, NAMES):
        raise Mistake(f"{word}: there is no coded fact {path!r}; the facts are {', '.join(NAMES)}")
    return path


def not_recorded(path: str, name: str) -> Answer:
    """The answer where the fact is not known."""
    return Answer(UNKNOWN, Reason.MISSING, lambda: f"{name}: not recorded", name_missing=lambda: (path,))


@a_word("age_years", "age_and_duration")
@dataclass(frozen=True)
class AgeYears(Test):
    """Completed years on the day of the question."""

    bounds: Bounds

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the bounds."""
        spec = Spec("age_years", given)
        test = cls(spec.bounds())
        spec.done()
        if not test.bounds:
            raise Mistake("age_years: a bound is missing")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare every age that the birth date allows."""
        birth = case.record.patient.birth_date
        if birth is None:
            return not_recorded("patient.birth_date", "Date of birth")
        first, last = case.span(birth)
        oldest, youngest = age_in_years(first, case.as_of), age_in_years(last, case.as_of)

        def tell() -> str:
            age = f"{youngest}" if youngest == oldest else f"{youngest} or {oldest}"
            return f"Age {age} years on {say_date(case.as_of)} (born {birth.words})"

        return settled(
            self.bounds.hold(youngest, oldest), Reason.IMPRECISE_DATE, tell,
            lambda: (Fact("patient.birth_date", birth.text, birth.text),),
            lambda: () if birth.exact else ("patient.birth_date",),
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """Birthdays at the ends of the range."""
        birth = case.record.patient.birth_date
        for day in set(case.span(birth)) if birth else ():
            yield from (birthday(day, age) for age in self.bounds.ends())

    def asks(self) -> str:
        """Say the range."""
        return f"{self.bounds.words()} is asked for"


@a_word("duration_years", "age_and_duration")
@dataclass(frozen=True)
class DurationYears(Test):
    """Years elapsed since an anchor. ``unstated``: the diagnosis if known, else the first symptom."""

    anchor: str
    bounds: Bounds

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read anchor and bounds."""
        spec = Spec("duration_years", given)
        anchor, bounds = spec.need("anchor"), spec.bounds()
        spec.done()
        if not is_one_of(anchor, (*ANCHORS, "unstated")) or not bounds:
            raise Mistake(f"duration_years: an anchor ({', '.join(ANCHORS)} or unstated) and a bound")
        return cls(anchor, bounds)

    def ask(self, case: Case) -> Answer:
        """Compare the day of the question with the anniversaries of every day the anchor may be."""
        name = self.anchor
        fallback = name == "unstated" and case.record.diagnosis.diagnosed_on is None
        if name == "unstated":
            name = "symptom_onset" if fallback else "diagnosed_on"
        anchor = case.anchor(name)
        if anchor is None:
            wanted = (
                ("diagnosis.diagnosed_on", "diagnosis.symptom_onset") if fallback else (f"diagnosis.{name}",)
            )
            label = "Date of the diagnosis and of the first symptom: not recorded" if fallback else ""
            return Answer(
                UNKNOWN, Reason.MISSING,
                lambda: label or f"Date of the {ANCHORS[name]}: not recorded",
                name_missing=lambda: wanted,
            )  # fmt: skip
        first, last = case.span(anchor)
        surely = self._reached(first=last, case=case) and self._kept(last=first, case=case)
        may = self._reached(first=first, case=case) and self._kept(last=last, case=case)
        missing = () if anchor.exact else (f"diagnosis.{name}",)
        return settled(
            truth_between(surely, may), Reason.IMPRECISE_DATE,
            lambda: self._tell(case, anchor, name, fallback),
            lambda: (Fact(f"diagnosis.{name}", anchor.text, anchor.text),),
            lambda: (*missing, "diagnosis.diagnosed_on") if fallback else missing,
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """Anniversaries at the ends of the range, and the days after them."""
        name = self.anchor
        if name == "unstated":
            name = "diagnosed_on" if case.record.diagnosis.diagnosed_on else "symptom_onset"
        anchor = case.anchor(name)
        for day in set(case.span(anchor)) if anchor else ():
            for years in self.bounds.ends():
                yield add_years(day, years)
                yield add_years(day, years) + timedelta(days=1)

    def _reached(self, first: date, case: Case) -> bool:
        """Whether enough time has passed since this day."""
        least, above = self.bounds.least, self.bounds.above
        return (least is None or case.as_of >= _on(first, least)) and (
            above is None or case.as_of > _on(first, above)
        )

    def _kept(self, last: date, case: Case) -> bool:
        """Whether not too much time has passed since this day."""
        most, below = self.bounds.most, self.bounds.below
        return (most is None or case.as_of <= _on(last, most)) and (
            below is None or case.as_of < _on(last, below)
        )

    def _tell(self, case: Case, anchor: PartialDate, name: str, fallback: bool) -> str:
        first, last = case.span(anchor)
        years = sorted({_years(first, case.as_of), _years(last, case.as_of)})
        said = " or ".join(map(str, years))
        note = "; no date of diagnosis is recorded, so the first symptom counts" if fallback else ""
        unstated = (
            "; the source names no starting point" if self.anchor == "unstated" and not fallback else ""
        )
        unit = "completed year" if years == [1] else "completed years"
        return f"{said} {unit} since the {ANCHORS[name]} ({anchor.words}){note}{unstated}"

    def asks(self) -> str:
        """Say the range."""
        return f"{self.bounds.words('years')} is asked for"


def _on(day: date, years: Decimal) -> date:
    return add_years(day, int(years))


def _years(day: date, as_of: date) -> int:
    whole = as_of.year - day.year
    return whole if add_years(day, whole) <= as_of else whole - 1


@dataclass(frozen=True)
class _OneOf(Test):
    """A coded fact is one of some codes."""

    path: str
    codes: tuple[str, ...]

    def possible(self, value: str) -> tuple[str, ...]:
        """The codes that the recorded value may stand for."""
        return (value,)

    def absent(self, value: Any) -> bool:
        """Whether the value says nothing."""
        return value is None or value == "unknown"

    def ask(self, case: Case) -> Answer:
        """Compare every code that the record allows."""
        value = case.record.get(self.path)
        if self.absent(value):
            return not_recorded(self.path, named(self.path))
        possible = set(self.possible(value))
        truth = truth_between(possible <= set(self.codes), bool(possible & set(self.codes)))

        def tell() -> str:
            return f"{named(self.path)}: {_said(value)}"

        return settled(
            truth, Reason.MISSING, tell,
            lambda: (Fact(self.path, value),), lambda: () if len(possible) == 1 else (self.path,),
        )  # fmt: skip

    def asks(self) -> str:
        """Say the codes."""
        return f"{any_of([_said(code) for code in self.codes])} is asked for"

    def asks_not(self) -> str:
        """Say that it must be another code."""
        return f"anything but {any_of([_said(code) for code in self.codes])} is asked for"


def _said(value: str) -> str:
    return value.replace("_", " ")


@a_word("phenotype", "diagnosis")
@dataclass(frozen=True)
class Phenotype(_OneOf):
    """The course of the disease."""

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the codes."""
        spec = Spec("phenotype", given)
        codes = spec.some("in", PHENOTYPES, needed=True)
        spec.done()
        return cls("diagnosis.phenotype", tuple(code for code in PHENOTYPES if code in codes))


@a_word("code", "diagnosis")
@dataclass(frozen=True)
class Code(_OneOf):
    """Any other coded field of the record; *unknown* counts as absent."""

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read path and codes."""
        spec = Spec("code", given)
        path = spec.need("path")
        if not is_one_of(path, CODES):
            raise Mistake(f"code: path is one of {', '.join(CODES)}, not {path!r}")
        codes = spec.some("in", CODES[path], needed=True)
        spec.done()
        return cls(path, tuple(code for code in CODES[path] if code in codes))


@a_word("serology", "fitness")
@dataclass(frozen=True)
class Serology(_OneOf):
    """A serology: *positive* may be past or active, *not tested* is not known."""

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read path and codes."""
        spec = Spec("serology", given)
        path = _known(spec.need("path"), "serology")
        codes = spec.some("in", SEROLOGY, needed=True)
        spec.done()
        return cls(path, tuple(code for code in SEROLOGY if code in codes))

    def possible(self, value: str) -> tuple[str, ...]:
        """*Positive* may be past or active."""
        return ("past", "active") if value == "positive" else (value,)

    def absent(self, value: Any) -> bool:
        """A test not done says nothing."""
        return value is None or value == "not_tested"


@a_word("flag", "fitness")
@dataclass(frozen=True)
class Flag(Test):
    """A yes or no in the record."""

    path: str
    wanted: bool

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read path and the answer asked for."""
        spec = Spec("flag", given)
        path, wanted = _known(spec.need("path"), "flag"), spec.need("is")
        spec.done()
        if not isinstance(wanted, bool):
            raise Mistake(f"flag: is takes true or false, not {wanted!r}")
        return cls(path, wanted)

    def ask(self, case: Case) -> Answer:
        """Compare the flag."""
        value = case.record.get(self.path)
        if value is None:
            return not_recorded(self.path, named(self.path))
        word = "yes" if value else "no"
        return settled(
            truth_of(value is self.wanted), Reason.MISSING, lambda: f"{named(self.path)}: {word}",
            lambda: (Fact(self.path, value),),
        )  # fmt: skip

    def asks(self) -> str:
        """Say the answer asked for."""
        return f"{'yes' if self.wanted else 'no'} is asked for"


@a_word("judgement", "judgement")
@dataclass(frozen=True)
class JudgementOf(Test):
    """What only a clinician can say; a rule whose source gives no number reads this and no number of ours."""

    key: str
    meaning: str
    topic: str

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the judgement's key."""
        if not is_one_of(given, vocabulary.judgements):
            raise Mistake(f"there is no judgement {given!r}; add it, with its meaning, to vocabulary.yaml")
        meaning, topic = vocabulary.judgements[given]
        return cls(given, meaning, topic)

    def ask(self, case: Case) -> Answer:
        """Read the judgement."""
        path = f"judgements.{self.key}"
        judgement = (case.record.judgements or {}).get(self.key)
        if judgement is None:
            return Answer(
                UNKNOWN, Reason.JUDGEMENT_NEEDED,
                lambda: f"“{self.meaning.rstrip('.')}”: no clinician has said yet",
                name_missing=lambda: (path,),
            )  # fmt: skip

        def tell() -> str:
            by = judgement.by or "person not recorded"
            when = judgement.on.words if judgement.on else "date not recorded"
            word = "yes" if judgement.value else "no"
            return f"“{self.meaning.rstrip('.')}”: {word}, said by {by} ({when})"

        dated = judgement.on.text if judgement.on else None
        return settled(
            truth_of(judgement.value), Reason.JUDGEMENT_NEEDED, tell,
            lambda: (Fact(path, judgement.value, dated),),
        )  # fmt: skip

    def asks(self) -> str:
        """Say that a yes is asked for."""
        return "a clinician's yes is asked for"

    def asks_not(self) -> str:
        """Say that a no is asked for."""
        return "a clinician's no is asked for"
