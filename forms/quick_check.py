"""The quick check: six questions about nobody in particular, and every case record that the answers allow.

What is typed is less than a date: completed years, and counts in twelve months. A calendar year or month would
claim more than that, so each answer becomes the ends of what it may mean, and each combination of ends one record.
``referral.criteria.quick`` keeps what all of them agree on. Nothing here is stored.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

from forms.fields import (
    NOT_KNOWN,
    ChoiceField,
    CountField,
    EdssField,
    Fact,
    RadiosField,
    TickField,
    TicksField,
    WholeField,
)
from forms.parts import Section
from forms.texts import LONGEST_KEPT, quoted
from referral.criteria.case import rules
from referral.criteria.days import add_months, add_years, age_in_years
from referral.facts import CaseRecord, RecordError, read_record
from referral.reference import drugs
from referral.reference.names import PHENOTYPES

MOST_YEARS = 120
MOST_LESIONS = 10_000
"""More than these no case record takes (``referral.facts``)."""
MONTHS = 12
FOLD_DAYS = rules().fold_days
MOST_RELAPSES = 1 + 365 // FOLD_DAYS
"""More onsets than this in twelve months lie so near each other that they are one relapse."""
DRUGS = {
    drug.substance: drug.substance[:1].upper() + drug.substance[1:]
    for drug in sorted(drugs(), key=lambda drug: drug.substance)
    if drug.efficacy != "none"
}


class WholeUpTo(WholeField):
    """A whole number from 0 to a most. All that was pasted is kept in sight."""

    longest = LONGEST_KEPT

    def __init__(self, label: str, hint: str = "", *, most: int, **kwargs: Any) -> None:
        """Take the most."""
        super().__init__(label, hint, **kwargs)
        self.most = most
        self.allowed = f"a whole number in figures, from 0 to {most}"

    def read(self, text: str) -> int:
        """Give the number."""
        number = super().read(text)
        if number > self.most:
            raise ValueError(f"{quoted(text)} was given. Allowed: {self.allowed}.")
        return number


class Lesions(CountField):
    """A number of lesions, exact, at least, or a range."""

    longest = LONGEST_KEPT
    width = "5"
    allowed = f"{CountField.allowed}, and no more than {MOST_LESIONS}"

    def read(self, text: str) -> Any:
        """Give the count, within what the record takes."""
        count = super().read(text)
        if max(count.values() if isinstance(count, dict) else (count,)) > MOST_LESIONS:
            raise ValueError(f"{quoted(text)} was given. Allowed: {self.allowed}.")
        return count


class Score(EdssField):
    """An EDSS."""

    longest = LONGEST_KEPT


class QuickCheck(Section):
    """The six questions."""

    key = "quick-check"
    title = "Quick check"

    age = WholeUpTo("Age", "In completed years.", most=MOST_YEARS)
    phenotype = ChoiceField("Course", PHENOTYPES)
    since_diagnosis = WholeUpTo(
        "Completed years since the diagnosis", "Less than a year: 0.", most=MOST_YEARS
    )
    since_onset = WholeUpTo(
        "Completed years since the first symptom", "Less than a year: 0.", most=MOST_YEARS
    )
    relapses = WholeUpTo("Relapses", "How many began in the last 12 months. None: 0.", most=MOST_RELAPSES)
    mri = RadiosField("MRI in the last 12 months", {"yes": "Yes", "no": "No MRI"})
    gd_lesions = Lesions("Enhancing lesions", "The most in any one study; “at least 2” is allowed.")
    new_t2 = Lesions("New T2 lesions", "The most in any one study; “at least 2” is allowed.")
    edss = Score("EDSS", "The latest one, of the last 12 months.")
    failed = TicksField("Treatments that failed for lack of effect", DRUGS)
    all_named = TickField("Every treatment ever given is ticked here (none ticked: never treated)")

    def __init__(self, typed: Mapping[str, Any] | None = None) -> None:
        """Build the page from what was typed, or blank, and look for answers that cannot both be."""
        super().__init__(typed)
        for name, message in self.contradictions():
            self[name].fault(message)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Find answers that cannot both be true, by field name."""
        age, diagnosed, began = self.age.fact, self.since_diagnosis.fact, self.since_onset.fact
        if age is not None and diagnosed is not None and diagnosed > age:
            yield "since_diagnosis", f"{diagnosed} years are more than the age of {age}."
        if age is not None and began is not None and began > age:
            yield "since_onset", f"{began} years are more than the age of {age}."
        if diagnosed is not None and began is not None and began < diagnosed:
            yield "since_onset", f"The diagnosis, {diagnosed} years ago, would come before the first symptom."
        if self.mri.fact == "no" and (self.gd_lesions.touched or self.new_t2.touched):
            yield "mri", "No MRI is chosen, yet lesions are given."

    def given(self) -> Iterator[tuple[str, str]]:
        """Give each question with what counts as its answer, as it is shown; a wrong one is not known."""
        for fact in self.facts():
            if fact.name == "failed":
                yield fact.label.text, self._failed()
            elif fact.name != "all_named":
                yield fact.label.text, _counted(fact) or NOT_KNOWN.lower()

    def _failed(self) -> str:
        failed, all_named = _counted(self.failed), self.all_named.fact and not self.failed.errors
        if failed and all_named:
            return f"{failed} (no other treatment ever given)"
        return failed or ("none: never treated" if all_named else NOT_KNOWN.lower())

    def records(self, as_of: date) -> tuple[CaseRecord, ...]:
        """Give every record that the answers allow, at the ends of what they may mean.

        Wrong answers count as not known. Combinations that cannot be, such as a diagnosis before the first symptom,
        are left out; there is always at least one that can.
        """
        ends = (self._people(as_of), self._diagnoses(as_of), self._activity(as_of))
        common = {"record": "1", **self._undated(as_of)}
        found = []
        for (patient, onset), diagnosed, activity in product(*ends):
            diagnosis = {"phenotype": self.phenotype.fact, **onset, **diagnosed}
            try:
                found.append(
                    read_record({**common, "patient": patient, "diagnosis": diagnosis, **activity}, as_of)
                )
            except RecordError:
                continue
        return tuple(found)

    def _people(self, as_of: date) -> list[tuple[dict[str, str], dict[str, str]]]:
        """The oldest with the earliest first symptom, the youngest with the latest: age is asked in whole years."""
        births = _ends(self.age.fact, as_of, age_in_years)
        onsets = _ends(self.since_onset.fact, as_of, years_elapsed)
        people = [
            (_dated("birth_date", birth), _dated("symptom_onset", onset))
            for birth, onset in zip(births, onsets, strict=True)
        ]
        return people[: 1 if people[0] == people[1] else 2]

    def _diagnoses(self, as_of: date) -> list[dict[str, str]]:
        days = _ends(self.since_diagnosis.fact, as_of, years_elapsed)
        return [_dated("diagnosed_on", day) for day in dict.fromkeys(days)]

    def _undated(self, as_of: date) -> dict[str, Any]:
        """What carries no date of its own, or none that any criterion reads."""
        treatments: dict[str, Any] = {
            "courses": [{"drug": name, "outcome": "failed_efficacy"} for name in self.failed.fact or ()]
        }
        if self.all_named.fact and not self.failed.errors:
            treatments["complete"] = True
        elif not treatments["courses"]:
            treatments = {}
        score = self.edss.fact
        scores = [] if score is None else [{"date": as_of.isoformat(), "score": score}]
        return {"treatments": treatments, "edss": scores}

    def _activity(self, as_of: date) -> list[dict[str, Any]]:
        """Relapses and MRI, placed everywhere in the twelve months where it could make a difference.

        Relapses as early, as late and as much in the middle as they can lie; the MRI at both ends, in the middle, and
        in the middle of the relapses, where it is nearest to them. So windows of twelve months and more are answered,
        shorter ones only where no day could matter.
        """
        start = add_months(as_of, -MONTHS)
        placed = []
        for onsets in _packed(self.relapses.fact, start, as_of):
            for study in self._studies(onsets, start, as_of):
                relapses: dict[str, Any] = {}
                if onsets is not None:
                    events = [{"onset": day.isoformat()} for day in onsets]
                    relapses = {"complete_since": start.isoformat(), "events": events}
                placed.append({"relapses": relapses, "mri": study})
        return placed

    def _studies(self, onsets: list[date] | None, start: date, as_of: date) -> list[list[dict[str, Any]]]:
        counts = {"gd_lesions": self.gd_lesions.fact, "new_t2": self.new_t2.fact}
        if self.mri.errors or self.mri.fact == "no" or all(count is None for count in counts.values()):
            return [[]]
        days = {start, start + (as_of - start) / 2, as_of}
        if onsets:
            days.add(onsets[0] + (onsets[-1] - onsets[0]) / 2)
        return [[{"date": day.isoformat(), **counts}] for day in sorted(days)]


def _counted(fact: Fact) -> str:
    """What was answered, as it is shown; blank where nothing was or what was is wrong."""
    return "" if fact.fact is None else fact.shown


def _packed(count: int | None, start: date, as_of: date) -> list[list[date] | None]:
    """Give the onsets of so many relapses, as near each other as relapses can be: early, in the middle, late."""
    if not count:
        return [None if count is None else []]
    length = timedelta(days=FOLD_DAYS * (count - 1))
    firsts = dict.fromkeys((start, start + (as_of - start - length) / 2, as_of - length))
    return [[first + timedelta(days=FOLD_DAYS * place) for place in range(count)] for first in firsts]


def _ends(years: int | None, as_of: date, completed: Callable[[date, date], int]) -> tuple[date | None, ...]:
    """Give the first and the last day from which so many years are completed; twice nothing if not known.

    The days near both ends are tried, since 29 February moves them by one.
    """
    if years is None:
        return (None, None)
    early, late = add_years(as_of, -years - 1), add_years(as_of, -years)
    near = [end + timedelta(days=step) for end in (early, late) for step in range(-1, 3)]
    inside = [day for day in near if day <= as_of and completed(day, as_of) == years]
    return (min(inside), max(inside))


def years_elapsed(day: date, as_of: date) -> int:
    """Give the completed years from a day; anniversaries of 29 February stop at the 28th."""
    years = as_of.year - day.year
    return years if add_years(day, years) <= as_of else years - 1


def _dated(name: str, day: date | None) -> dict[str, str]:
    return {} if day is None else {name: day.isoformat()}
