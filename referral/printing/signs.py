"""The signs of results as a font of our own, for paper: ``python -m referral.printing.signs`` writes it.

On screen a sign is a small picture (``components/results.html``). On paper there are a hundred of them, and a
letter costs the printer a tenth of a picture. The shapes are the same: in a square of 16, from its top left corner.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import ceil, cos, hypot, pi, sin, tau

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from referral.printing.job import ROOT

FONT = ROOT / "static" / "fonts" / "PonsSigns-Regular.ttf"
FAMILY = "Pons Signs"
UNIT, SIDE = 100, 16
SINKS = 208
"""How far the square hangs below the line of writing, so that a sign stands in the middle of a word."""
WRITTEN = 3_876_595_200
"""When the shapes were drawn, in seconds since 1904, as a font says it."""

Point = tuple[float, float]
Shape = Sequence[Point]


def disc(x: float, y: float, radius: float) -> list[Point]:
    """Draw a filled circle."""
    return arc(x, y, radius, 0, tau)[:-1]


def arc(x: float, y: float, radius: float, start: float, end: float) -> list[Point]:
    """Give points along a circle, from one angle to another."""
    steps = max(2, ceil(abs(end - start) * max(radius, 1) * 2))
    angles = [start + (end - start) * step / steps for step in range(steps + 1)]
    return [(x + radius * cos(angle), y + radius * sin(angle)) for angle in angles]


def dash(x: float, y: float, radius: float, width: float, start: float, end: float) -> list[Point]:
    """Draw a piece of a ring."""
    outer, inner = radius + width / 2, radius - width / 2
    return arc(x, y, outer, start, end) + arc(x, y, inner, end, start)


def square(low: float, high: float, corner: float) -> list[Point]:
    """Draw a filled square with round corners."""
    near, far = low + corner, high - corner
    turns = ((far, far, 0.0), (near, far, pi / 2), (near, near, pi), (far, near, 3 * pi / 2))
    return [point for x, y, angle in turns for point in arc(x, y, corner, angle, angle + pi / 2)]


def line(points: Shape, width: float) -> list[Shape]:
    """Draw a line through points: a bar for each step, a disc at each turn."""
    bars: list[Shape] = [disc(*turn, width / 2) for turn in points[1:-1]]
    for (x, y), (to_x, to_y) in pairwise(points):
        scale = width / 2 / hypot(to_x - x, to_y - y)
        aside, along = (to_y - y) * scale, (to_x - x) * scale
        bars.append(
            [(x - aside, y + along), (to_x - aside, to_y + along), (to_x + aside, to_y - along), (x + aside, y - along)]
        )  # fmt: skip
    return bars


def curve(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    """Give points along a cubic curve of Bezier."""
    steps = [step / 8 for step in range(9)]
    weights = [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3) for t in steps]
    return [
        (sum(w * p[0] for w, p in zip(of, (a, b, c, d), strict=True)),
         sum(w * p[1] for w, p in zip(of, (a, b, c, d), strict=True)))
        for of in weights
    ]  # fmt: skip


HOOK = [
    *curve((5.9, 6.4), (5.9, 3.6), (10.2, 3.7), (10.2, 6.3)),
    *curve((10.2, 6.3), (10.2, 7.9), (8, 7.9), (8, 9.7))[1:],
]
DASHES = [dash(8, 8, 7, 1.5, n * tau / 8, n * tau / 8 + 3.2 / 7) for n in range(8)]
DOTS = [disc(8 + 7 * cos(n * tau / 16), 8 + 7 * sin(n * tau / 16), 0.7) for n in range(16)]
SIGNS: dict[str, tuple[str, list[Shape], list[Shape]]] = {
    "met": ("\u2611", [square(1, 15, 2)], [[(3.4, 9.1), (7, 12.7), (12.9, 5.9), (11.4, 4.5), (6.9, 9.7), (4.9, 7.7)]]),
    "tested_met": (
        "\U0001f5f9",
        [square(0.05, 15.95, 2.5), square(2.25, 13.75, 1.3), *line([(5, 8.3), (7.3, 10.5), (11.2, 5.8)], 1.8)],
        [square(1.15, 14.85, 1.5), square(3.35, 12.65, 0.3)],
    ),
    "not_met": (
        "\u2612",
        [square(0.1, 15.9, 3), *line([(5, 5), (11, 11)], 2), *line([(11, 5), (5, 11)], 2)],
        [square(2.3, 13.7, 0.9)],
    ),
    "cannot_say": (
        "\u2370",
        [*DASHES, *line(HOOK, 1.6), disc(8, 11.9, 1.05)],
        [],
    ),
    "not_tested": ("\u2296", [*DOTS, *line([(5, 8), (11, 8)], 1.6)], []),
    "box": ("\u2610", [square(0.5, 15.5, 0.5)], [square(1.6, 14.4, 0.1)]),
    "not_applicable": ("\u25ef", [disc(8, 8, 5.5)], [disc(8, 8, 4.5)]),
}  # fmt: skip
"""Each result with its character, what is filled, and what is cut out of that."""


def make_font() -> FontBuilder:
    """Draw the signs as a font."""
    font = FontBuilder(UNIT * SIDE, isTTF=True)
    font.setupGlyphOrder([".notdef", *SIGNS])
    font.setupCharacterMap({ord(sign): name for name, (sign, _, _) in SIGNS.items()})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph()} | {name: _glyph(name) for name in SIGNS})
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *SIGNS], (UNIT * SIDE, 0)))
    font.setupHorizontalHeader(ascent=UNIT * SIDE - SINKS, descent=-SINKS)
    font.setupNameTable({"familyName": FAMILY, "styleName": "Regular", "psName": "PonsSigns-Regular"})
    font.setupOS2(
        sTypoAscender=UNIT * SIDE - SINKS, sTypoDescender=-SINKS, usWinAscent=UNIT * SIDE, usWinDescent=SINKS
    )
    font.setupPost()
    font.updateHead(created=WRITTEN, modified=WRITTEN)
    font.font.recalcTimestamp = False
    return font


def _glyph(name: str) -> object:
    pen = TTGlyphPen(None)
    _, filled, cut = SIGNS[name]
    _draw(pen, filled, lambda turn: turn > 0)
    _draw(pen, cut, lambda turn: turn < 0)
    return pen.glyph()


def _draw(pen: TTGlyphPen, shapes: Iterable[Shape], right_way: Callable[[float], bool]) -> None:
    """Draw outlines, all the same way round: what runs the other way is cut out."""
    for shape in shapes:
        points = [(round(x * UNIT), round((SIDE - y) * UNIT) - SINKS) for x, y in shape]
        turn = sum(
            x * to_y - to_x * y for (x, y), (to_x, to_y) in zip(points, points[1:] + points[:1], strict=True)
        )
        outline = points if right_way(-turn) else points[::-1]
        pen.moveTo(outline[0])
        for point in outline[1:]:
            pen.lineTo(point)
        pen.closePath()


if __name__ == "__main__":
    make_font().save(FONT)
