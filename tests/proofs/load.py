"""Many people at once, who look, write, search, bring papers and decide: ``python -m tests.proofs.load --help``.

Each thinks for three to ten seconds between two acts. What they read is written into the trail, as ever.
"""

import argparse
import math
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from referral import demo
from referral.models import AuditEntry
from tests.attachments.made import pdf
from tests.bench.programme import running_server
from tests.browser import Fields
from tests.proofs import report
from tests.proofs.caller import Answer, Caller
from tests.proofs.filled import Filled, filled_house
from tests.proofs.processes import family, handles, memory
from tests.proofs.server import Server, faults_told, serve, ticking
from tests.stores import Sqlite

THINK = (3.0, 10.0)
WRITES = {"view": 54.5, "save": 36.4, "upload": 9.1}
READS = {"view": 66.7, "search": 22.2, "packet": 6.7, "decide": 4.4}
"""Of a hundred acts of each, so that of all together 60 are views, 20 saves, 10 searches, 5 uploads, 3 packets and 2
decisions, where 11 of 20 people write."""
NEW_PACKETS = 0.1
"""Of the packets that are asked for, so many are not printed yet."""
FILES = 12
"""So many files a neurologist brings to a case."""
P95, P99 = 400.0, 1000.0
GROWTH = {"memory": 1.05, "handles": 1.02, "connections": 1.0}
MOST_WAL = 64 * 2**20
DRIFT = 1.2
SHIPPED = {"sqlite": (2, 8), "postgresql": (4, 4)}
"""How many processes of how many threads answer, as gunicorn.conf.py has it."""
SECTIONS = ("relapses", "organs", "goals", "request")


class Act(NamedTuple):
    """One act: when it began, what it was, what was answered and after how many milliseconds."""

    at: float
    kind: str
    status: int
    took: float


class Sample(NamedTuple):
    """What the server held at one moment."""

    at: float
    memory: int
    handles: int
    connections: int
    wal: int


@dataclass
class Run:
    """What was measured."""

    acts: list[Act] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    entries: int = 0
    lost: int = 0

    def over(self, kind: str = "", part: tuple[float, float] = (0, math.inf)) -> list[float]:
        return sorted(a.took for a in self.acts if kind in ("", a.kind) and part[0] <= a.at < part[1])


def percentile(sorted_times: list[float], of: float) -> float:
    return sorted_times[math.ceil(of * len(sorted_times)) - 1] if sorted_times else 0.0


class Person(threading.Thread):
    """One person with one session, who goes on until it is over."""

    def __init__(self, port: int, laid: Filled, number: int, run: Run, begin: float, end: float) -> None:
        super().__init__(daemon=True)
        self.laid, self.run_, self.begin, self.end = laid, run, begin, end
        self.chance = Random(number)  # noqa: S311  # no secret
        self.caller = Caller(port, address=f"198.51.{number // 250}.{number % 250 + 1}")
        self.writes = number < len(laid.writers)
        writer = laid.writers[number] if self.writes else None
        self.email = writer[0] if writer else laid.readers[number - len(laid.writers)]
        self.drafts = list(writer[1]) if writer else []
        self.mix = WRITES if self.writes else READS
        self.forms: dict[str, Fields] = {}
        self.picture, self.count, self.files = "", 0, 0
        self.went_home = False

    @property
    def draft(self) -> UUID:
        return self.drafts[0]

    def sign_in(self) -> None:
        self.caller.sign_in(self.email, demo.password())

    def run(self) -> None:
        time.sleep(self.chance.uniform(0, THINK[1]))
        while time.monotonic() < self.end:
            (kind,) = self.chance.choices(list(self.mix), list(self.mix.values()))
            with suppress(OSError, HTTPException):
                getattr(self, kind)()
            time.sleep(self.chance.uniform(*THINK))
        self.went_home = True

    def timed(self, kind: str, ask: Callable[[], Answer]) -> Answer:
        """Ask once, and note how long it took; no answer at all counts as 599."""
        began, status = time.monotonic(), 599
        try:
            answer = ask()
            status = answer.status
        finally:
            if began >= self.begin:
                self.run_.acts.append(Act(began, kind, status, (time.monotonic() - began) * 1000))
        return answer

    def get(self, path: str, kind: str = "view") -> Answer:
        return self.timed(kind, partial(self.caller.get, path))

    def post(self, kind: str, path: str, form: Fields, **how: Any) -> Answer:
        return self.timed(kind, partial(self.caller.post, path, form, **how))

    # ------------------------------------------------------------------------------ what people do

    def view(self) -> None:
        laid, choose = self.laid, self.chance.choice
        if self.writes:
            draft = f"/referrals/{self.draft}"
            pages = ("/", "/referrals", draft, f"{draft}/edit/{choose(SECTIONS)}", f"{draft}/files")
        else:
            case = f"/referrals/{choose(laid.cases)}"
            meeting = f"/meetings/{choose(laid.meetings)}"
            late = f"/inbox?page={self.chance.randint(1, 40)}"
            pages = ("/inbox", late, case, f"{meeting}/room", choose((meeting, "/meetings")))
        self.get(choose(pages))

    def save(self) -> None:
        """Change one field; the page saves itself."""
        section = self.chance.choice(SECTIONS[:3])
        path = f"/referrals/{self.draft}/edit/{section}"
        if section not in self.forms:
            page = self.get(path)
            if page.status != 200:
                return  # it is counted as a fault, and there is no form to go on with
            self.forms[section] = page.fields(path)
        fields = self.forms[section]
        ours = ("csrf_token", "opened")
        texts = [name for name, value in fields.items() if isinstance(value, str) and name not in ours]
        dates = [name for name in texts if name.endswith(("onset", "date"))] or texts
        self.count += 1
        fields[dates[self.count % len(dates)]] = str(2000 + self.count % 26)
        marks = {"Pons-Autosave": "1", "Pons-Picture": self.picture}
        answer = self.post("save", path, {**fields, "csrf_token": self.caller.token}, headers=marks)
        self.picture = answer.headers.get("pons-picture", self.picture)
        fields["opened"] = answer.headers.get("pons-opened", fields.get("opened", ""))

    def upload(self) -> None:
        """Bring a letter; a case that has its share of them is left for the next draft."""
        if self.files == FILES and len(self.drafts) > 1:
            self.drafts.pop(0)
            self.forms, self.picture, self.files = {}, "", 0
        self.files += 1
        content = pdf(2, unique=self.chance.randrange(10**9))
        path, form = f"/referrals/{self.draft}/files", {"kind": "letter", "dated": ""}
        self.post("upload", path, form, files={"files": ("letter.pdf", content)})

    def search(self) -> None:
        self.post("search", "/inbox", {"text": self.chance.choice(self.laid.names)})

    def packet(self) -> None:
        new = self.laid.unprinted and self.chance.random() < NEW_PACKETS
        case = self.laid.unprinted.pop() if new else self.chance.choice(self.laid.printed)
        self.get(f"/referrals/{case}/packet.pdf", "packet")

    def decide(self) -> None:
        """Write a decision down, as it was opened; who comes later is shown what stands."""
        path = f"/referrals/{self.chance.choice(self.laid.listed)}/decision"
        page = self.get(f"{path}/edit")
        if page.status == 200:
            said = {"outcome": "advice_given", "text": "As was said.", "csrf_token": self.caller.token}
            self.post("decide", path, page.fields(path) | said)


def run_people(server: Server, laid: Filled, people: int, seconds: float, warm: float) -> Run:
    """Let them come, sign in, and go on; look at the server now and then."""
    run = Run()
    begin = time.monotonic() + warm
    crowd = [Person(server.port, laid, number, run, begin, begin + seconds) for number in range(people)]
    for person in crowd:
        person.sign_in()
    late = time.monotonic() - begin + warm  # the others waited meanwhile
    for person in crowd:
        person.begin, person.end = person.begin + late, person.end + late
    before = count_entries(laid)
    for person in crowd:
        person.start()
    end = begin + late + seconds
    while time.monotonic() < end:
        if time.monotonic() > begin + late:
            run.samples.append(sample(server, laid))
        time.sleep(min(10.0, max(0.5, seconds / 40)))
    for person in crowd:
        person.join(timeout=THINK[1] + 60)
        run.lost += not person.went_home
    run.entries = count_entries(laid) - before
    return run


def count_entries(laid: Filled) -> int:
    with laid.ground.window() as session:
        return session.scalar(select(func.max(AuditEntry.id))) or 0


def sample(server: Server, laid: Filled) -> Sample:
    """What the server and its processes hold now."""
    everybody = family(server.process.pid)
    steady = [server.process.pid, *server.worker_ids()]
    connections, wal = 0, 0
    with laid.ground.window() as session:
        if session.get_bind().dialect.name == "postgresql":
            mine = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pons'")
            connections = session.scalar(mine) or 0
        else:
            log = Path(laid.ground.settings.database_url.removeprefix("sqlite:///") + "-wal")
            wal = log.stat().st_size if log.exists() else 0
    held = sum(memory(pid) for pid in steady)
    return Sample(time.monotonic(), held, sum(map(handles, everybody)), connections, wal)


# ------------------------------------------------------------------------------------------- what it comes to


def figures(run: Run, people: int, seconds: float, store: str) -> dict[str, object]:
    """Give what was measured, for people."""
    every = run.over()
    statuses = Counter(act.status for act in run.acts)
    told: dict[str, object] = {
        "database": store,
        "people": people,
        "seconds": round(seconds),
        "acts": len(every),
        "acts a second": f"{len(every) / seconds:.1f}",
        "p50 of all": f"{percentile(every, 0.5):.0f} ms",
        "p95 of all": f"{percentile(every, 0.95):.0f} ms (target {P95:.0f})",
        "p99 of all": f"{percentile(every, 0.99):.0f} ms (target {P99:.0f})",
        "longest": f"{every[-1] if every else 0:.0f} ms",
        "answers by status": dict(sorted(statuses.items())),
        "entries written into the trail meanwhile": run.entries,
    }
    kinds: dict[str, int] = defaultdict(int)
    for act in run.acts:
        kinds[act.kind] += 1
    for kind in sorted(kinds):
        took = run.over(kind)
        told[f"{kind}: {len(took)} ({100 * len(took) / max(1, len(every)):.0f} of 100)"] = (
            f"p50 {percentile(took, 0.5):.0f}, p95 {percentile(took, 0.95):.0f}, p99 {percentile(took, 0.99):.0f} ms"
        )
    if run.samples:
        first, last = halves(run)
        for what in ("memory", "handles", "connections", "wal"):
            early, late = (sum(getattr(s, what) for s in part) / len(part) for part in (first, last))
            told[f"{what}, second quarter and last"] = f"{say(what, early)}, {say(what, late)}"
    return told


def say(what: str, number: float) -> str:
    return f"{number / 2**20:.0f} MiB" if what in ("memory", "wal") else f"{number:.0f}"


def halves(run: Run) -> tuple[list[Sample], list[Sample]]:
    """The second quarter, when everything is warm, and the last."""
    quarter = max(1, len(run.samples) // 4)
    return run.samples[quarter : 2 * quarter] or run.samples[:1], run.samples[-quarter:]


def faults(run: Run, *, timed: bool, soak: bool) -> list[str]:
    """Say what is not as it must be. ``timed``: the machine is ours alone, so that times tell something."""
    found = [f"answered {act.status} to {act.kind}" for act in run.acts if act.status >= 500][:5]
    refused = [act for act in run.acts if 400 <= act.status < 500 and act.status != 409]
    found += [f"refused {act.status} to {act.kind}" for act in refused][:5]
    if run.lost:
        found.append(f"{run.lost} people wait for an answer or broke down")
    if run.entries < sum(act.kind in ("view", "search", "packet") for act in run.acts) * 0.3:
        found.append("hardly anything that was read is in the trail")
    every = run.over()
    if timed and percentile(every, 0.95) > P95:
        found.append(f"p95 is {percentile(every, 0.95):.0f} ms")
    if timed and percentile(every, 0.99) > P99:
        found.append(f"p99 is {percentile(every, 0.99):.0f} ms")
    return found + (growth(run) if soak else [])


def growth(run: Run) -> list[str]:
    """Say what has grown."""
    found = []
    first, last = halves(run)
    for what, most in GROWTH.items():
        early, late = (sum(getattr(s, what) for s in part) / len(part) for part in (first, last))
        if late > max(early * most, early + 2 if what != "memory" else 0):
            found.append(f"{what} grew from {say(what, early)} to {say(what, late)}")
    if max(s.wal for s in run.samples) > MOST_WAL:
        found.append("the log of SQLite grew beyond 64 MiB")
    begin, end = run.samples[0].at, run.samples[-1].at
    quarter = (end - begin) / 4
    early95 = percentile(run.over(part=(begin + quarter, begin + 2 * quarter)), 0.95)
    late95 = percentile(run.over(part=(end - quarter, math.inf)), 0.95)
    if late95 > early95 * DRIFT:
        found.append(f"p95 went from {early95:.0f} to {late95:.0f} ms")
    return found


@contextmanager
def address_of(store: str) -> Iterator[str]:
    """A new database of a kind."""
    if store == "postgresql":
        with running_server() as address:
            yield address
    else:
        with TemporaryDirectory(prefix="pons-load-") as folder:
            yield Sqlite(Path(folder)).blank()


def come(
    laid: Filled,
    *,
    people: int,
    seconds: float,
    warm: float,
    workers: int = 2,
    threads: int = 8,
    fault: str = "",
) -> Run:
    """Serve a filled house, and let people come."""
    ground = laid.ground
    with (
        serve(ground.environment, ground.log, workers=workers, threads=threads, fault=fault) as server,
        ticking(ground.environment, ground.log),
    ):
        return run_people(server, laid, people, seconds, warm)


def measure(
    store: str, address: str, folder: Path, *, people: int, seconds: float, cases: int, entries: int,
    warm: float = 20, workers: int = 2, threads: int = 8, told: Callable[[str], object] = lambda _: None,
) -> Run:  # fmt: skip
    """Fill a house, serve it, and let people come."""
    began = time.monotonic()
    with filled_house(address, folder, people=people, cases=cases, entries=entries) as laid:
        told(f"{store}: filled in {time.monotonic() - began:.0f} s")
        run = come(laid, people=people, seconds=seconds, warm=warm, workers=workers, threads=threads)
        for line in faults_told(laid.ground.log)[:20]:
            told(line)
    return run


def main() -> None:
    """Measure, print, and with --write keep the page of it."""
    options = argparse.ArgumentParser(prog="python -m tests.proofs.load", description=__doc__)
    options.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--people", type=int, default=200)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--cases", type=int, default=50_000)
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--workers", type=int, help="other than is shipped")
    options.add_argument("--threads", type=int, help="other than is shipped")
    options.add_argument("--warm", type=float, default=30)
    options.add_argument("--soak", action="store_true", help="look for growth too")
    options.add_argument("--write", action="store_true", help="keep the page in docs/proofs")
    asked = options.parse_args()
    workers, threads = asked.workers or SHIPPED[asked.store][0], asked.threads or SHIPPED[asked.store][1]
    with address_of(asked.store) as address, TemporaryDirectory(prefix="pons-load-") as folder:
        run = measure(
            asked.store, address, Path(folder, "house"), people=asked.people, seconds=asked.seconds, cases=asked.cases,
            entries=asked.entries, warm=asked.warm, workers=workers, threads=threads, told=put,
        )  # fmt: skip
    told = figures(run, asked.people, asked.seconds, asked.store)
    told["cases, entries in the trail before"] = f"{asked.cases}, {asked.entries}"
    told["workers, threads each"] = f"{workers}, {threads}"
    for what, figure in told.items():
        put(f"{what}: {figure}")
    wrong = faults(run, timed=True, soak=asked.soak)
    put("\n".join(["Not as it must be:", *wrong]) if wrong else "All holds.")
    if asked.write:
        name = f"{'soak' if asked.soak else 'load'}-{asked.store}"
        told["not as it must be"] = "; ".join(wrong) or "nothing"
        title = f"{'Two hours without growth' if asked.soak else 'Many people at once'} on {asked.store}"
        seeded = "a page that fails, slow pages and growth are found by tests/proofs/test_load.py each time"
        report.write(name, title, told, {"in CI": seeded}, anyway=True)
    sys.exit(bool(wrong))


def put(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
