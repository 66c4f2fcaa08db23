"""The page of a year's numbers, its file and its print: who opens them, what they say, what is written down."""

import csv
import subprocess
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import rules
from referral.models import AuditEntry, Outcome, Referral, User
from referral.packet.spreadsheet import safe_cell
from referral.workflow import Role
from tests.at_hand import make_draft, page_of
from tests.browser import Browser
from tests.conftest import PROGRAMME
from tests.past import Past, insert_past

SignIn = Callable[[str], Browser]
People = dict[str, User]
YEAR = clock.today().year - 1


@pytest.fixture
def last_year(session: Session, people: People) -> None:
    """A year with enough cases for most numbers, and a clinic whose name a spreadsheet would work out."""
    people["other_neurologist"].organisation.name = "=HYPERLINK(1) Neurology"
    begun = clock.midnight(clock.today().replace(year=YEAR, month=2, day=1)) + timedelta(hours=12)
    cases = [
        Past(begun, outcome=outcome, sex=sex, clinic=clinic, decided_after=days)
        for outcome in (Outcome.ACCEPTED, Outcome.DECLINED)
        for sex in ("female", "male")
        for clinic in ("neurologist", "other_neurologist")
        for days in range(20, 35)
    ]
    insert_past(session, people, [*cases, *[Past(begun, outcome=Outcome.ADVICE)] * 3])


def entries(session: Session, deed: str) -> list[AuditEntry]:
    session.expire_all()
    return list(session.scalars(select(AuditEntry).where(AuditEntry.deed == deed)))


@pytest.mark.parametrize("who", [Role.COORDINATOR, Role.CHAIR])
def test_coordinator_and_chair_read_the_numbers_and_it_is_written_down(
    sign_in: SignIn, session: Session, people: People, last_year: None, who: Role
) -> None:
    browser = sign_in(who)

    page = browser.visit(f"/numbers/{YEAR}")

    assert f"Numbers of {YEAR}" in page.text
    cells = [cell.text for cell in page.all(".//table[@id='table-flow']//td")]
    assert cells[:2] == ["123", "0"]
    assert page.all(".//*[@aria-describedby='table-waits']")
    assert page.all(".//*[@id='table-waits']")
    assert "not shown" in page.text
    (entry,) = entries(session, "numbers_read")
    assert (entry.actor_id, entry.detail) == (people[who].id, {"year": YEAR})


@pytest.mark.parametrize("who", [role for role in Role if role not in (Role.COORDINATOR, Role.CHAIR)])
@pytest.mark.parametrize("path", ["/numbers", f"/numbers/{YEAR}"])
def test_nobody_else_opens_them(sign_in: SignIn, people: People, who: Role, path: str) -> None:
    sign_in(who).visit(path, status=403)


def test_with_nothing_there_the_page_says_so(sign_in: SignIn, people: People) -> None:
    browser = sign_in(Role.CHAIR)

    page = browser.visit(f"/numbers/{clock.today().year}")

    assert "Nothing to count yet" in page.text
    assert not page.all(".//table")
    browser.visit("/numbers/1999", status=404)


def test_with_one_case_its_count_is_all_that_is_told(
    sign_in: SignIn, session: Session, people: People
) -> None:
    begun = clock.now() - timedelta(days=300)
    insert_past(session, people, [Past(begun, sex="male")])

    page = sign_in(Role.CHAIR).visit(f"/numbers/{clock.local(begun).year}")

    told = {cell.text or "" for cell in page.all(".//table[@id='table-flow']//td")}
    assert told == {"1", "0"}
    assert {table.get("id") for table in page.all(".//table")} == {"table-flow", "table-waits"}
    assert "too few cases" in page.text


def test_the_numbers_are_taken_away_only_for_a_purpose(
    sign_in: SignIn, session: Session, people: People, last_year: None
) -> None:
    browser = sign_in(Role.COORDINATOR)
    browser.visit(f"/numbers/{YEAR}")

    page = browser.send(f"/numbers/{YEAR}/copy", {"kind": "csv", "purpose": "because"}, status=422)

    assert "Choose what the numbers are for." in page.text
    assert entries(session, "numbers_exported") == []


def test_the_file_has_every_cell_in_quotes_and_no_formula(
    sign_in: SignIn, session: Session, people: People, last_year: None
) -> None:
    browser = sign_in(Role.COORDINATOR)
    browser.visit(f"/numbers/{YEAR}")

    answer = browser.client.post(
        f"/numbers/{YEAR}/copy", data={"csrf_token": browser.token(), "kind": "csv", "purpose": "own_audit"}
    )

    assert answer.is_streamed
    text = answer.text.removeprefix("\ufeff")
    assert all(line.startswith('"') and line.endswith('"') for line in text.splitlines())
    told = list(csv.DictReader(StringIO(text)))
    assert {row["number"] for row in told if row["measure"] == "Referred" and row["group"] == "All"} == {
        "123",
        "0",
    }
    groups = {row["group"] for row in told if row["table"] == "By referring clinic"}
    assert "'=HYPERLINK(1) Neurology" in groups
    assert all(cell[:1] not in "=+-@" or not cell for row in told for cell in row.values())
    assert not any(
        row["number"].isdigit() and 0 < int(row["number"]) < 10
        for row in told
        if row["table"].startswith("By")
    )
    (entry,) = entries(session, "numbers_exported")
    assert entry.detail == {"year": YEAR, "purpose": "own_audit"}


def test_the_print_says_what_the_page_says(
    sign_in: SignIn, session: Session, people: People, last_year: None
) -> None:
    browser = sign_in(Role.CHAIR)
    browser.visit(f"/numbers/{YEAR}")

    answer = browser.client.post(
        f"/numbers/{YEAR}/copy", data={"csrf_token": browser.token(), "kind": "pdf", "purpose": "meeting"}
    )

    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=numbers-{YEAR}.pdf"
    text = subprocess.run(
        ["pdftotext", "-", "-"], input=answer.data, capture_output=True, check=True
    ).stdout.decode()
    for words in (f"Numbers of {YEAR}", "How long it took", "By sex", "123", "page 1 of"):
        assert words in text
    (entry,) = entries(session, "numbers_printed")
    assert entry.detail == {"year": YEAR, "purpose": "meeting"}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(1)", "'@SUM(1)"), ("  =1", "'  =1"),
        ("\t1", "'\t1"), ("\0=1", "'\0=1"), ("＝1", "'＝1"), ("＋1", "'＋1"), ("＠1", "'＠1"),
        ("007", "007"), ("a=b", "a=b"), (None, ""), (0, "0"), ("", ""), ("\u00a0-1", "'\u00a0-1"),
    ],
)  # fmt: skip
def test_a_cell_is_never_a_formula(cell: object, told: str) -> None:
    assert safe_cell(cell) == told


# What clinics see


def test_a_clinic_sees_how_long_cases_waited_where_the_programme_shows_it(
    sign_in: SignIn, session: Session, people: People
) -> None:
    insert_past(session, people, [Past(clock.now() - timedelta(days=100), decided_after=33)] * 12)
    draft = make_draft(session, people)
    browser = sign_in(Role.NEUROLOGIST)
    assert "waited at most" not in browser.visit(page_of(draft, "/edit/request")).text

    rules.change_rules(
        session, people["chair"], rules.Rules(shows_waiting=True), seen=rules.mark_of(rules.Rules())
    )

    told = f"Half of the 12 cases that {PROGRAMME} decided in the last 12 months waited at most 33 days"
    assert told in " ".join(browser.visit(page_of(draft, "/edit/request")).text.split())


def test_a_case_that_waits_says_how_long_others_waited(
    sign_in: SignIn, session: Session, people: People, sent: Referral
) -> None:
    insert_past(session, people, [Past(clock.now() - timedelta(days=100), decided_after=33)] * 12)
    rules.change_rules(
        session, people["chair"], rules.Rules(shows_waiting=True), seen=rules.mark_of(rules.Rules())
    )

    assert "waited at most 33 days" in " ".join(sign_in(Role.NEUROLOGIST).visit(page_of(sent)).text.split())
    assert "waited at most" not in sign_in(Role.COORDINATOR).visit(page_of(sent)).text
