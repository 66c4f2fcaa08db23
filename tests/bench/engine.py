"""The speeds of the engine: assessments, its start, and how its cost grows."""

import gc
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from forms import read_case, typed_from
from referral import clock
from referral.assessment import assess
from referral.criteria import first_shown, library
from referral.facts import CaseRecord, read_record
from tests.at_hand import COMPLETE, invented
from tests.bench.measuring import Measure, measure

FOUR, LIBRARY, AHEAD, IMPORT = 10.0, 5.0, 60.0, 150.0  # milliseconds, as the median


def measure_engine() -> Iterator[Measure]:
    """Start it, ask it, let what it is asked grow."""
    yield from starts()
    yield from assessments()
    yield from growth()


def assessments() -> Iterator[Measure]:
    """The four editions that are first shown, then the whole library, with and without looking ahead."""
    today = clock.today()
    for what, name in (("everything known", COMPLETE), ("almost nothing known", "fallowfield_jun")):
        course = invented(name)
        record = read_case(typed_from(read_record(course.record, today), course.who, {}), today).record
        asked = partial(assess, record, first_shown(), today, ahead=False)
        yield measure(f"four editions assessed, {what}", asked, 20, FOUR)
        ahead = partial(assess, record, first_shown(), today)
        yield measure(f"the same with deciding facts and calendar, {what}", ahead, 10, AHEAD)
    record, everything = full_record(today), tuple(library().values())
    gc.collect()
    gc.freeze()  # as the server does (gunicorn.conf.py): what stays is not looked through for garbage
    asked = partial(assess, record, everything, today, ahead=False)
    what = f"{len(everything)} editions assessed, 8 relapses, 10 MRI, 15 EDSS, 5 treatments"
    yield measure(what, asked, 20, LIBRARY)
    ahead = partial(assess, record, everything, today)
    yield measure("the same with deciding facts and calendar", ahead, 10, AHEAD)


START = "import time; began = time.perf_counter(); {}; print(time.perf_counter() - began)"


def starts() -> Iterator[Measure]:
    """A fresh process that imports the engine, without Flask; then one that loads the library as well."""
    engine = "import referral.assessment"
    loaded = f"{engine}; from referral.criteria import library; library()"
    for what, deed, target in (
        ("the engine imported, in a process of its own", engine, IMPORT),
        ("the same, and every edition loaded", loaded, math.inf),
    ):
        took = []
        for _ in range(7):
            command = [sys.executable, "-c", START.format(deed)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            took.append(float(said) * 1000)
        yield Measure(what, tuple(took), target)


def growth() -> Iterator[Measure]:
    """Editions and rows once, twice, four and eight times: the cost must grow no faster than they do."""
    today = clock.today()
    everything = tuple(library().values())
    record = full_record(today)
    for share in (8, 4, 2, 1):
        asked = everything[::share]
        deed = partial(assess, record, asked, today, ahead=False)
        yield measure(f"{len(asked)} editions", deed, 40)
    for times in (1, 2, 4, 8):
        deed = partial(assess, full_record(today, times), everything, today, ahead=False)
        yield measure(f"{len(everything)} editions, {times} times the rows", deed, 20)


def full_record(today: date, times: int = 1) -> CaseRecord:
    """Make a record of 8 relapses, 10 MRI studies, 15 EDSS scores and 5 treatments; or of as many more."""

    def ago(days: int) -> str:
        return (today - timedelta(days=days)).isoformat()

    relapse = {
        "severity": "moderate",
        "recovery": "incomplete",
        "steroid_treated": True,
        "systems": ["pyramidal"],
    }
    scan = {"contrast": True, "gd_lesions": 1, "new_t2": 2, "enlarging_t2": 0}
    drugs = ("ifnb1a_sc", "dmf", "fingolimod", "natalizumab", "ocrelizumab_iv")
    courses = [
        {
            "drug": drug,
            "start": ago(2400 - 480 * place),
            "stop": ago(1920 - 480 * place),
            "outcome": "failed_efficacy",
        }
        for place, drug in enumerate(drugs)
    ] * times
    plain = {
        "record": "1",
        "patient": {"birth_date": ago(13_000), "sex": "female"},
        "diagnosis": {
            "phenotype": "RRMS",
            "criteria": "McDonald 2017",
            "symptom_onset": ago(2600),
            "diagnosed_on": ago(2500),
        },
        "relapses": {
            "complete_since": ago(2600),
            "events": [{"onset": ago(60 + 300 * n // times), **relapse} for n in range(8 * times)],
        },
        "edss": [
            {
                "date": ago(20 + 150 * n // times),
                "score": 4 - 0.5 * (n // 3 // times),
                "during_relapse": False,
            }
            for n in range(15 * times)
        ],
        "mri": [
            {"date": ago(30 + 240 * n // times), "compared_with": ago(270 + 240 * n // times), **scan}
            for n in range(10 * times)
        ],
        "treatments": {"complete": True, "courses": courses},
    }
    return read_record(plain, today)
