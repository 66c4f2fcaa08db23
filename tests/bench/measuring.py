"""What a measurement is, and how it is said beside its target."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

HEAD = f"{'least':>9} {'median':>9} {'95th':>9} {'target':>14}  milliseconds; beside other work the least tells most"


@dataclass(frozen=True)
class Measure:
    """What was measured: how long each time took, in milliseconds, and what is aimed at.

    The target is for the median; where ``late``, for the 95th of a hundred.
    """

    what: str
    took: tuple[float, ...]
    target: float = math.inf
    late: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.took)

    @property
    def percentile_95(self) -> float:
        """By the nearest rank: the worst of twenty or fewer."""
        return sorted(self.took)[math.ceil(0.95 * len(self.took)) - 1]

    @property
    def over(self) -> bool:
        return (self.percentile_95 if self.late else self.median) > self.target

    def line(self) -> str:
        aimed = f"{'95th' if self.late else 'median'} {self.target:.0f}" if self.target < math.inf else ""
        figures = f"{min(self.took):9.1f} {self.median:9.1f} {self.percentile_95:9.1f}"
        return f"{figures} {aimed:>14}  {self.what}{'  over' if self.over else ''}"


def measure(
    what: str, deed: Callable[[], object], times: int, target: float = math.inf, *, late: bool = False
) -> Measure:
    """Do it once to warm up, then so many times."""
    deed()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        deed()
        took.append((time.perf_counter() - began) * 1000)
    return Measure(what, tuple(took), target, late)
