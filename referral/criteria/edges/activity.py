"""The limits of what relapses and MRI studies must show."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from referral.criteria.case import rules
from referral.criteria.days import add_months
from referral.criteria.edges.base import (
    AS_OF,
    Edge,
    Facts,
    days_around,
    edges,
    ends,
    numbers_around,
    plain,
    window_start,
)
from referral.criteria.edges.entries import a_relapse, a_study, exposures, listed_relapses, on_treatment
from referral.criteria.language import mri, mri_rate, pairs, relapses


@edges.register
def _relapses(leaf: relapses.Relapses) -> Iterator[Edge]:
    wanted = leaf.wanted
    start = window_start(leaf.window)
    number = (leaf.at_most or 0) + 1 if leaf.at_least is None else leaf.at_least
    anchored = (
        {"diagnosis": {"symptom_onset": "2024-01-01"}} if leaf.window.anchor or leaf.window.since else {}
    )
    first = date(2024, 2, 1) if anchored else AS_OF - timedelta(days=10 if leaf.window.days else 40)

    def onsets(count: int) -> list[dict[str, Any]]:
        gap = 40 if anchored else -40
        return [
            a_relapse(wanted, (first + timedelta(days=gap * place)).isoformat()) for place in range(count)
        ]

    count = leaf.at_least if leaf.at_least is not None else leaf.at_most or 0
    yield from numbers_around(
        f"relapses {'at least' if leaf.at_least is not None else 'at most'} {count}", count, 1,
        lambda found: listed_relapses(onsets(int(found)), wanted, **anchored),
    )  # fmt: skip
    if start:
        yield from days_around(
            f"window from {start}", start,
            lambda day: listed_relapses([*onsets(number - 1), a_relapse(wanted, day)], wanted),
        )  # fmt: skip
    if wanted.treatment and wanted.treatment.months and wanted.treatment.drug_class:
        earliest = min(date.fromisoformat(entry["onset"]) for entry in onsets(number))
        yield from exposures(
            wanted.treatment, earliest, lambda given: {**listed_relapses(onsets(number), wanted), **given}
        )
    if wanted.step:
        for least, before in ((wanted.step[0], Decimal(3)), (wanted.step[1], rules().edss_step_changes_at)):
            yield from numbers_around(
                f"EDSS step {least} from {before}", least, Decimal("0.5"),
                _stepped(onsets(number), before, wanted),
            )  # fmt: skip


def _stepped(
    entries: list[dict[str, Any]], before: Decimal, wanted: relapses.RelapseFilter
) -> Callable[[Any], Facts]:
    def facts(step: Any) -> Facts:
        rise = {"edss_before": plain(before), "edss_peak": plain(before + step)}
        return listed_relapses([entry | rise for entry in entries], wanted)

    return facts


@edges.register
def _mri(leaf: mri.Mri) -> Iterator[Edge]:
    wanted, start = leaf.wanted, window_start(leaf.window)
    treated = on_treatment(wanted.treatment)
    anchored = {"diagnosis": {leaf.window.since: "2024-01-01"}} if leaf.window.since else {}
    on = (AS_OF - timedelta(days=40)).isoformat()

    def found(name: str) -> Callable[[Any], Facts]:
        return lambda count: {"mri": [a_study((name,), int(count), on, wanted)], **treated, **anchored}

    for name in leaf.findings:
        yield from numbers_around(f"{name} at least {leaf.at_least}", leaf.at_least, 1, found(name))
    if start:
        yield from days_around(
            f"window from {start}", start,
            lambda day: {"mri": [a_study(leaf.findings, leaf.at_least, day, wanted)], **treated},
        )  # fmt: skip
    yield from _filters(
        leaf.findings, leaf.at_least, on, wanted, lambda study: {"mri": [study], **treated, **anchored}
    )
    if wanted.treatment and wanted.treatment.months and wanted.treatment.drug_class:
        study = a_study(leaf.findings, leaf.at_least, on, wanted)
        yield from exposures(
            wanted.treatment, date.fromisoformat(on), lambda given: {"mri": [study], **anchored, **given}
        )


def _filters(
    findings: tuple[str, ...],
    count: int,
    on: str,
    wanted: mri.StudyFilter,
    facts: Callable[[dict[str, Any]], Facts],
) -> Iterator[Edge]:
    study = a_study(findings, count, on, wanted)
    for name, end in ends(wanted.diameter):
        yield from numbers_around(
            f"diameter {name} {end} mm", end, 1, lambda size: facts(study | {"gd_max_diameter_mm": size})
        )
    if wanted.steroid_days is not None:
        yield from numbers_around(
            f"{wanted.steroid_days} days after steroids", wanted.steroid_days, 1,
            lambda days: facts(study | {"days_since_steroids": days}),
        )  # fmt: skip


@edges.register
def _rate(leaf: mri_rate.MriT2Rate) -> Iterator[Edge]:
    on = AS_OF - timedelta(days=40)

    def compared(gap: int, new: int) -> Facts:
        earlier = (on - timedelta(days=gap)).isoformat()
        return {"mri": [{"date": on.isoformat(), "contrast": True, "new_t2": new, "compared_with": earlier}]}

    for name, end in ends(leaf.interval):
        days = int(Decimal(end) * 487 / 16)
        yield from numbers_around(
            f"interval {name} {end} months", days, 1, lambda gap: compared(int(gap), 90)
        )
    middle = int(sum((end for _, end in ends(leaf.interval)), Decimal(0)) / 2 * 487 / 16)
    number = int(leaf.rate * middle * 16 / 487)
    yield from numbers_around(
        f"{leaf.rate} a month over {middle} days", number, 1, lambda new: compared(middle, int(new))
    )


@edges.register
def _pair(leaf: pairs.RelapseAndMri) -> Iterator[Edge]:
    on = AS_OF - timedelta(days=10)

    def pair(onset: str, count: int = leaf.at_least) -> Facts:
        study = a_study(leaf.findings, count, on.isoformat(), leaf.study)
        return listed_relapses([a_relapse(leaf.relapse, onset)], leaf.relapse, mri=[study])

    edge = (
        on - timedelta(days=int(leaf.gap.days))
        if leaf.gap.days is not None
        else add_months(on, -(leaf.gap.months or 0))
    )
    yield from days_around(f"relapse and scan {leaf.gap.words()}", edge, pair)
    far = (edge - timedelta(days=20)).isoformat()
    yield from numbers_around(
        f"{leaf.findings[0]} at least {leaf.at_least}", leaf.at_least, 1, lambda count: pair(far, int(count))
    )
    start = window_start(leaf.window)
    if start:
        yield from days_around(f"window from {start}", start, pair)
