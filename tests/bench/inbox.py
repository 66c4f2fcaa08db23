"""The inbox, a search and a case page among fifty thousand cases, as the 95th of a hundred openings."""

import statistics
import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from referral import demo
from referral.models import Referral, ReferralVersion, User
from tests.browser import Browser
from tests.many import insert_sent

CASES = 50_000
AT_ONCE = 5_000
TIMES = 40
LIMIT = {"sqlite": 150.0, "postgresql": 100.0}  # milliseconds


def fill(
    session: Session, clinic: User, programme: User, version: ReferralVersion, cases: int = CASES
) -> None:
    """Put the cases in, each with text as long as a real one; their snapshots, which no list opens, are short."""
    insert_sent(
        session,
        clinic,
        programme,
        cases,
        snapshot={},
        verdicts=version.verdicts,
        typed=version.referral.typed,
    )
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()


def measure_inbox(app: Flask, session: Session, case: Referral) -> Iterator[str]:
    """Open each page so many times; say the median and the 95th of a hundred beside the limit."""
    browser = Browser(app.test_client(), session)
    (email,) = (account.email for account in demo.accounts() if account.key == "okonjo")
    browser.sign_in(email, demo.password())
    limit = LIMIT[session.get_bind().dialect.name]
    pages: tuple[tuple[str, str, dict[str, str] | None], ...] = (
        ("inbox", "/inbox", None),
        ("inbox, the last page", "/inbox?page=1000", None),
        (
            "inbox, all filters",
            "/inbox?state=ready&age=30&edition=ebmt-2020&verdict=tested_met&closing=12",
            None,
        ),
        ("inbox, nobody's", "/inbox?owner=nobody", None),
        ("search by name", "/inbox", {"text": "Invented04711"}),
        ("search that finds all", "/inbox", {"text": "person"}),
        ("case page", f"/referrals/{case.id}", None),
    )
    token = browser.token()
    for what, path, form in pages:
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            if form is None:
                answer = browser.client.get(path)
            else:
                answer = browser.client.post(path, data=form | {"csrf_token": token})
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (what, answer.status_code)
        late = statistics.quantiles(took, n=20)[-1]
        over = "  over" if late > limit else ""
        yield f"{statistics.median(took):9.1f} {late:9.1f} {limit:8.0f}  {what}{over}"
