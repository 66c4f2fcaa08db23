"""The legend of the picture: what its marks mean, and only of those that are drawn."""

from collections.abc import Iterator, Sequence

from referral.packet.drawing import Band, Bar, Key, Lane, Layout, Mark

EDSS = {
    "disc": "outside a relapse",
    "diamond": "during a relapse",
    "ring": "not recorded whether in a relapse",
}
SEVERITY = (("mild", 3.4), ("moderate", 4.8), ("severe", 6.4))
RECOVERY = {
    "open": "recovery complete", "full": "incomplete or none", "half": "ongoing", "dotted": "recovery not recorded",
}  # fmt: skip
STUDIES = {"full": "lesions counted", "open": "none counted", "dotted": "no count"}

Entry = tuple[str, str, float, str]
"""Shape, filling, size, meaning."""


def legend(
    layout: Layout, top: float, marks: Sequence[Mark], edss: Sequence[Mark], bars: Sequence[Bar],
    bands: Sequence[Band], lanes: Sequence[Lane],
) -> tuple[tuple[Key, ...], float]:  # fmt: skip
    """Lay the legend out from ``top`` down, a line a lane, broken where it is full; give it and its height."""
    keys: list[Key] = []
    line, y = layout.row, top
    for name, entries in _lines(marks, edss, bars, bands, lanes):
        if not entries:
            continue
        keys.append(Key(x=0, y=y, shape="", text=name))
        x = start = layout.keys_from or (len("Treatments") + 1) * layout.letter
        for shape, fill, size, text in entries:
            width = 18 + len(text) * layout.letter * 0.92
            if x + width > layout.width and x > start:
                x, y = start, y + line
            keys.append(Key(x=x, y=y, shape=shape, fill=fill, size=size, text=text))
            x += width + 12
        y += line
    return tuple(keys), y - top


def _lines(
    marks: Sequence[Mark], edss: Sequence[Mark], bars: Sequence[Bar], bands: Sequence[Band], lanes: Sequence[Lane]
) -> Iterator[tuple[str, list[Entry]]]:  # fmt: skip
    taken = {mark.shape for mark in edss}
    yield "EDSS", [(shape, "full", 3.4, text) for shape, text in EDSS.items() if shape in taken]
    yield "Relapses", list(_relapses(marks, lanes))
    fills = {mark.fill for mark in marks if mark.shape == "square"}
    studies = [("square", fill, 4.0, text) for fill, text in STUDIES.items() if fill in fills]
    if any("?" in mark.label for mark in marks):
        studies.append(("query", "", 4.0, "count not recorded"))
    yield "MRI", studies
    yield "Treatments", list(_bars(bars))
    both: list[Entry] = [("hatch", "", 4.0, "time that the named edition looks back on")] if bands else []
    if any(mark.ranged for mark in (*marks, *edss)):
        both.append(("range", "", 4.0, "date known in part"))
    yield "All", both


def _relapses(marks: Sequence[Mark], lanes: Sequence[Lane]) -> Iterator[Entry]:
    drawn = [mark for mark in marks if mark.shape in ("triangle", "circle")]
    for text, size in SEVERITY:
        if any(mark.shape == "triangle" and mark.size == size for mark in drawn):
            yield "triangle", "open", size, text
    if any(mark.shape == "circle" for mark in drawn):
        yield "circle", "open", 4.8, "severity not recorded"
    for fill, text in RECOVERY.items():
        if any(mark.fill == fill for mark in drawn):
            yield "triangle", fill, 4.8, text
    if any(mark.shape == "cross" for mark in marks):
        yield "cross", "full", 3.4, "pseudo-relapse"
    if any(lane.complete_from is not None for lane in lanes):
        yield "line", "", 4.0, "list complete over this time"


def _bars(bars: Sequence[Bar]) -> Iterator[Entry]:
    if any(bar.surely_from < bar.surely_to for bar in bars):
        yield "bar", "", 4.0, "under treatment"
    if any(bar.surely_from - bar.may_start > 1 or bar.may_end - bar.surely_to > 1 for bar in bars):
        yield "perhaps", "", 4.0, "perhaps"
    if any(bar.ongoing for bar in bars):
        yield "arrow", "", 4.0, "ongoing"
