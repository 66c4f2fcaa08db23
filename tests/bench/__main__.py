"""Print the speeds: an assessment, a packet, each page of a house with a thousand cases, and writing in it."""

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from forms import read_case, typed_from
from referral import clock, demo
from referral.assessment import assess
from referral.criteria import first_shown, library
from referral.extensions import db
from referral.facts import CaseRecord, read_record
from referral.models import Packet, Referral, ReferralVersion, User
from referral.packet import contents, render_pdf
from referral.settings import Settings
from tests.at_hand import COMPLETE, invented
from tests.bench.writing import measure_writing
from tests.browser import Browser
from tests.many import insert_sent

CASES = 1000
TARGETS = {
    "four": 10.0,
    "library": 5.0,
    "ahead": 60.0,
    "import": 150.0,
    "growth": math.inf,
    "packet": 1500.0,
    "page": 100.0,
}  # milliseconds, as the median
Measure = tuple[str, str, float, float]


def main() -> None:
    """Measure everything and print it beside its target; a busy machine fails nobody."""
    say(f"{'median':>9} {'worst':>9} {'target':>8}  milliseconds, with {CASES:,} sent cases")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            secret_key="a key for the bench only",
            database_url=f"sqlite:///{folder}/bench.db",
            audit_key="another key for the bench only",
            audit_anchor=Path(folder, "audit_anchor"),
        )
        app = create_app(settings)
        with app.app_context():
            upgrade()
            engine = db.engine
        with Session(engine, expire_on_commit=False) as session:
            demo.load(session, with_packets=False)
            fill(session)
            engine_measures = chain(starts(), assessments(), growth())
            for kind, what, median, worst in chain(engine_measures, packets(session), pages(app, session)):
                missed = median > TARGETS[kind]
                target = f"{TARGETS[kind]:8.0f}" if TARGETS[kind] < math.inf else f"{'':8}"
                say(f"{median:9.1f} {worst:9.1f} {target}  {what}{'  over' if missed else ''}")
        for line in measure_writing(engine, settings.database_url, settings.secret_key):
            say(line)
        engine.dispose()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def measure(kind: str, what: str, deed: Callable[[], object], times: int) -> Measure:
    """Do it once to warm up, then so many times; median and worst in milliseconds."""
    deed()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        deed()
        took.append((time.perf_counter() - began) * 1000)
    return kind, what, statistics.median(took), max(took)


def fill(session: Session) -> None:
    """Put in a thousand sent cases beside the invented people, each with a real snapshot and real text."""
    version = first_version(session)
    clinic, programme = account(session, "farquhar"), account(session, "okonjo")
    insert_sent(
        session,
        clinic,
        programme,
        CASES,
        snapshot=version.snapshot,
        verdicts=version.verdicts,
        typed=version.referral.typed,
    )
    version.packet = Packet(pdf=b"%PDF-" + bytes(90_000), sha256="0" * 64, issued_by=version.signed_by)
    session.commit()


def first_version(session: Session) -> ReferralVersion:
    found = session.scalars(select(ReferralVersion).order_by(ReferralVersion.signed_at)).first()
    assert found is not None
    return found


def account(session: Session, key: str) -> User:
    (email,) = (known.email for known in demo.accounts() if known.key == key)
    return session.scalars(select(User).where(User.email == email)).one()


def assessments() -> Iterator[Measure]:
    """The four editions that are first shown, then the whole library, with and without looking ahead."""
    today = clock.today()
    for what, name in (("everything known", COMPLETE), ("almost nothing known", "fallowfield_jun")):
        course = invented(name)
        record = read_case(typed_from(read_record(course.record, today), course.who, {}), today).record
        asked = partial(assess, record, first_shown(), today, ahead=False)
        yield measure("four", f"four editions assessed, {what}", asked, 20)
        ahead = partial(assess, record, first_shown(), today)
        yield measure("ahead", f"the same with deciding facts and calendar, {what}", ahead, 10)
    record, everything = full_record(today), tuple(library().values())
    asked = partial(assess, record, everything, today, ahead=False)
    yield measure(
        "library",
        f"{len(everything)} editions assessed, 8 relapses, 10 MRI, 15 EDSS, 5 treatments",
        asked,
        20,
    )
    ahead = partial(assess, record, everything, today)
    yield measure("ahead", "the same with deciding facts and calendar", ahead, 10)


START = "import time; began = time.perf_counter(); {}; print(time.perf_counter() - began)"


def starts() -> Iterator[Measure]:
    """A fresh process that imports the engine, without Flask; then one that loads the library as well."""
    engine = "import referral.assessment"
    loaded = f"{engine}; from referral.criteria import library; library()"
    for kind, what, deed in (
        ("import", "the engine imported, in a process of its own", engine),
        ("growth", "the same, and every edition loaded", loaded),
    ):
        took = []
        for _ in range(7):
            command = [sys.executable, "-c", START.format(deed)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            took.append(float(said) * 1000)
        yield kind, what, statistics.median(took), max(took)


def growth() -> Iterator[Measure]:
    """Editions and rows once, twice, four and eight times: the cost must grow no faster than they do."""
    today = clock.today()
    everything = tuple(library().values())
    record = full_record(today)
    for share in (8, 4, 2, 1):
        asked = everything[::share]
        deed = partial(assess, record, asked, today, ahead=False)
        yield measure("growth", f"{len(asked)} editions", deed, 40)
    for times in (1, 2, 4, 8):
        deed = partial(assess, full_record(today, times), everything, today, ahead=False)
        yield measure("growth", f"{len(everything)} editions, {times} times the rows", deed, 20)


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


def packets(session: Session) -> Iterator[Measure]:
    snapshot = first_version(session).snapshot
    yield measure("packet", "one packet, warm", lambda: render_pdf(contents(snapshot)), 5)


def pages(app: Flask, session: Session) -> Iterator[Measure]:
    def case(name: str) -> str:
        found = session.scalars(select(Referral.id).where(Referral.family_name == name)).one()
        return f"/referrals/{found}"

    full, empty, sent = case("Thistlewood"), case("Fallowfield"), case("Underbough")
    printed = session.scalars(select(ReferralVersion.referral_id).join(Packet)).one()
    session.commit()
    visits = {
        "farquhar": {
            "home": "/",
            "the clinic's list": "/referrals",
            "the clinic's list, a late page": "/referrals?page=20",
            "a sent case": sent,
            "a full draft": full,
            "an almost empty draft": empty,
            "the review of a full draft": f"{full}/submission",
            "the review of an almost empty draft": f"{empty}/submission",
            "a section of the form": f"{full}/edit/relapses",
            "the longest section of the form": f"{full}/edit/judgements",
            "help": "/help",
        },
        "okonjo": {
            "the inbox": "/inbox",
            "the inbox, a late page": "/inbox?page=20&state=all",
            "a sent case, at the programme": sent,
        },
        "kvist": {"a packet, as issued": f"/referrals/{printed}/packet.pdf"},
    }
    for key, wanted in visits.items():
        browser = Browser(app.test_client(), session)
        assert browser.sign_in(account(session, key).email, demo.password()).status == 200
        for what, address in wanted.items():
            yield measure("page", f"page: {what}", partial(get, browser, address), 10)
        if key == "okonjo":
            form = {"csrf_token": browser.token(), "text": "Invented00777"}
            search = partial(browser.client.post, "/inbox", data=form)
            yield measure("page", "page: the inbox, a search", search, 10)


def get(browser: Browser, address: str) -> None:
    answer = browser.client.get(address)
    assert answer.status_code == 200, address
    assert answer.data


if __name__ == "__main__":
    main()
