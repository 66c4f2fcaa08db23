"""The courses of treatment, each with its outcome."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from forms.drugs import DrugField
from forms.fields import ChoiceField, FlagField, PartialDateField, TickField
from forms.parts import Part, Rows, Section, Typed
from forms.texts import quoted
from referral.reference import drugs_named

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

OUTCOMES = {
    "failed_efficacy": "Failed: the disease stayed active",
    "intolerance": "Not tolerated",
    "safety": "Stopped for safety",
    "contraindicated": "Contraindicated",
    "pregnancy": "Pregnancy",
    "patient_choice": "The person’s choice",
    "effective": "Effective",
    "planned_end": "Ended as planned",
    "other": "Other",
}


class CourseForm(Part):
    """One course of one drug."""

    needed = ("drug",)
    noun = "course"

    drug = DrugField("Drug")
    unlisted = TickField("This drug is not in the list", recorded=False)
    start = PartialDateField("Start")
    stop = PartialDateField("Stop (the switch or decision)")
    last_dose = PartialDateField("Last dose (infusion, tablet)")
    ongoing = FlagField("Still the treatment")
    outcome = ChoiceField("Outcome", OUTCOMES)

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Find a drug that nobody knows and nobody has said to be one that the list lacks."""
        name = self.drug.data
        if name and not self.drug.errors and not self.drug.listed and not self.unlisted.fact:
            near = [drug.said for drug in self.drug.near]
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            yield (
                "drug",
                f"{quoted(self.drug.typed)} was given and is not in the list.{meant} Allowed: a drug of the "
                "list, by its international or brand name; or tick “not in the list”.",
            )

    def write(self, plain: Mapping[str, Any], typed: Typed) -> None:
        """Say of a drug that the list lacks that it does."""
        unlisted = not drugs_named(plain["drug"])
        super().write({**plain, "unlisted": unlisted or None}, typed)


class TreatmentsForm(Section):
    """The courses of treatment."""

    key = "treatments"
    title = "Treatments"
    why = (
        "Which drugs were given, for how long, and which failed. Without the word that the list is complete, "
        "further courses may exist."
    )
    root = "treatments"
    asked = ("complete",)

    complete = FlagField(
        "Every course ever given is listed",
        "“Yes” with no course below says: never treated",
    )
    courses = Rows(
        CourseForm,
        "Courses",
        "“Stop” is the day on which a drug ceased to be the person’s treatment (the switch, the decision), not "
        "its last infusion: that is the “last dose”. Dates may be a day, a month or a year, day first.",
    )

    def read(self, path: str, found: Any) -> dict[str, Any] | None:
        """Give the courses. A list said to be complete, with none in it, says: never treated.

        A list of which a course cannot be read is not complete, whatever was said of it.
        """
        plain = super().read(path, found) or {}
        if plain.get("complete") and len(plain.get("courses", ())) < self.courses.touched_rows:
            del plain["complete"]
        if plain.get("complete"):
            plain.setdefault("courses", [])
        return plain or None

    @classmethod
    def keep(cls, posted: "MultiDict[str, str]") -> Typed:
        """Keep what was typed. A button ``take-courses`` puts the drug that it offers in place of a misspelt one.

        Its value names the row and the drug; it takes nothing that is not offered for what was sent.
        """
        row, _, name = posted.get("take-courses", "").partition(" ")
        if row.isascii() and row.isdigit():
            drug = CourseForm(formdata=posted, prefix=f"courses-{row}").drug
            if name in (near.name for near in drug.near):
                posted = posted.copy()
                posted[drug.name] = name
        return super().keep(posted)
