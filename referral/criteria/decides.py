"""The facts that would settle it: the smallest sets of unknown facts which, once known, always settle the verdict."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from referral.criteria.case import Case
from referral.criteria.edition import DECIDING
from referral.criteria.evaluate import EditionResult, Finding, Result, Verdict, draw_verdict, find
from referral.criteria.language import Test
from referral.criteria.reads import paths_read
from referral.criteria.unknowns import Filling, fillings
from referral.facts import out_of_order

LARGEST_SET = 3
"""Sets of more facts help nobody who has to fetch them."""
MOST_WORLDS = 3_000
"""Combinations looked at for one set; a set that has more is not offered."""

IN_ORDER = ("patient.", "diagnosis.", "relapses.", "treatments.")
"""The sections of a record in which dates can contradict one another (``out_of_order``)."""

Paths = tuple[str, ...]
World = tuple[tuple[str, int], ...]
"""Facts by path, each with the place of what it turns out to be among its fillings."""


class Deciding:
    """The deciding sets of many editions, asked of one case; what one edition worked out helps the next."""

    def __init__(self, case: Case, results: Sequence[EditionResult]) -> None:
        self.case = case
        self._limits: dict[str, set[Decimal]] = {}
        for finding in (finding for result in results for finding in result.findings):
            for path in finding.answer.missing:
                self._limits.setdefault(path, set()).update(finding.criterion.numbers)
        self._fillings: dict[str, tuple[Filling, ...]] = {}
        self._cases: dict[World, Case] = {}
        self._standing: dict[World, bool] = {}
        self._found: dict[tuple[int, World], Finding] = {}
        self._excluding: dict[tuple[str, str], bool] = {}
        self._read: dict[int, frozenset[str]] = {}
        self._together: dict[str, dict[str, list[str]]] = {}

    def sets(self, result: EditionResult) -> tuple[Paths, ...]:
        """Give the smallest sets for one edition, as they are met.

        Of a verdict that is open, only what settles it; of one that stands, the dates that others stood in for.
        """
        if result.verdict is not Verdict.CANNOT_SAY:
            return tuple(dict.fromkeys(_fall_backs(result)))
        frontier: list[Paths] = [()]
        seen: set[Paths] = set()
        for size in range(1, LARGEST_SET + 1):
            settled: list[Paths] = []
            further: list[Paths] = []
            for chosen in frontier:
                for path in self._worth_adding(result, chosen):
                    wider = tuple(sorted({*chosen, path}))
                    if path in chosen or wider in seen:
                        continue
                    seen.add(wider)
                    if self._open_world(result, wider) is None:
                        settled.append(wider)
                    elif self._can_suffice(result, wider, LARGEST_SET - size):
                        further.append(wider)
            if settled:
                return tuple(settled)
            frontier = further
        return ()

    def _worth_adding(self, result: EditionResult, chosen: Paths) -> Iterator[str]:
        """Name the facts that could settle what these leave open: those behind what blocks one open world."""
        findings = self._open_world(result, chosen) or ()
        deciding = [f for f in findings if f.result is Result.CANNOT_SAY and f.criterion.kind in DECIDING]
        untouched = self._untouched(result, chosen) if chosen else []
        if untouched and not self._may_exclude(result, chosen):
            yield from min(untouched, key=len)
            yield from (path for path in self._paths(result) if self._excludes(result, path))
            yield from self._beside(result, chosen)
        else:
            yield from dict.fromkeys(path for finding in deciding for path in finding.answer.missing)

    def _can_suffice(self, result: EditionResult, chosen: Paths, more: int) -> bool:
        """Whether ``more`` further facts could answer all that every route needs, unless one excludes anyway."""
        apart = 0
        taken: set[str] = set()
        for missing in self._untouched(result, chosen):
            if taken.isdisjoint(missing):
                apart += 1
                taken.update(missing)
        if apart <= more or any(self._excludes(result, path) for path in self._paths(result)):
            return True
        return any(self._beside(result, chosen))

    def _untouched(self, result: EditionResult, chosen: Paths) -> list[Paths]:
        """Give what is missing, for each open criterion that every route needs and none of these facts answers."""
        return [
            finding.answer.missing
            for finding in result.findings
            if finding.result is Result.CANNOT_SAY
            and finding.criterion.kind in DECIDING
            and finding.criterion.route is None
            and set(chosen).isdisjoint(finding.answer.missing)
        ]

    def _paths(self, result: EditionResult) -> Paths:
        deciding = (
            f for f in result.findings if f.result is Result.CANNOT_SAY and f.criterion.kind in DECIDING
        )
        return tuple(dict.fromkeys(path for finding in deciding for path in finding.answer.missing))

    def _beside(self, result: EditionResult, chosen: Paths) -> Iterator[str]:
        """Name the facts that may exclude together with these: what one criterion asks for, another may not allow."""
        if result.edition.id not in self._together:
            self._together[result.edition.id] = _read_together(result)
        together = self._together[result.edition.id]
        return (other for path in chosen for other in together.get(path, ()) if other not in chosen)

    def _may_exclude(self, result: EditionResult, chosen: Paths) -> bool:
        return any(self._excludes(result, path) for path in chosen)

    def _excludes(self, result: EditionResult, path: str) -> bool:
        """Whether some criterion is *not met* whatever this fact turns out to be."""
        key = (result.edition.id, path)
        if key not in self._excluding:
            readers = self._readers(result, (path,))
            worlds = (
                self._in_world(result, readers, ((path, option),)) for option in range(len(self._fill(path)))
            )
            self._excluding[key] = all(
                any(findings[place].result is Result.NOT_MET for place in readers)
                for findings in worlds
                if findings
            )
        return self._excluding[key]

    def _readers(self, result: EditionResult, chosen: Paths) -> list[int]:
        """Give the places of the deciding criteria that read one of these facts."""
        return [
            place
            for place, finding in enumerate(result.findings)
            if finding.criterion.kind in DECIDING and not set(chosen).isdisjoint(finding.answer.missing)
        ]

    def _fill(self, path: str) -> tuple[Filling, ...]:
        if path not in self._fillings:
            limits = tuple(sorted(self._limits.get(path, ())))
            self._fillings[path] = fillings(path, self.case, limits)
        return self._fillings[path]

    def _open_world(self, result: EditionResult, chosen: Paths) -> Sequence[Finding] | None:
        """Find a way for these facts to turn out that leaves the verdict open; ``None`` if there is none."""
        if not chosen:
            return result.findings
        reading = self._readers(result, chosen)
        options = [self._told_apart(result, reading, chosen, path) for path in chosen]
        for number, combination in enumerate(itertools.product(*options)):
            if number >= MOST_WORLDS:
                return result.findings
            findings = self._in_world(result, reading, tuple(zip(chosen, combination, strict=True)))
            if findings and draw_verdict(result.edition, findings) is Verdict.CANNOT_SAY:
                return findings
        return None

    def _told_apart(self, result: EditionResult, reading: list[int], chosen: Paths, path: str) -> list[int]:
        """Keep one value of a fact for every way in which it changes the criteria, if they read no other of the set."""
        every_option = list(range(len(self._fill(path))))
        if len(chosen) == 1:
            return every_option
        readers = [place for place in reading if path in result.findings[place].answer.missing]
        others = set(chosen) - {path}
        if any(others & set(result.findings[place].answer.missing) for place in readers):
            return every_option
        kept: dict[tuple[Result, ...], int] = {}
        for option in every_option:
            findings = self._in_world(result, readers, ((path, option),))
            if findings:
                kept.setdefault(tuple(findings[place].result for place in readers), option)
        return list(kept.values())

    def _in_world(self, result: EditionResult, reading: list[int], world: World) -> list[Finding] | None:
        """Ask the criteria that read these facts again; ``None`` where the facts cannot stand together."""
        if not self._stands(world):
            return None
        findings = list(result.findings)
        for place in reading:
            read = tuple(part for part in world if part[0] in findings[place].answer.missing)
            findings[place] = self._find(findings[place], read)
        return findings

    def _stands(self, world: World) -> bool:
        """Whether these facts can stand together: only some sections of the record have an order to keep."""
        ordered = tuple(part for part in world if part[0].startswith(IN_ORDER))
        if not ordered:
            return True
        if ordered not in self._standing:
            self._standing[ordered] = not any(out_of_order(self._case(ordered).record))
        return self._standing[ordered]

    def _case(self, world: World) -> Case:
        if not world:
            return self.case
        if world not in self._cases:
            path, option = world[-1]
            record = self._fill(path)[option](self._case(world[:-1]).record)
            self._cases[world] = self.case.holding(record, self._sections)
        return self._cases[world]

    def _sections(self, test: Test) -> frozenset[str]:
        """The sections of the record that a test reads."""
        if id(test) not in self._read:
            self._read[id(test)] = frozenset(path.partition(".")[0] for path in paths_read(test))
        return self._read[id(test)]

    def _find(self, finding: Finding, world: World) -> Finding:
        key = (id(finding.criterion), world)
        if key not in self._found:
            self._found[key] = find(finding.criterion, self._case(world))
        return self._found[key]


def _read_together(result: EditionResult) -> dict[str, list[str]]:
    """Give, for each fact that two open criteria read, the others of that kind that one criterion reads with it."""
    read = [
        finding.answer.missing
        for finding in result.findings
        if finding.result is Result.CANNOT_SAY and finding.criterion.kind in DECIDING
    ]
    times = Counter(path for paths in read for path in paths)
    shared = [[path for path in paths if times[path] > 1] for paths in read]
    together: dict[str, dict[str, None]] = {}
    for paths in shared:
        for path in paths:
            together.setdefault(path, {}).update(dict.fromkeys(other for other in paths if other != path))
    return {path: list(others) for path, others in together.items()}


def _fall_backs(result: EditionResult) -> Iterator[Paths]:
    """Dates that a fall-back anchor stood in for: worth knowing although the result is settled."""
    for finding in result.findings:
        if finding.result in (Result.MET, Result.NOT_MET) and _fell_back(finding):
            yield ("diagnosis.diagnosed_on",)


def _fell_back(finding: Finding) -> bool:
    """Whether the first symptom stands in for the date of diagnosis."""
    unstated = any(getattr(leaf, "anchor", None) == "unstated" for leaf in finding.criterion.leaves())
    return (
        unstated
        and "diagnosis.diagnosed_on" in finding.answer.missing
        and any(fact.path == "diagnosis.symptom_onset" for fact in finding.facts)
    )


def rank(sets: Sequence[tuple[Paths, ...]]) -> tuple[tuple[Paths, ...], ...]:
    """Put each edition's sets in order: those first that settle the most editions."""
    settles = {chosen: sum(chosen in other for other in sets) for edition in sets for chosen in edition}
    return tuple(tuple(sorted(edition, key=lambda chosen: -settles[chosen])) for edition in sets)
