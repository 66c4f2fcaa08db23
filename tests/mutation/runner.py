"""Asking the tests of the core about one mutant: in a fork of a process that has collected them already."""

import ast
import functools
import gc
import importlib.machinery
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.mutants import Mutant, mutated, source_of

QUICK = (
    "answers", "days", "language", "language_edss", "language_relapses", "language_mri", "language_treatments",
    "language_fitness", "words", "manual", "library", "scores", "cases", "calendar", "decides", "reads", "windows",
    "mistakes", "verdicts", "unknowns", "edges", "properties_logic", "properties_days",
)  # fmt: skip
LOADING = (
    "test_language",
    "test_mistakes",
    "test_library",
    "test_verdicts",
    "test_scores",
    "test_manual",
    "test_reads",
)
"""Those that stand on the whole library and on tables."""
HEAVY = ("test_manual", "test_properties")
"""Those that take long to import."""
SLOW = (
    "test_calendar.py::test_between_the_dates_nothing_changes_and_at_them_it_does",
    "test_decides.py::test_no_fact_of_a_deciding_set_is_spare",
    "test_decides.py::test_filling_a_deciding_set_always_settles",
)
TESTS = [f"tests/core/test_{name}.py" for name in QUICK] + [f"--deselect=tests/core/{name}" for name in SLOW]
"""The quick ones; what is left out here runs with all the others."""
OPTIONS = ["-o", "addopts=", "-s", "-x", "--noconftest", "--assert=plain", "-p", "no:cacheprovider"]
OPTIONS += ["-p", "no:terminal"]
ENOUGH_SECONDS = 12
"""A mutant that so many seconds of tests (as watched, four times slower than life) have not noticed is unnoticed."""
ENDLESS_SECONDS = 60
KEPT = Path(".mutation.survey")

Place = tuple[str, int]
"""A function: file and first line, a decorator's if it has one."""
Note = Callable[[Mutant, str], None]

settings.register_profile(
    "mutation", max_examples=12, derandomize=True, database=None, deadline=None,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@dataclass
class Survey:
    """Which functions each test runs through and how long it takes; what runs only once, behind a cache."""

    seconds: dict[str, float] = field(default_factory=dict)
    reaches: dict[str, set[Place]] = field(default_factory=dict)
    loading: set[Place] = field(default_factory=set)

    def tests_of(self, places: Iterable[Place]) -> list[str]:
        """The tests through these functions, those through little else first, as many as are worth it."""
        wanted = set(places)
        through = [test for test, reached in self.reaches.items() if not wanted.isdisjoint(reached)]
        order = sorted(through, key=lambda test: (len(self.reaches[test]), self.seconds[test]))
        if not wanted.isdisjoint(self.loading):  # behind a cache, it is run by whoever comes first
            first = [test for test in self.reaches if any(name in test for name in LOADING)]
            order = [*order, *sorted(first, key=self.seconds.__getitem__)]
        chosen, spent = [], 0.0
        for test in order:
            spent += self.seconds[test]
            if spent > ENOUGH_SECONDS:
                break
            chosen.append(test)
        return chosen


def _main(*, plugin: object, tests: list[str] = TESTS) -> int:
    settings.load_profile("mutation")
    return int(pytest.main([*OPTIONS, *tests], plugins=[plugin]))


def _passes(item: pytest.Item) -> bool:
    return not any(told.failed for told in runtestprotocol(item, log=False, nextitem=None))


def _passes_surely(item: pytest.Item) -> None:
    if not _passes(item):
        sys.exit(f"{item.nodeid} fails already")


# ------------------------------------------------------------------ which test runs through what


def survey() -> Survey:
    """Run every test once in a process of its own and see what it runs through; kept while no file changes."""
    files = [
        path for folder in ("referral", "tests/core") for path in Path(folder).rglob("*") if path.is_file()
    ]
    changed = max(path.stat().st_mtime for path in files if "__pycache__" not in path.parts)
    if KEPT.exists() and KEPT.stat().st_mtime > changed:
        known: Survey = pickle.loads(KEPT.read_bytes())  # noqa: S301 - our own file
        return known
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_survey, args=(theirs,))
    process.start()
    theirs.close()
    found: Survey = ours.recv()
    process.join()
    KEPT.write_bytes(pickle.dumps(found))
    return found


def _survey(answer: Any) -> None:
    _main(plugin=_Surveyor(answer))


class _Surveyor:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        found = Survey()
        _forget()
        first, _ = _watched(_warm)
        second, _ = _watched(_warm)
        found.loading = first - second
        for item in session.items:
            reached, seconds = _watched(partial(_passes_surely, item))
            found.seconds[item.nodeid], found.reaches[item.nodeid] = seconds, reached
        self.answer.send(found)
        return True


def _warm() -> None:
    from referral.assessment import assess
    from referral.criteria import library
    from referral.scores import edss, egfr, hct_ci
    from tests.core.records import AS_OF, make_record

    assess(make_record(), library().values(), AS_OF)
    hct_ci.words()
    edss._table()
    egfr._figures()


def _forget() -> None:
    """Empty every cache of the product, so that what stands behind it runs again."""
    for cached in _caches():
        cached.cache_clear()


@functools.cache
def _caches() -> list[Any]:
    """Every cache of the product; found before the fork, which hides what was there from the collector."""
    return [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, functools._lru_cache_wrapper) and str(thing.__module__).startswith("referral")
    ]


def _watched(deed: Callable[[], object]) -> tuple[set[Place], float]:
    codes: set[CodeType] = set()

    def watch(frame: Any, event: str, _: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    begun = time.process_time()
    sys.setprofile(watch)
    try:
        deed()
    finally:
        sys.setprofile(None)
    places = {(code.co_filename, code.co_firstlineno) for code in codes if "/referral/" in code.co_filename}
    return places, time.process_time() - begun


# ------------------------------------------------------------------ a fork for each


def run_in_forks(mutants: list[Mutant], known: Survey, processes: int, note: Note) -> list[Mutant]:
    """Try the mutants of functions that tests run through; give the others back."""
    rest: list[Mutant] = []
    ours, theirs = multiprocessing.Pipe(duplex=False)
    plugin = _Forker(mutants, known, processes, theirs)
    process = multiprocessing.get_context("fork").Process(target=_main, kwargs={"plugin": plugin})
    process.start()
    theirs.close()
    for number, result in _received(ours):
        if result == "elsewhere":
            rest.append(mutants[number])
        else:
            note(mutants[number], result)
    process.join()
    return rest


def _received(pipe: Any) -> Iterator[tuple[int, str]]:
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return


def _place(mutant: Mutant) -> Place:
    return str(source_of(mutant.module)), mutant.begins


class _Forker:
    """Instead of running the tests once: run them for every mutant, each in a fork."""

    def __init__(self, mutants: list[Mutant], known: Survey, processes: int, answer: Any) -> None:
        self.mutants, self.known, self.processes, self.answer = mutants, known, processes, answer

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        _warm()
        living = _living()
        _caches()
        gc.freeze()
        running: dict[int, int] = {}
        for number, mutant in enumerate(self.mutants):
            tests = [items[test] for test in self.known.tests_of([_place(mutant)])] if mutant.function else []
            if not tests or (*_place(mutant), mutant.function) not in living:
                self.answer.send((number, "elsewhere"))
                continue
            if len(running) >= self.processes:
                self._wait(running)
            pid = os.fork()
            if pid == 0:
                cached = _place(mutant) in self.known.loading or _is_cached(living, mutant)
                _try(mutant, living[*_place(mutant), mutant.function], tests, cached=cached)
            running[pid] = number
        while running:
            self._wait(running)
        return True

    def _wait(self, running: dict[int, int]) -> None:
        pid, status = os.wait()
        self.answer.send((running.pop(pid), _result(status)))


def _is_cached(living: dict[tuple[str, int, str], list[FunctionType]], mutant: Mutant) -> bool:
    own = living[*_place(mutant), mutant.function]
    return any(cached.__wrapped__ in own for cached in _caches())


def _result(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "endless"
    return "noticed" if os.WEXITSTATUS(status) else "unnoticed"


def _living() -> dict[tuple[str, int, str], list[FunctionType]]:
    """Every function of the product in this process, by file, first line and name."""
    found: dict[tuple[str, int, str], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and "/referral/" in thing.__code__.co_filename:
            code = thing.__code__
            same = found.setdefault((code.co_filename, code.co_firstlineno, code.co_qualname), [])
            same.append(thing)
    return {place: same for place, same in found.items() if len({thing.__code__ for thing in same}) == 1}


def _try(mutant: Mutant, functions: list[FunctionType], tests: list[pytest.Item], *, cached: bool) -> None:
    """In the fork: make the wrong, ask the tests, say by the exit code whether one failed."""
    _quiet()
    try:
        old = functions[0].__code__
        tree = compile(mutated(mutant), old.co_filename, "exec")
        new = next(code for code in _codes(tree) if _named(code) == _named(old))
        for function in functions:
            function.__code__ = new
        if cached:
            _forget()
        noticed = not all(_passes(item) for item in tests)
    except BaseException:
        noticed = True
    os._exit(int(noticed))


def _quiet() -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(ENDLESS_SECONDS)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _named(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


# ------------------------------------------------------------------ what runs at import


def run_at_import(mutants: list[Mutant], known: Survey, processes: int, note: Note) -> None:
    """Try mutants of what runs at import: each in a process that imports the module with the wrong in it."""
    running: dict[int, Mutant] = {}

    def wait() -> None:
        pid, status = os.wait()
        note(running.pop(pid), _result(status))

    for mutant in mutants:
        if len(running) >= processes:
            wait()
        path = str(source_of(mutant.module))
        places = {place for reached in known.reaches.values() for place in reached if place[0] == path}
        tests = [test for test in known.tests_of(places) if not any(name in test for name in HEAVY)]
        pid = os.fork()
        if pid == 0:
            _quiet()
            _Importer.tree, _Importer.path = mutated(mutant), path
            importlib.machinery.SourceFileLoader.get_code = _Importer.get_code  # type: ignore[method-assign,assignment]  # the wrong code instead
            os._exit(int(_main(plugin=object(), tests=tests) != 0))
        running[pid] = mutant
    while running:
        wait()


class _Importer:
    """Reads every module as always, but the one with the wrong in it from its tree."""

    tree: ast.Module
    path: str
    as_always = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: Any, name: str) -> Any:
        if self.get_filename(name) == _Importer.path:
            return compile(_Importer.tree, _Importer.path, "exec")
        return _Importer.as_always(self, name)
