"""The course of the disease as one picture: where each mark lies, and the same data as rows of a table.

Plain drawing data from a record and the day the question is asked for; ``templates/sections/course.svg``
draws it. One time axis runs from the first recorded date to that day. A date known to the month or year is
drawn as the range it may be. What is not recorded is said, and never drawn as none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import zip_longest
from typing import TypeVar

from referral.facts import CaseRecord, Course, MriStudy, PartialDate, Relapse, say_date
from referral.packet import words
from referral.packet.axis import Axis, Tick
from referral.packet.timeline import Row, timeline

WIDTH = 720.0
LEFT, RIGHT = 118.0, 704.0
NOW = 692.0  # today's line; an open-ended bar runs past it
ROW = 15.0  # height of one row of marks
LETTER = 5.0  # width of an average letter of a label
MOST_ROWS = 16  # rows of marks in one lane; what does not fit is left to the table, and said
MOST_BARS = 40  # rows of bars
LEGEND = 98.0  # height of the axis's labels and the legend
EDSS_HEIGHT = 104.0
EDSS_LINES = (0, 2, 4, 6, 8, 10)
SIZES = {"mild": 3.4, "moderate": 4.8, "severe": 6.4}
FILLS = {"complete": "open", "incomplete": "full", "none": "full", "ongoing": "half"}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark: its place, the range its date may lie in, and what it says."""

    x: float
    y: float = 0.0
    earliest: float
    latest: float
    shape: str
    fill: str = "full"
    size: float = 4.8
    label: str = ""
    label_before: bool = False
    left: float
    right: float

    @property
    def ranged(self) -> bool:
        """Whether its date is a range wide enough to be drawn."""
        return self.latest - self.earliest > 1.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One course of treatment: the part surely inside it, the parts that may be, and its label."""

    y: float = 0.0
    may_start: float
    may_end: float
    surely_from: float
    surely_to: float
    ongoing: bool
    label: str
    label_x: float
    left: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One band of the picture. ``empty`` says what to print where nothing can be drawn."""

    name: str
    notes: tuple[str, ...] = ()
    top: float
    height: float
    empty: str = ""
    complete_from: float | None = None

    @property
    def bottom(self) -> float:
        """Its base line."""
        return self.top + self.height


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Everything that the template draws, in its place."""

    title: str
    description: str
    height: float
    bottom: float
    today: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    edss_lines: tuple[tuple[float, int], ...]
    edss_path: str
    edss: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    left_out: str
    rows: tuple[Row, ...]


Placed = TypeVar("Placed", Mark, Bar)


def _rows(things: Sequence[Placed], most: int) -> tuple[list[tuple[int, Placed]], int]:
    """Put each thing in the first row where it touches no other; count those that no row has room for."""
    rows: list[list[Placed]] = [[] for _ in range(most)]
    placed: list[tuple[int, Placed]] = []
    for thing in things:
        for number, row in enumerate(rows):
            if all(thing.right <= other.left or other.right <= thing.left for other in row):
                row.append(thing)
                placed.append((number, thing))
                break
    return placed, len(things) - len(placed)


def course(record: CaseRecord, as_of: date) -> Picture:
    """Draw up the picture of one record as asked about on one day."""
    return _Drawing(record, as_of).picture()


class _Drawing:
    """One picture in the making: lanes one below the other, each as high as its rows need."""

    def __init__(self, record: CaseRecord, as_of: date) -> None:
        self.record, self.as_of = record, as_of
        self.axis = Axis(_first_day(record, as_of), as_of, LEFT, NOW)
        self.y = 22.0
        self.lanes: list[Lane] = []
        self.marks: list[Mark] = []
        self.bars: list[Bar] = []
        self.left_out: list[str] = []

    def picture(self) -> Picture:
        key_dates = [self._key_date(name, day) for name, day in _key_dates(self.record) if day]
        self._lane("Key dates", key_dates, "none recorded")
        edss_top = self.y
        edss = self._edss(edss_top)
        self._relapses()
        self._mri()
        self._treatments()
        return Picture(
            title=f"Disease course from {say_date(self.axis.first)} to {say_date(self.as_of)}",
            description=_describe(self.record),
            height=self.y + 20 + LEGEND,
            bottom=self.y,
            today=say_date(self.as_of),
            ticks=self.axis.ticks(),
            lanes=tuple(self.lanes),
            edss_lines=tuple((_edss_y(edss_top, score), score) for score in EDSS_LINES),
            edss_path=_steps(edss),
            edss=edss,
            marks=tuple(self.marks),
            bars=tuple(self.bars),
            left_out="; ".join(self.left_out),
            rows=timeline(self.record),
        )

    def _lane(
        self, name: str, marks: Sequence[Mark], empty: str, notes: tuple[str, ...] = (),
        complete_from: float | None = None,
    ) -> None:  # fmt: skip
        """Add a lane of marks, stacked upwards from its base line."""
        placed, left_out = _rows(sorted(marks, key=lambda mark: mark.x), MOST_ROWS)
        rows = 1 + max((row for row, _ in placed), default=0)
        height = max(rows * ROW, 12.0 * (1 + len(notes))) + 4
        self._add(name, height, "" if marks else empty, notes, complete_from)
        bottom = self.lanes[-1].bottom
        self.marks += [replace(mark, y=round(bottom - ROW * (row + 0.5) - 1, 1)) for row, mark in placed]
        self._leave_out(name, left_out)

    def _add(
        self,
        name: str,
        height: float,
        empty: str,
        notes: tuple[str, ...] = (),
        complete_from: float | None = None,
    ) -> None:
        self.lanes.append(
            Lane(name=name, notes=notes, top=self.y, height=height, empty=empty, complete_from=complete_from)
        )
        self.y += height + 7

    def _leave_out(self, name: str, number: int) -> None:
        if number:
            self.left_out.append(
                f"{name}: {number} more lie too close together to be drawn; the table lists all"
            )

    def _mark(self, day: PartialDate, shape: str, fill: str, size: float, label: str = "") -> Mark:
        """Place a mark in the middle of its range, its label after it, or before it where the page ends."""
        earliest, latest = self.axis.span(day)
        x = round((earliest + latest) / 2, 1)
        left, right = min(earliest, x - size) - 1, max(latest, x + size) + 1
        width = len(label) * LETTER + 6 if label else 0.0
        before = right + width > NOW
        if before:
            left -= width
        else:
            right += width
        return Mark(
            x=x, earliest=earliest, latest=latest, shape=shape, fill=fill, size=size,
            label=label, label_before=before, left=left, right=right,
        )  # fmt: skip

    def _key_date(self, name: str, day: PartialDate) -> Mark:
        return self._mark(day, "flag", "full", 4.0, name)

    def _edss(self, top: float) -> tuple[Mark, ...]:
        scores = sorted(self.record.edss, key=lambda score: (score.date.first, score.date.last))
        self._add("EDSS", EDSS_HEIGHT, "" if scores else "none recorded", ("0 to 10",))
        points = []
        for score in scores:
            shape = {True: "diamond", False: "disc", None: "ring"}[score.during_relapse]
            mark = self._mark(score.date, shape, "full", 3.4)
            label = words.number(score.score, 1) or ""
            y = _edss_y(top, float(score.score))
            points.append(replace(mark, y=y, label=label, label_before=mark.x > NOW - 14))
        return _labelled_where_free(points)

    def _relapses(self) -> None:
        relapses = self.record.relapses
        since = relapses.complete_since
        marks = [self._relapse(relapse) for relapse in relapses.events or ()]
        notes = ("list complete since", since.words) if since else ("completeness not known",)
        empty = f"none listed; list complete since {since.words}" if since else "none recorded"
        self._lane("Relapses", marks, empty, notes, self.axis.x(since.last) if since else None)

    def _relapse(self, relapse: Relapse) -> Mark:
        if relapse.pseudo:
            return self._mark(relapse.onset, "cross", "full", 3.4)
        shape = "triangle" if relapse.severity else "circle"
        fill = FILLS.get(relapse.recovery or "", "dotted")
        return self._mark(relapse.onset, shape, fill, SIZES.get(relapse.severity or "", SIZES["moderate"]))

    def _mri(self) -> None:
        studies = self.record.mri
        marks = [self._mark(each.date, "square", _activity(each), 4.0, _lesions(each)) for each in studies]
        if _rows(marks, MOST_ROWS)[1]:
            marks = [self._mark(each.date, "square", _activity(each), 4.0) for each in studies]
            self.left_out.append("MRI: drawn without their counts, for want of room; the table has them")
        self._lane("MRI", marks, "none recorded", ("enhancing (Gd),", "new T2 lesions"))

    def _treatments(self) -> None:
        treatments = self.record.treatments
        courses = treatments.courses or ()
        bars = [self._bar(course) for course in courses if course.start or course.stop]
        placed, left_out = _rows(sorted(bars, key=lambda bar: (bar.may_start, bar.may_end)), MOST_BARS)
        rows = 1 + max((row for row, _ in placed), default=0)
        notes = ("list complete",) if treatments.complete else ("completeness not known",)
        empty = "none listed; list complete: never treated" if treatments.complete else "none recorded"
        undated = len(courses) - len(bars)
        if undated:
            empty = "none with a date"
            self.left_out.append(f"Treatments: {undated} without a date; the table lists all")
        self._add("Treatments", max(rows * ROW, 24.0) + 4, "" if bars else empty, notes)
        top = self.lanes[-1].top
        self.bars += [replace(bar, y=round(top + ROW * row + 2, 1)) for row, bar in placed]
        self._leave_out("Treatments", left_out)

    def _bar(self, course: Course) -> Bar:
        start, stop, ongoing = course.start, course.stop, bool(course.ongoing)
        may_start, surely_from = self.axis.span(start) if start else (LEFT, NOW)
        surely_to, may_end = self.axis.span(stop) if stop else (NOW if ongoing else LEFT, NOW)
        end = RIGHT if ongoing else may_end
        outcome = words.OUTCOMES.get(course.outcome or "", "outcome not recorded")
        label = f"{_cut(words.drug(course.drug))}: {outcome}"
        width = len(label) * LETTER + 8
        # The label stands inside its bar, else after it, else before it, else across its end.
        if end - may_start >= width:
            left, right, label_x = may_start, end, may_start + 4
        elif end + width <= NOW:
            left, right, label_x = may_start, end + width, end + 4
        elif may_start - width >= LEFT:
            left, right, label_x = may_start - width, end, may_start - width + 4
        else:
            left, right, label_x = min(may_start, NOW - width), RIGHT, NOW - width + 4
        return Bar(
            may_start=may_start, may_end=NOW if ongoing else may_end, ongoing=ongoing,
            surely_from=surely_from, surely_to=surely_to,
            label=label, label_x=round(label_x, 1), left=left, right=right + 2,
        )  # fmt: skip


def _key_dates(record: CaseRecord) -> tuple[tuple[str, PartialDate | None], ...]:
    diagnosis = record.diagnosis
    return (
        ("First symptom", diagnosis.symptom_onset),
        ("Diagnosis", diagnosis.diagnosed_on),
        ("First treatment", diagnosis.first_treated_on),
    )


def _first_day(record: CaseRecord, as_of: date) -> date:
    """Begin the axis a little before the first date of the disease, and at least a year before today."""
    days = [day for _, day in _key_dates(record) if day]
    days += [relapse.onset for relapse in record.relapses.events or ()]
    days += [score.date for score in record.edss]
    days += [study.date for study in record.mri]
    days += [day for course in record.treatments.courses or () for day in (course.start, course.stop) if day]
    first = min([day.first for day in days], default=as_of)
    first -= timedelta(days=(as_of - first).days // 40)
    return min(first, as_of - timedelta(days=365))


def _edss_y(top: float, score: float) -> float:
    return round(top + EDSS_HEIGHT * (1 - score / 10), 1)


def _steps(points: Sequence[Mark]) -> str:
    """Join the scores by steps: each holds until the next is taken, and nothing is drawn after the last."""
    if not points:
        return ""
    first, *others = points
    return " ".join((f"M{first.x} {first.y}", *(f"H{point.x} V{point.y}" for point in others)))


def _labelled_where_free(points: Sequence[Mark]) -> tuple[Mark, ...]:
    """Leave out a label that would run into the one before it or the next step; the table has every score."""
    shown: list[Mark] = []
    free_from = 0.0
    for point, following in zip_longest(points, points[1:]):
        half = len(point.label) * LETTER / 2 + 2
        free = point.x - half >= free_from and (following is None or following.x - point.x >= half + 2)
        free_from = point.x + half if free else free_from
        shown.append(point if free else replace(point, label=""))
    return tuple(shown)


def _activity(study: MriStudy) -> str:
    """Say the filling: full where active lesions were counted, open where none were, else dotted."""
    counts = [count for count in (study.gd_lesions, study.new_t2, study.enlarging_t2) if count]
    if any(count.least for count in counts):
        return "full"
    return "open" if counts else "dotted"


def _lesions(study: MriStudy) -> str:
    enhancing = "no contrast" if study.contrast is False else f"{words.count(study.gd_lesions) or '?'} Gd"
    return f"{enhancing}, {words.count(study.new_t2) or '?'} T2"


def _cut(text: str, most: int = 28) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _describe(record: CaseRecord) -> str:
    """Say in one line what the picture holds, for whoever cannot see it."""
    relapses, treatments = record.relapses, record.treatments
    parts = [
        ("EDSS scores", len(record.edss)),
        ("relapses", len(relapses.events or ())),
        ("MRI studies", len(record.mri)),
        ("treatments", len(treatments.courses or ())),
    ]
    told = ", ".join(f"{name}: {number or 'none recorded'}" for name, number in parts)
    return f"{words.sentence_case(told)}. The tables hold the same facts in words."
