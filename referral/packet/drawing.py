"""The parts of a drawn course: where each mark, bar, band and lane lies. Plain data, in units of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from referral.packet.axis import Tick
from referral.packet.timeline import Row


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How wide a picture is and how its text is set: beside the lanes, or above them where there is no room.

    ``now`` is the place of today's line; an open-ended bar runs past it to ``right``. ``head`` is the height of a
    lane's name above the lane, 0 where it stands beside it; the label of a bar then stands on top of the bar.
    ``letter`` is the width of an average letter.
    """

    name: str
    width: float
    left: float
    now: float
    right: float
    head: float
    row: float
    bar_row: float
    bar: float
    font: float
    small: float
    letter: float
    keys_from: float


WIDE = Layout(
    name="wide", width=720, left=118, now=692, right=704, head=0, row=15, bar_row=15, bar=12, font=10, small=9,
    letter=5.0, keys_from=118,
)  # fmt: skip
NARROW = Layout(
    name="narrow", width=330, left=20, now=312, right=324, head=17, row=18, bar_row=29, bar=9, font=12, small=11,
    letter=5.6, keys_from=0,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark: its place, the range its date may lie in, and what it says, before, after, above or below it."""

    x: float
    y: float = 0.0
    earliest: float
    latest: float
    shape: str
    fill: str = "full"
    size: float = 4.8
    label: str = ""
    label_before: bool = False
    label_below: bool = False
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
    label_before: bool
    left: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Band:
    """One look-back window in its lane: shaded from ``x`` to ``end``, with a bracket and a label above the marks.

    ``hatch`` is the path of its lines, turned for each further window of the lane.
    """

    x: float
    end: float
    top: float
    height: float
    line: float
    line_from: float
    label: str
    label_x: float
    hatch: str


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
class Key:
    """One entry of the legend: a mark as it is drawn, and what it means. Without a mark it names the lane."""

    x: float
    y: float
    shape: str
    fill: str = "open"
    size: float = 4.0
    text: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """One look-back window in words, with what the edition asks there."""

    words: str
    statements: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Everything that the template draws, in its place. ``narrow`` is the same course for a narrow screen.

    ``shaded`` names the edition whose look-back windows are shaded; empty where none was chosen.
    """

    layout: Layout
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
    bands: tuple[Band, ...]
    keys: tuple[Key, ...]
    shaded: str
    windows: tuple[Window, ...]
    left_out: str
    rows: tuple[Row, ...]
    narrow: "Picture | None" = None


Placed = TypeVar("Placed", Mark, Bar)


def in_rows(things: Sequence[Placed], most: int) -> tuple[list[tuple[int, Placed]], int]:
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


def hatching(left: float, right: float, top: float, bottom: float, number: int) -> str:
    """Rule a rectangle: the first window rises, the second falls, so that where both lie it is crossed."""
    high, step = bottom - top, (7.0, 9.0, 12.0)[min(number, 2)]
    lines, x = [], left - high
    while x < right:
        start, end = max(x, left), min(x + high, right)
        if start < end:
            low, up = start - x, end - x  # how far along the way from corner to corner
            if number % 2:
                lines.append(f"M{start:.1f} {top + low:.1f}L{end:.1f} {top + up:.1f}")
            else:
                lines.append(f"M{start:.1f} {bottom - low:.1f}L{end:.1f} {bottom - up:.1f}")
        x += step
    return "".join(lines)
