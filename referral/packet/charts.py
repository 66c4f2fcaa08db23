"""Charts of counts and of waiting times: where each bar lies, as plain data, the same for screen and paper.

A chart shows a year beside the one before. What is not shown as a number has no bar either. Nothing is in a chart
that is not in the table beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import floor, log10

MOST_TICKS = 5


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How wide a chart is: names beside the bars, or above them where there is no room (``head`` is their height)."""

    name: str
    width: float
    left: float
    right: float
    head: float
    font: float


WIDE = Layout(name="wide", width=720, left=214, right=640, head=0, font=12)
NARROW = Layout(name="narrow", width=330, left=0, right=262, head=19, font=13)
WIDE_BENEATH = replace(WIDE, left=0, head=18)  # for names that are too long to stand beside
LONGEST_BESIDE = 32
BAR, GAP, BETWEEN, TOP = 12.0, 4.0, 13.0, 26.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its length in units of the drawing, ``None`` where its number is not shown, and the words behind it."""

    y: float
    length: float | None
    words: str
    before: bool


@dataclass(frozen=True, kw_only=True)
class Box:
    """One spread: a line to the longest, a box from the first quarter to the third, and a stroke at the half."""

    y: float
    quarter: float
    half: float
    three_quarters: float
    longest: float
    before: bool


@dataclass(frozen=True, kw_only=True)
class Name:
    """What a pair of bars is about."""

    y: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A place on the axis of days."""

    x: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Everything that the template draws, in its place."""

    layout: Layout
    id: str
    title: str
    described_by: str
    height: float
    years: tuple[str, str]
    names: tuple[Name, ...]
    bars: tuple[Bar, ...] = ()
    boxes: tuple[Box, ...] = ()
    ticks: tuple[Tick, ...] = ()


Counted = tuple[str, int | None, int | None]
"""A name, its number this year, and the year before; ``None`` is not shown."""
Spreads = tuple[str, Sequence[int] | None, Sequence[int] | None]
"""A name, and twice its quarter, half, three quarters and longest in days; ``None`` is not shown."""


def bars(
    key: str, title: str, years: tuple[str, str], rows: Sequence[Counted], described_by: str
) -> tuple[Chart, ...]:
    """Draw counts, two bars a row, wide and narrow; nothing where no number is shown."""
    top = max((number or 0 for _, *both in rows for number in both), default=0)
    if not top:
        return ()
    wide = WIDE_BENEATH if any(len(name) > LONGEST_BESIDE for name, *_ in rows) else WIDE
    return tuple(_bars(layout, key, title, years, rows, described_by, top) for layout in (wide, NARROW))


def _bars(
    layout: Layout,
    key: str,
    title: str,
    years: tuple[str, str],
    rows: Sequence[Counted],
    described_by: str,
    top: int,
) -> Chart:
    reach = layout.right - layout.left
    names, drawn = [], []
    for (words, *both), y in zip(rows, _places(layout), strict=False):
        names.append(_name(layout, y, words))
        for place, number in enumerate(both):
            drawn.append(
                Bar(
                    y=y + layout.head + place * (BAR + GAP),
                    length=None if number is None else round(reach * number / top, 1),
                    words="not shown" if number is None else f"{number:,}",
                    before=bool(place),
                )
            )
    return Chart(
        layout=layout,
        id=f"{key}-{layout.name}",
        title=title,
        described_by=described_by,
        height=_height(layout, len(rows)),
        years=years,
        names=tuple(names),
        bars=tuple(drawn),
    )


def spreads(
    key: str, title: str, years: tuple[str, str], rows: Sequence[Spreads], described_by: str
) -> tuple[Chart, ...]:
    """Draw how long cases took, two spreads a row, wide and narrow; nothing where none is shown."""
    rows = [row for row in rows if row[1] or row[2]]
    top = max((days[-1] for _, *both in rows for days in both if days), default=0)
    if not top:
        return ()
    return tuple(_spreads(layout, key, title, years, rows, described_by, top) for layout in (WIDE, NARROW))


def _spreads(
    layout: Layout,
    key: str,
    title: str,
    years: tuple[str, str],
    rows: Sequence[Spreads],
    described_by: str,
    top: int,
) -> Chart:
    reach = layout.right - layout.left
    names, drawn = [], []
    for (words, *both), y in zip(rows, _places(layout), strict=False):
        names.append(_name(layout, y, words))
        for place, days in enumerate(both):
            if days:
                quarter, half, three_quarters, longest = (
                    round(layout.left + reach * each / top, 1) for each in days
                )
                drawn.append(
                    Box(
                        y=y + layout.head + place * (BAR + GAP),
                        quarter=quarter,
                        half=half,
                        three_quarters=three_quarters,
                        longest=longest,
                        before=bool(place),
                    )
                )
    ticks = tuple(
        Tick(x=round(layout.left + reach * days / top, 1), words=f"{days:,}") for days in steps(top)
    )
    return Chart(
        layout=layout,
        id=f"{key}-{layout.name}",
        title=title,
        described_by=described_by,
        height=_height(layout, len(rows)) + 18,
        years=years,
        names=tuple(names),
        boxes=tuple(drawn),
        ticks=ticks,
    )


def _name(layout: Layout, y: float, words: str) -> Name:
    """Place a name; one that would run out of the picture is cut, the table has it whole."""
    most = int(layout.width / (0.56 * layout.font)) if layout.head else LONGEST_BESIDE
    cut = words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
    return Name(y=y + (layout.font if layout.head else BAR + 2), words=cut)


def steps(top: int) -> range:
    """Give round numbers from 0 to a greatest one, at most six of them."""
    rough = max(top / MOST_TICKS, 1)
    power = 10 ** floor(log10(rough))
    step = next(int(each * power) for each in (1, 2, 5, 10) if each * power >= rough)
    return range(0, top + 1, step)


def _places(layout: Layout) -> Iterator[float]:
    """Give where each row begins."""
    y = TOP
    while True:
        yield y
        y += _row(layout)


def _row(layout: Layout) -> float:
    return layout.head + 2 * BAR + GAP + BETWEEN


def _height(layout: Layout, rows: int) -> float:
    return TOP + rows * _row(layout) - BETWEEN + 4
