"""The pages of a programme after ten years, on SQLite and on PostgreSQL, with the reading written down each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from referral import database, demo
from tests.bench.crowd import Crowd
from tests.bench.house import House, account, open_house
from tests.bench.measuring import Measure, measure
from tests.browser import Browser
from tests.stores import Postgresql, Server, Sqlite

CASES, ENTRIES = 50_000, 1_000_000
TIMES, TIMES_OF_NUMBERS = 40, 5
LIMITS = {"sqlite": 150.0, "postgresql": 100.0}  # milliseconds, as the 95th of a hundred
Pages = dict[str, tuple[str, dict[str, str] | None]]


def measure_programme(cases: int = CASES, entries: int = ENTRIES) -> Iterator[Measure | str]:
    """Fill a database of each kind, and open each page many times."""
    with TemporaryDirectory() as folder:
        yield from measure_on("sqlite", Sqlite(Path(folder)).blank(), cases, entries)
    with running_server() as address:
        yield from measure_on("postgresql", address, cases, entries)


@contextmanager
def running_server() -> Iterator[str]:
    server = Server()
    try:
        yield Postgresql(str(server.folder)).blank()
    finally:
        server.stop()


def measure_on(store: str, address: str, cases: int, entries: int) -> Iterator[Measure | str]:
    """Fill one database, say how long that took, and open the pages."""
    with open_house(address) as house, Session(house.engine, expire_on_commit=False) as session:
        began = perf_counter()
        if house.engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL statement_timeout = 0"))  # a million rows beside other work
        crowd = Crowd(session, cases)
        crowd.fill()
        crowd.write_trail(entries)
        session.commit()
        look_through(house.engine, session)
        yield f"{store}: {cases:,} cases and {entries:,} entries, written in {perf_counter() - began:.0f} s"
        yield from open_pages(house, session, crowd, LIMITS[store])


def look_through(engine: Engine, session: Session) -> None:
    """Let the database look through what it got, as PostgreSQL does by itself and SQLite at the next tick."""
    database.look_through(session)
    session.commit()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
            alone.execute(text("SET statement_timeout = 0"))
            alone.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def open_pages(house: House, session: Session, crowd: Crowd, limit: float) -> Iterator[Measure]:
    """Open each page as whom it is for."""
    for key, pages in (("okonjo", programme_pages(crowd)), ("marchbanks", trail_pages(crowd))):
        browser = Browser(house.app.test_client(), session)
        assert browser.sign_in(account(session, key).email, demo.password()).status == 200
        token = browser.token()
        for what, (path, form) in pages.items():
            deed = partial(ask, browser, path, form | {"csrf_token": token} if form else None)
            yield measure(what, deed, TIMES, limit, late=True)
        if key == "okonjo":
            of_the_year = partial(ask, browser, f"/numbers/{crowd.now.year}", None)
            yield measure("numbers of a year", of_the_year, TIMES_OF_NUMBERS)


def ask(browser: Browser, path: str, form: dict[str, str] | None) -> None:
    """Open a page, or send a search, and expect it to come."""
    client = browser.client
    answer = client.post(path, data=form, buffered=True) if form else client.get(path, buffered=True)
    assert answer.status_code == 200, (path, answer.status_code)


def programme_pages(crowd: Crowd) -> Pages:
    """The pages of a coordinator."""
    listed, often, meeting = crowd.whole[0].id, crowd.whole[-1].id, crowd.meetings[0]
    of_all = f"&clinic={crowd.referrers[7].organisation_id}&owner={crowd.coordinator.id}"
    filters = "age=30&edition=ebmt-2020&verdict=not_met&closing=12"
    last = -(-len(crowd.cases) // 50)
    found = crowd.cases[len(crowd.cases) // 2]
    opened = {
        "inbox": "/inbox",
        "inbox, a late page": "/inbox?page=100",
        "inbox, newest first": "/inbox?order=newest",
        "inbox, every case": "/inbox?state=all",
        "inbox, every case, the last page": f"/inbox?state=all&page={last}",
        "inbox, every case with a verdict": "/inbox?state=all&edition=ebmt-2020&verdict=not_met",
        "inbox, every case whose window closes": "/inbox?state=all&closing=3",
        "inbox, four filters on every case": f"/inbox?state=all&{filters}",
        "inbox, all filters": f"/inbox?state=ready&{filters}{of_all}",
        "inbox, nobody's": "/inbox?state=all&owner=nobody",
        "case page": f"/referrals/{listed}",
        "case page, of a case read very often": f"/referrals/{often}",
        "meetings": "/meetings",
        "meetings, a late page": "/meetings?page=20",
        "meeting page": f"/meetings/{meeting}",
        "meeting page, the room": f"/meetings/{meeting}/room",
        "meeting page, a case in the room": f"/meetings/{meeting}/room/{listed}",
        "meeting page, cases to choose from": f"/meetings/{meeting}/cases",
    }
    typed = {
        "search by name": f"{found.family} {found.given}",
        "search by number": found.number,
        "search that finds thousands": "ash",
        "search that finds nothing": "nobody",
    }
    return dict(
        chain(
            ((what, (path, None)) for what, path in opened.items()),
            ((what, ("/inbox", {"text": words})) for what, words in typed.items()),
        )
    )


def trail_pages(crowd: Crowd) -> Pages:
    """The pages of an auditor."""
    person, case = crowd.coordinator.id, crowd.whole[-1]
    opened = {
        "trail": "/audit",
        "trail, one deed": "/audit?deed=submitted",
        "trail, one person and one deed": f"/audit?person={person}&deed=made_ready",
        "trail, one case": f"/audit?case={case.number}",
        "trail, two days long ago": "/audit?first=2020-03-01&last=2020-03-02",
        "trail, who has seen a case": f"/audit/cases/{case.id}",
    }
    return {what: (path, None) for what, path in opened.items()}
