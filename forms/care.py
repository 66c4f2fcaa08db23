"""What is typed after an acceptance: the plan of the work-up, the transplant, the follow-up."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Self

from forms.fields import (
    ChoiceField,
    CountField,
    EdssField,
    FlagField,
    LongTextField,
    PartialDateField,
    TextField,
)
from forms.parts import Part, Rows, Section
from forms.texts import quoted
from referral.facts import LONGEST_TEXT, PartialDate, say_date


class DayField(PartialDateField):
    """One day, not a month or a year."""

    def read(self, text: str) -> str:
        """Give the day."""
        day = super().read(text)
        if not PartialDate.parse(day).exact:
            raise ValueError(
                f"{quoted(text)} was given. Allowed: a day, such as 17 May 2016 or 17/05/2016 (day first)."
            )
        return day

    def refuse_after(self, today: date) -> None:
        """Refuse a day that is still to come."""
        if self.fact and date.fromisoformat(self.fact) > today:
            self.fault(f"{say_date(self.fact)} was given. Allowed: a day up to today, {say_date(today)}.")


class OwnerField(ChoiceField):
    """Who sees to it. Who may is for the caller to say."""

    blank = "Nobody yet"

    def read(self, text: str) -> str:
        """Give the id; the caller refuses others."""
        return text

    def offer(self, people: Mapping[str, str]) -> None:
        """Take the people who may be named; refuse any other."""
        self.choices = people
        if self.fact and self.fact not in people:
            self.fault("This person cannot be named here. Allowed: a person of the list.")


class StepForm(Part):
    """One thing of the work-up. ``item`` tells an old line from a new one."""

    noun = "line"

    item = TextField("Item")
    words = TextField("What")
    owner = OwnerField("Who", {})
    due = DayField("By")
    done = DayField("Done on")
    note = TextField("Note")


class CareForm(Section):
    """A page of the care after an acceptance."""

    @classmethod
    def showing(cls, facts: Mapping[str, Any]) -> Self:
        """Give the page with these facts typed into it."""
        typed: dict[str, list[str]] = {}
        cls().write(facts, typed)
        return cls(typed)


class PlanForm(CareForm):
    """The plan of a work-up."""

    key = "plan"
    title = "Work-up"

    steps = Rows(StepForm, "Work-up")

    def read_steps(self, people: Mapping[str, str], today: date) -> list[dict[str, Any]]:
        """Give the lines; what is wrong is among the problems of the page."""
        for row in self.steps.entries:
            row.form.owner.offer(people)
            row.form.done.refuse_after(today)
            if row.form.touched and not row.form.item.touched and not row.form.words.touched:
                row.form.words.fault("This is missing.")
        steps: list[dict[str, Any]] = (self.read("", {}) or {}).get("steps", [])
        return steps


class TransplantForm(CareForm):
    """The day of the transplant."""

    key = "transplant"
    title = "Transplant"
    needed: ClassVar[tuple[str, ...]] = ("given_on",)

    given_on = DayField("Day 0", "The day on which the cells were given back, such as 17 May 2016.")
    note = LongTextField("Note", most=LONGEST_TEXT)

    def read_transplant(self, today: date) -> dict[str, Any]:
        """Give what was typed; what is wrong is among the problems of the page."""
        self.given_on.refuse_after(today)
        if not self.given_on.touched:
            self.given_on.fault("This is missing.")
        return self.read("", {}) or {}


class FollowUpForm(CareForm):
    """One visit after the transplant. Whatever is blank is not known."""

    key = "follow_up"
    title = "Follow-up"
    needed: ClassVar[tuple[str, ...]] = ("seen_on",)

    seen_on = DayField("Day of the visit")
    edss = EdssField("EDSS")
    relapses = CountField(
        "Relapses since the visit before", "A number, “at least 1”, or 0 where there was none"
    )
    mri_on = PartialDateField("Date of the MRI", "Blank: none, or not known")
    contrast = FlagField("Contrast given")
    gd_lesions = CountField("Enhancing lesions")
    new_t2 = CountField("New or enlarging T2 lesions")
    note = LongTextField("Note", most=LONGEST_TEXT)

    def read_visit(self, day_0: date, today: date) -> dict[str, Any]:
        """Give what was typed; what is wrong is among the problems of the page."""
        self.seen_on.refuse_after(today)
        if not self.seen_on.touched:
            self.seen_on.fault("This is missing.")
        if self.seen_on.fact and date.fromisoformat(self.seen_on.fact) < day_0:
            self.seen_on.fault(f"{say_date(self.seen_on.fact)} was given. Day 0 was {say_date(day_0)}.")
        if self.mri_on.fact and PartialDate.parse(self.mri_on.fact).first > today:
            self.mri_on.fault(f"{say_date(self.mri_on.fact)} was given. Allowed: a date up to today.")
        return self.read("", {}) or {}


class CorrectTransplantForm(TransplantForm):
    """The day of the transplant, corrected."""

    reason = LongTextField("Why it is corrected", most=LONGEST_TEXT)


class CorrectFollowUpForm(FollowUpForm):
    """A visit, corrected."""

    reason = LongTextField("Why it is corrected", most=LONGEST_TEXT)
