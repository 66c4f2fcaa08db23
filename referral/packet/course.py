"""The course of the disease as one picture: where each mark lies, and the same data as rows of a table.

Plain drawing data from a record and the day the question is asked for; ``templates/sections/course.svg``
draws it. One time axis runs from the first recorded date to that day. A date known to the month or year is
drawn as the range it may be. What is not recorded is said, and never drawn as none.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import zip_longest

from referral.criteria import Edition
from referral.criteria.case import Case
from referral.criteria.windows import LISTS, LookBack, look_backs
from referral.facts import CaseRecord, Course, MriStudy, PartialDate, Relapse, say_date
from referral.packet import words
from referral.packet.axis import Axis
from referral.packet.drawing import (
    NARROW,
    WIDE,
    Band,
    Bar,
    Lane,
    Layout,
    Mark,
    Picture,
    Window,
    hatching,
    in_rows,
)
from referral.packet.legend import legend
from referral.packet.timeline import timeline

MOST_ROWS = 16  # rows of marks in one lane; what does not fit is left to the table, and said
MOST_BARS = 40  # rows of bars
BRACKET = 13.0  # height of the bracket of one look-back window
EDSS_HEIGHT = 104.0
EDSS_LINES = (0, 2, 4, 6, 8, 10)
SIZES = {"mild": 3.4, "moderate": 4.8, "severe": 6.4}
FILLS = {"complete": "open", "incomplete": "full", "none": "full", "ongoing": "half"}


def course(record: CaseRecord, as_of: date, shaded: Edition | None = None) -> Picture:
    """Draw up the picture of one record as asked about on one day.

    ``shaded`` is the edition whose look-back windows are shaded, if any.
    """
    return _Drawing(record, as_of, shaded, WIDE).picture()


def course_on_screen(record: CaseRecord, as_of: date, shaded: Edition | None = None) -> Picture:
    """Draw the same for a page, with the narrow picture that a small screen shows instead."""
    narrow = _Drawing(record, as_of, shaded, NARROW).picture()
    return replace(course(record, as_of, shaded), narrow=narrow)


class _Drawing:
    """One picture in the making: lanes one below the other, each as high as its rows need."""

    def __init__(self, record: CaseRecord, as_of: date, shaded: Edition | None, layout: Layout) -> None:
        self.record, self.as_of, self.shaded, self.layout = record, as_of, shaded, layout
        self.looks = look_backs(shaded, Case.on(record, as_of)) if shaded else ()
        first = min((look.first for look in self.looks if look.first), default=as_of)
        self.axis = Axis(min(first, _first_day(record, as_of)), as_of, layout.left, layout.now)
        self.y = 22.0
        self.lanes: list[Lane] = []
        self.bands: list[Band] = []
        self.marks: list[Mark] = []
        self.bars: list[Bar] = []
        self.left_out: list[str] = []

    def picture(self) -> Picture:
        key_dates = [self._key_date(name, day) for name, day in _key_dates(self.record) if day]
        self._lane("Key dates", key_dates, "none recorded")
        edss = self._edss()
        scale = self.lanes[-1].bottom
        self._relapses()
        self._mri()
        self._treatments()
        keys, below = legend(self.layout, self.y + 36, self.marks, edss, self.bars, self.bands, self.lanes)
        return Picture(
            layout=self.layout,
            title=f"Disease course from {say_date(self.axis.first)} to {say_date(self.as_of)}",
            description=_describe(self.record),
            height=round(self.y + 26 + below, 1),
            bottom=self.y,
            today=say_date(self.as_of),
            ticks=self.axis.ticks(),
            lanes=tuple(self.lanes),
            edss_lines=tuple((_edss_y(scale, score), score) for score in EDSS_LINES),
            edss_path=_steps(edss),
            edss=edss,
            marks=tuple(self.marks),
            bars=tuple(self.bars),
            bands=tuple(self.bands),
            keys=keys,
            shaded=self.shaded.title if self.shaded else "",
            windows=tuple(_window(look, self.shaded) for look in self.looks if self.shaded),
            left_out="; ".join(self.left_out),
            rows=timeline(self.record),
        )

    def _lane(
        self, name: str, marks: Sequence[Mark], empty: str, notes: tuple[str, ...] = (),
        complete_from: float | None = None,
    ) -> None:  # fmt: skip
        """Add a lane of marks, stacked upwards from its base line."""
        row = self.layout.row
        placed, left_out = in_rows(sorted(marks, key=lambda mark: mark.x), MOST_ROWS)
        rows = 1 + max((number for number, _ in placed), default=0)
        height = max(rows * row, self._beside(notes)) + 4
        self._add(name, height, "" if marks else empty, notes, complete_from)
        bottom = self.lanes[-1].bottom
        self.marks += [replace(mark, y=round(bottom - row * (at + 0.5) - 1, 1)) for at, mark in placed]
        self._leave_out(name, left_out)

    def _add(
        self,
        name: str,
        height: float,
        empty: str,
        notes: tuple[str, ...] = (),
        complete_from: float | None = None,
    ) -> None:
        self.y += self.layout.head
        looks = [look for look in self.looks if LISTS[look.of] == name and look.first]
        height += BRACKET * len(looks)
        self.lanes.append(
            Lane(name=name, notes=notes, top=self.y, height=height, empty=empty, complete_from=complete_from)
        )
        self.bands += [self._band(look, number) for number, look in enumerate(looks)]
        self.y += height + 7

    def _band(self, look: LookBack, number: int) -> Band:
        """Shade one window in the lane just added; its label stands before its bracket, or inside it."""
        lane, axis = self.lanes[-1], self.axis
        x, end = axis.x(look.first or axis.first), axis.x(look.last)
        width = len(look.label) * self.layout.letter + 8
        inside = x - width < self.layout.left
        return Band(
            x=x, end=end, top=lane.top, height=lane.height, line=lane.top + 7 + BRACKET * number,
            line_from=x + width if inside else x,
            label=look.label,
            label_x=round(x + 4 if inside else x - width + 5, 1),
            hatch=hatching(x, end, lane.top + BRACKET * number, lane.bottom, number),
        )  # fmt: skip

    def _beside(self, notes: tuple[str, ...]) -> float:
        """How high a lane must be for its name and notes, where they stand beside it."""
        return 0.0 if self.layout.head else 12.0 * (1 + len(notes))

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
        width = len(label) * self.layout.letter + 6 if label else 0.0
        before = right + width > self.layout.now
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

    def _edss(self) -> tuple[Mark, ...]:
        scores = sorted(self.record.edss, key=lambda score: (score.date.first, score.date.last))
        self._add("EDSS", EDSS_HEIGHT + 6, "" if scores else "none recorded", ("0 to 10",))
        points: list[Mark] = []
        for score in scores:
            shape = {True: "diamond", False: "disc", None: "ring"}[score.during_relapse]
            mark = self._mark(score.date, shape, "full", 3.4)
            label = words.number(score.score, 1) or ""
            y = _edss_y(self.lanes[-1].bottom, float(score.score))
            fell = bool(points) and points[-1].y < y and score.score >= 2  # the step comes down on it
            near = mark.x > self.layout.now - 14
            points.append(replace(mark, y=y, label=label, label_before=near, label_below=fell))
        return _labelled_where_free(points, self.layout.letter)

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
        if in_rows(marks, MOST_ROWS)[1]:
            marks = [self._mark(each.date, "square", _activity(each), 4.0) for each in studies]
            self.left_out.append("MRI: drawn without their counts, for want of room; the table has them")
        self._lane("MRI", marks, "none recorded", ("enhancing (Gd),", "new T2 lesions"))

    def _treatments(self) -> None:
        treatments = self.record.treatments
        courses = treatments.courses or ()
        bars = [self._bar(course) for course in courses if course.start or course.stop]
        placed, left_out = in_rows(sorted(bars, key=lambda bar: (bar.may_start, bar.may_end)), MOST_BARS)
        rows = 1 + max((row for row, _ in placed), default=0)
        notes = ("list complete",) if treatments.complete else ("completeness not known",)
        empty = "none listed; list complete: never treated" if treatments.complete else "none recorded"
        undated = len(courses) - len(bars)
        if undated:
            empty = "none with a date"
            self.left_out.append(f"Treatments: {undated} without a date; the table lists all")
        height = max(rows * self.layout.bar_row, self._beside(notes)) + 4
        self._add("Treatments", height, "" if bars else empty, notes)
        top = self.lanes[-1].bottom - height + 2
        self.bars += [replace(bar, y=round(top + self.layout.bar_row * row, 1)) for row, bar in placed]
        self._leave_out("Treatments", left_out)

    def _bar(self, course: Course) -> Bar:
        start, stop, ongoing = course.start, course.stop, bool(course.ongoing)
        first, now, past = self.layout.left, self.layout.now, self.layout.right
        may_start, surely_from = self.axis.span(start) if start else (first, now)
        surely_to, may_end = self.axis.span(stop) if stop else (now if ongoing else first, now)
        end = past if ongoing else may_end
        outcome = words.OUTCOMES.get(course.outcome or "", "outcome not recorded")
        label = f"{_cut(words.drug(course.drug), 28)}, {outcome}"
        label = _cut(label, int((now - first) / self.layout.letter) - 2)
        width = len(label) * self.layout.letter + 8
        before = False
        # The label stands inside its bar, else after it, else before it, else across its end; or on top of it.
        if self.layout.head:
            label_x = max(first, min(may_start, now - width))
            left, right = min(may_start, label_x), max(end, label_x + width)
        elif end - surely_from >= width:
            left, right, label_x = may_start, end, surely_from + 4
        elif end + width <= now:
            left, right, label_x = may_start, end + width, end + 4
        elif may_start - width >= first:
            left, right, label_x, before = may_start - width, end, may_start - 5, True
        else:
            left, right, label_x = min(may_start, now - width), past, now - width + 4
        return Bar(
            may_start=may_start, may_end=now if ongoing else may_end, ongoing=ongoing,
            surely_from=surely_from, surely_to=surely_to,
            label=label, label_x=round(label_x, 1), label_before=before, left=left, right=right + 2,
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


def _edss_y(bottom: float, score: float) -> float:
    return round(bottom - EDSS_HEIGHT * score / 10, 1)


def _steps(points: Sequence[Mark]) -> str:
    """Join the scores by steps: each holds until the next is taken, and nothing is drawn after the last."""
    if not points:
        return ""
    first, *others = points
    return " ".join((f"M{first.x} {first.y}", *(f"H{point.x} V{point.y}" for point in others)))


def _labelled_where_free(points: Sequence[Mark], letter: float) -> tuple[Mark, ...]:
    """Leave out a label that would run into the one before it or the next step; the table has every score."""
    shown: list[Mark] = []
    free_from = 0.0
    for point, following in zip_longest(points, points[1:]):
        half = len(point.label) * letter / 2 + 2
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


def _window(look: LookBack, edition: Edition) -> Window:
    statements = {criterion.id: criterion.statement for criterion in edition.criteria}
    return Window(words=look.words, statements=tuple(statements[name] for name in look.criteria))


def _cut(text: str, most: int) -> str:
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
