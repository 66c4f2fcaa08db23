"""Which numbers of a table are not shown, so that no small group of people can be made out.

A number under the smallest one shown is hidden, but none at all is none. Where the total of a column is known, one
hidden number would be what is missing to the total, so further rows are hidden with it: at least two, which together
are no small number either.
"""

from collections.abc import Collection, Sequence

from referral.reference.numbers import smallest_shown


def is_small(number: int) -> bool:
    """Tell whether so few people are not shown."""
    return 0 < number < smallest_shown()


def hidden(rows: Sequence[tuple[int, ...]], also: Collection[int] = ()) -> frozenset[int]:
    """Choose the rows of a table that are not shown, by their places; its totals by column may be shown.

    A row is shown whole or not at all. ``also`` are rows that are hidden for another reason. What is hidden beyond
    the small ones is the smallest that will do; where nothing will, everything is hidden.
    """
    out = {place for place, row in enumerate(rows) if any(map(is_small, row))} | set(also)
    rest = sorted(set(range(len(rows))) - out, key=lambda place: (sum(rows[place]), place))
    while out and rest and not _is_safe([rows[place] for place in out]):
        out.add(rest.pop(0))
    return frozenset(out)


def _is_safe(rows: Sequence[tuple[int, ...]]) -> bool:
    """Tell whether totals give away no more of these rows than that they are together no small number."""
    return len(rows) > 1 and all(sum(column) >= smallest_shown() for column in zip(*rows, strict=True))


def shown(numbers: Sequence[int], also: Collection[int] = ()) -> list[int | None]:
    """Give the numbers of one column whose total is known; ``None`` where it is not shown."""
    out = hidden([(number,) for number in numbers], also)
    return [None if place in out else number for place, number in enumerate(numbers)]


def part(number: int, whole: int) -> int | None:
    """Give a number out of a known whole; ``None`` where it, or what is left, is small."""
    return None if is_small(number) or is_small(whole - number) else number
