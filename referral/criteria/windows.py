"""How far back an edition looks: for each list of the record, from which day to which, by which criterion.

Found in the executed criteria. A window counted from today moves with the day of the question; one counted from an
anchor, such as the diagnosis, needs that date, and may be open where it is known in part or not at all.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from referral.criteria.case import ANCHORS, Case, rules
from referral.criteria.days import add_months
from referral.criteria.edition import Edition
from referral.criteria.language.base import Window
from referral.facts import say_date

LISTS = {"relapses": "Relapses", "mri": "MRI", "edss": "EDSS", "treatments": "Treatments"}
"""The lists of the record that are looked back on, in the order of the picture."""


class LookBack(NamedTuple):
    """One window: both ends are in. ``first`` is ``None`` where it is counted from a date that is not recorded.

    ``label`` is short enough for a picture, ``asked`` says the rule; ``criteria`` are the ids of those that ask so.
    """

    of: str
    first: date | None
    last: date
    label: str
    asked: str
    criteria: tuple[str, ...]

    @property
    def words(self) -> str:
        """Say it in one line, without the criteria."""
        if self.first is None:
            return f"{LISTS[self.of]} {self.asked}: the date is not recorded"
        return f"{LISTS[self.of]} {self.asked}: {say_date(self.first)} to {say_date(self.last)}"


Found = tuple[str, date | None, date, str, str]
"""List, first day, last day, label, rule: what tells one window from another."""


def look_backs(edition: Edition, case: Case) -> tuple[LookBack, ...]:
    """Give every window of an edition for one case and its day, list by list, the longest first.

    What looks at the whole past, and what is not tested, has no window.
    """
    found: dict[Found, list[str]] = {}
    for criterion in edition.criteria:
        for test in filter(None, (criterion.test, criterion.applies_if)):
            for leaf in test.leaves():
                for window in _of_leaf(leaf, case):
                    found.setdefault(window, []).append(criterion.id)
    windows = [LookBack(*window, tuple(dict.fromkeys(ids))) for window, ids in found.items()]
    order = list(LISTS)
    return tuple(sorted(windows, key=lambda each: (order.index(each.of), each.first or date.min, each.last)))


def _of_leaf(leaf: Any, case: Case) -> Iterator[Found]:
    for name in WINDOWED.get(leaf.word, ()):
        yield from _of_window(name, leaf.window, case)
    if leaf.word in LATEST_EDSS:
        months = rules().stale_months
        since = add_months(case.as_of, -months)
        asked = f"of the last {months} months (an older one counts as not known)"
        yield "edss", since, case.as_of, f"{months} months", asked
    if leaf.word == "treatment_free_months":
        since = add_months(case.as_of, -leaf.months)
        asked = f"in the last {leaf.months} months, without {leaf.drug_class.words}"
        yield "treatments", since, case.as_of, f"{leaf.months} months", asked


WINDOWED = {
    "relapses": ("relapses",),
    "mri": ("mri",),
    "mri_t2_rate": ("mri",),
    "relapse_and_mri": ("relapses", "mri"),
    "edss_rise": ("edss",),
}
"""Which lists the window of a test is about."""
LATEST_EDSS = ("edss", "edss_rise", "functional_system")
"""The tests that read the latest EDSS, which must not be stale."""


def _of_window(name: str, window: Window, case: Case) -> Iterator[Found]:
    if window.months is not None:
        first = add_months(case.as_of, -window.months)
        yield name, first, case.as_of, f"{window.months} months", window.asks()
    elif window.days is not None:
        yield name, case.as_of - timedelta(days=window.days), case.as_of, f"{window.days} days", window.asks()
    elif window.since or window.anchor:
        yield _anchored(name, window, case)


def _anchored(name: str, window: Window, case: Case) -> Found:
    """The widest that it may be, where the anchor is known in part."""
    anchor = window.since or window.anchor or ""
    dated, last = case.anchor(anchor), case.as_of
    label = f"since {ANCHORS[anchor]}"
    if window.anchor_months is not None:
        label = f"first {window.anchor_months} months"
        last = min(last, add_months(case.span(dated)[1], window.anchor_months)) if dated else last
    return name, case.span(dated)[0] if dated else None, last, label, window.asks()
