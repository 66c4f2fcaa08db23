"""wapiti against the application as it is served, as each role: ``python -m tests.proofs.wapiti --program PATH``.

The program has an environment of its own (make wapiti): nothing of the application needs it. What calls other machines
is left out. Nothing of medium or high level may be found; a page that returns what it is sent must be.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from flask_migrate import upgrade
from sqlalchemy.orm import Session

from app import create_app
from referral import auth
from referral.extensions import db
from referral.workflow import Role
from tests.browser import PASSWORD
from tests.conftest import settings_for
from tests.matrix.house import House
from tests.matrix.laying import lay
from tests.matrix.world import build
from tests.proofs import report
from tests.proofs.caller import Caller
from tests.proofs.ground import Ground, ground
from tests.proofs.server import faults_told, serve
from tests.proofs.test_crawl import BEGIN
from tests.stores import Sqlite

MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,timesql,"
    "upload,xss"
)
"""Without ldap: no directory is asked here, and it takes two answers that differ for one, as ours do from one second to
the next by the token of their forms."""
LEFT_OUT = ("/sign-out", "/sign-in", "/static/*", "/people/*")
MEDIUM = 2
FEWEST = 8
"""Whoever is signed in reaches so many routes at least, or the scanner stood outside."""
REACHED = re.compile(r"route=(\S+) status=200 .*person=(?!null)")
NOBODY = "nobody"
LEVELS = {0: "information", 1: "low", 2: "medium", 3: "high", 4: "critical"}


def scan(
    program: str, who: Caller, role: str, seconds: int, folder: Path, *begin: str
) -> list[tuple[int, str]]:
    """Scan as somebody, from their address, and give what was found: level and words."""
    out, attack = folder / f"{role}.json", max(10, seconds // 4)
    here = f"http://127.0.0.1:{who.port}"
    cookie = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
    command = [
        program, "-u", f"{here}/", "-C", cookie or "x=y", "-H", f"X-Forwarded-For: {who.address}", "-m", MODULES,
        "--scope", "domain", "-f", "json", "-o", str(out), "--no-bugreport",
        "--max-scan-time", str(seconds), "--max-attack-time", str(attack),
        "--flush-session", "--store-session", str(folder / role), "--max-files-per-dir", "30", "--tasks", "4",
    ]  # fmt: skip
    command += [part for path in begin for part in ("-s", here + path)]
    command += [part for path in LEFT_OUT for part in ("-x", here + path)]
    longest = seconds + attack * (MODULES.count(",") + 1) + 300
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=longest)
    told = json.loads(out.read_text())
    return [
        (
            int(each["level"]),
            f"{kind}: {each['method']} {each['path']} ({each['parameter']}): {each['info'][:200]}",
        )
        for kind, found in told["vulnerabilities"].items()
        for each in found
    ]


@contextmanager
def world() -> Iterator[tuple[Ground, House]]:
    """A house with a case in each state, that can be served."""
    with TemporaryDirectory(prefix="pons-wapiti-") as folder:
        store = Sqlite(Path(folder))
        blank = store.blank()
        app = create_app(settings_for(blank))
        with app.app_context():
            upgrade()
            db.engine.dispose()
        with ground(store, blank, Path(folder, "house"), auth.hash_password(PASSWORD), whole=False) as laid:
            with Session(laid.engine, expire_on_commit=False) as session:
                house = House(laid.app, laid.folder, build(session, laid.everybody(session)))
                with laid.app.app_context():
                    lay(house, session)
            yield laid, house


@dataclass
class Scanned:
    """What the scanner found and reached, by role; what the log tells of breaking; what it said of the fault."""

    found: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)

    @property
    def worst(self) -> list[str]:
        """What is of medium level or above."""
        all_ = ((role, level, words) for role, found in self.found.items() for level, words in found)
        return sorted({f"{role}: {words}" for role, level, words in all_ if level >= MEDIUM})

    @property
    def outside(self) -> list[str]:
        """The roles as which it stood before the door."""
        return [role for role, routes in self.reached.items() if role != NOBODY and routes < FEWEST]


def scan_all(program: str, seconds: int) -> Scanned:
    """Scan as each role and as nobody, then a page that is broken."""
    done = Scanned()
    with world() as (laid, _), TemporaryDirectory() as place:
        folder = Path(place)
        with serve(laid.environment, laid.log) as server:
            for number, role in enumerate([*map(str, Role), NOBODY], start=1):
                address = f"198.51.100.{number}"  # so that wrong passwords of one role keep no other out
                before = len(laid.log.read_text())
                who = Caller(server.port, address=address)
                if role != NOBODY:
                    who.sign_in(f"{role}@example.org")
                done.found[role] = scan(program, who, role, seconds, folder, *BEGIN[:-1])
                done.reached[role] = len(behind_the_door(laid.log.read_text()[before:]))
                put(f"{role}: {count(done.found[role])}; {done.reached[role]} routes behind the door")
        done.broken = faults_told(laid.log)
        with serve(laid.environment, laid.log, fault="echo") as server:
            seeded = scan(program, Caller(server.port), "fault", 60, folder, "/proof-echo?text=a")
    done.caught = [words for level, words in seeded if level >= MEDIUM and "proof-echo" in words]
    return done


def main() -> None:
    """Scan, print what was found, and with --write keep the page of it."""
    options = argparse.ArgumentParser(prog="python -m tests.proofs.wapiti", description=__doc__)
    options.add_argument("--program", required=True)
    options.add_argument("--seconds", type=int, default=300, help="of crawling as each role at most")
    options.add_argument("--write", action="store_true", help="keep the page in docs/proofs")
    asked = options.parse_args()
    done = scan_all(asked.program, asked.seconds)
    figures: dict[str, object] = {"seconds of crawling as each role, at most": asked.seconds}
    figures |= {f"found as {role}": count(found) for role, found in done.found.items()}
    figures |= {
        f"routes reached as {role}": routes for role, routes in done.reached.items() if role != NOBODY
    }
    figures |= {
        "of medium level or above": "; ".join(done.worst) or "nothing",
        "answers that broke": len(done.broken),
    }
    figures |= {"stood before the door as": ", ".join(done.outside) or "nobody"}
    for what, figure in figures.items():
        put(f"{what}: {figure}")
    for line in done.broken[:20]:
        put(line)
    put(f"the fault that was put in: {done.caught[:1] or 'NOT FOUND'}")
    if asked.write:
        fault = {"a page that echoes": str(done.caught[:1])}
        report.write("wapiti", "wapiti as each role", figures, fault, anyway=True)
    sys.exit(bool(done.worst or done.broken or done.outside or not done.caught))


def behind_the_door(log: str) -> set[str]:
    """Give the routes that somebody who is signed in was shown, of a log."""
    return set(REACHED.findall(log))


def count(found: list[tuple[int, str]]) -> str:
    """Say how much was found, by level and kind."""
    kinds = Counter(f"{LEVELS.get(level, level)}: {words.partition(':')[0]}" for level, words in found)
    return ", ".join(f"{kind} {times}" for kind, times in sorted(kinds.items())) or "nothing"


def put(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
