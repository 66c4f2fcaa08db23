"""The EDSS scores."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from forms.fields import ChoiceField, EdssField, FlagField, PartialDateField, edss_in_words
from forms.parts import Found, Group, Part, Rows, Section, Typed
from forms.texts import quoted
from referral.scores.edss import SYSTEMS, CannotScore, EdssFound, edss_from_systems, highest_grade

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

SOURCES = {
    "examined": "Examined",
    "recorded": "Taken from the notes",
    "patient_reported": "Reported by the person",
}
SCALES = {
    scale: f"{name}, 0 to {highest_grade('ambulation', scale)}"
    for scale, name in (("score", "Neurostatus score"), ("index", "Older index"))
}
NAMES = {
    "visual": "Visual",
    "brainstem": "Brainstem",
    "pyramidal": "Pyramidal",
    "cerebellar": "Cerebellar",
    "sensory": "Sensory",
    "bowel_bladder": "Bowel and bladder",
    "cerebral": "Cerebral",
    "ambulation": "Ambulation",
}


class GradeField(ChoiceField):
    """One grade of a functional system, or of ambulation."""

    def __init__(self, system: str, **kwargs: Any) -> None:
        """Take the system: its name and its grades follow."""
        grades = {str(grade): str(grade) for grade in range(highest_grade(system) + 1)}
        super().__init__(NAMES[system], grades, **kwargs)

    def read(self, text: str) -> int:
        """Give the grade as a number."""
        return int(super().read(text))


class WorkedOut(NamedTuple):
    """What the functional systems come to: a score with its notes, or why there is none."""

    score: str
    notes: tuple[str, ...]


class FunctionalSystemsForm(Part):
    """Raw Kurtzke grades and ambulation, of which only the Neurostatus score goes into the record."""

    visual = GradeField("visual")
    brainstem = GradeField("brainstem")
    pyramidal = GradeField("pyramidal")
    cerebellar = GradeField("cerebellar")
    sensory = GradeField("sensory")
    bowel_bladder = GradeField("bowel_bladder")
    cerebral = GradeField("cerebral")
    ambulation = GradeField("ambulation")
    ambulation_scale = ChoiceField("Ambulation is written as", SCALES, recorded=False)

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Find ambulation whose scale nobody has said, or that its scale does not have."""
        grade, scale = self.ambulation.data, self.ambulation_scale.fact
        if grade is None:
            return
        if scale is None:
            yield (
                "ambulation_scale",
                f"Ambulation {quoted(str(grade))} was given without its scale. Until it is chosen, "
                "ambulation is not recorded and nothing is worked out.",
            )
        elif grade > highest_grade("ambulation", scale):
            yield "ambulation", f"{quoted(str(grade))} was given. Allowed: {SCALES[scale]}."

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give the grades; of ambulation only the Neurostatus score, which is what the record holds."""
        plain = super().read(path, found)
        if plain and self.ambulation_scale.fact != "score":
            plain.pop("ambulation", None)
        return plain

    def write(self, plain: Mapping[str, Any], typed: Typed) -> None:
        """Say of the ambulation of a record that it is the Neurostatus score."""
        scale = "score" if plain.get("ambulation") is not None else None
        super().write({**plain, "ambulation_scale": scale}, typed)

    @property
    def worked_out(self) -> WorkedOut | None:
        """What these grades come to; ``None`` where nothing is given, or ambulation without its scale."""
        scale = self.ambulation_scale.fact
        if not self.touched or (self.ambulation.touched and scale is None):
            return None
        grades = {name: self[name].fact for name in NAMES}
        try:
            found = edss_from_systems(grades, scale=scale or "score")
        except CannotScore as why:
            return WorkedOut("", (f"Not worked out: {_in_words(str(why))}.",))
        return WorkedOut(edss_in_words(found.score), tuple(_notes(grades, found)))


def _notes(grades: Mapping[str, int | None], found: EdssFound) -> Iterator[str]:
    """Say what the score rests on, and what one would look at again."""
    if not found.converted:
        yield "Walking alone settles it."
    changed = [
        f"{NAMES[name].lower()} {grades[name]} counts as {found.converted[name]}"
        for name in SYSTEMS
        if name in found.converted and found.converted[name] != grades[name]
    ]
    if changed:
        yield f"Converted grades: {', '.join(changed)}."
    if found.derived:
        yield "The published table does not have this row; the step is derived from its neighbours."
    for doubt in found.doubts:
        yield f"Please check: {doubt}."


def _in_words(text: str) -> str:
    return text.replace("_", " and ")


class ScoreForm(Part):
    """One EDSS."""

    needed = ("date", "score")
    noun = "EDSS"

    date = PartialDateField("Date")
    score = EdssField("EDSS")
    source = ChoiceField("How it was found", SOURCES)
    during_relapse = FlagField("Taken during a relapse")
    functional_systems = Group(
        FunctionalSystemsForm,
        "Functional systems",
        "Raw grades, as examined. Not known: not tested.",
    )

    @property
    def worked_out(self) -> WorkedOut | None:
        """What the functional systems come to."""
        found: WorkedOut | None = self.functional_systems.form.worked_out
        return found

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give the score as typed; where the functional systems come to another, say both."""
        plain = super().read(path, found)
        worked_out = self.worked_out
        if worked_out and worked_out.score and self.score.fact is not None:
            typed = edss_in_words(self.score.fact)
            if typed != worked_out.score:
                self.score.doubt(
                    f"{quoted(typed)} was given; the functional systems come to {worked_out.score}. "
                    "What was given stands."
                )
        return plain


class EdssForm(Section):
    """The EDSS scores."""

    key = "edss"
    title = "EDSS"
    why = "The latest one is read, if it is not older than a year. Earlier ones show whether it rose."
    asked = ("edss",)

    edss = Rows(
        ScoreForm,
        "Every EDSS on record",
        "0, 1.0, 1.5 and so on by halves up to 10, with a point. Dates may be a day, a month or a year, day first.",
    )

    @classmethod
    def keep(cls, posted: "MultiDict[str, str]") -> Typed:
        """Keep what was typed. A button ``take-edss`` puts the score that it shows where none was typed.

        Its value names the row and the score; it takes nothing that the grades, as sent, do not come to.
        """
        row, _, score = posted.get("take-edss", "").partition(" ")
        if row.isascii() and row.isdigit():
            sent = ScoreForm(formdata=posted, prefix=f"edss-{row}")
            if not sent.score.touched and sent.worked_out and sent.worked_out.score == score:
                posted = posted.copy()
                posted[sent.score.name] = score
        return super().keep(posted)
