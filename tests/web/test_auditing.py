"""The auditor's pages, and that each act of anybody is one entry."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral import audit, auth, clock
from referral.extensions import db
from referral.models import AuditEntry, Referral, User
from referral.web.errors import READS, REFUSED
from referral.workflow import Role, State
from tests.at_hand import page_of
from tests.browser import Browser
from tests.house.test_doors import SAMPLES

SignIn = Callable[[str], Browser]
People = dict[str, User]


def count(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def deeds_after(session: Session, first: int) -> list[str]:
    """What the trail says beyond its first so many entries."""
    session.expire_all()
    return list(session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id).offset(first)))


def newest(session: Session) -> AuditEntry:
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_an_auditor_reads_the_trail_and_the_reading_is_an_entry(
    sign_in: SignIn, session: Session, sent: Referral
) -> None:
    browser = sign_in(Role.AUDITOR)
    before = count(session)

    page = browser.visit("/audit")

    assert "Signed and sent" in page.text
    assert sent.number in page.text
    assert count(session) == before + 1
    assert newest(session).deed == "trail_read"


def test_no_name_of_a_person_referred_is_on_the_auditors_pages(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    browser = sign_in(Role.AUDITOR)
    assert sent.family_name
    assert sent.given_name

    for path in ("/audit", f"/audit/cases/{sent.id}"):
        page = browser.visit(path)
        assert sent.family_name not in page.html
        assert sent.given_name not in page.html


@pytest.mark.parametrize("path", ["/audit", "/audit/cases/{}", "/audit/cases/{}/list.pdf"])
@pytest.mark.parametrize("who", [role for role in Role if role is not Role.AUDITOR])
def test_nobody_else_opens_them(sign_in: SignIn, sent: Referral, who: Role, path: str) -> None:
    sign_in(who).visit(path.format(sent.id), status=403)


def test_the_filters_leave_only_what_is_asked_for(
    sign_in: SignIn, session: Session, sent: Referral, people: People
) -> None:
    sign_in(Role.COORDINATOR).visit(page_of(sent))
    browser, today = sign_in(Role.AUDITOR), clock.today().isoformat()
    coordinator = people["coordinator"]

    def lines(query: str) -> list[str]:
        page = browser.visit(f"/audit?{query}")
        return [" ".join("".join(row.itertext()).split()) for row in page.all(".//tbody/tr")]

    of_person = lines(f"person={coordinator.id}")
    assert of_person
    assert all(coordinator.name in line for line in of_person)
    of_case = lines(f"case={sent.number.lower()}")
    assert of_case
    assert all(sent.number in line for line in of_case)
    of_deed = lines("deed=signed_in")
    assert of_deed
    assert all("Signed in" in line for line in of_deed)
    assert lines(f"first={today}&last={today}")
    assert not lines("last=2020-01-01")
    assert not lines("first=2099-01-01")


@pytest.mark.parametrize("query", ["case=P-1999-0001", "person=x", "first=2026-02-30", "last=tomorrow"])
def test_a_filter_that_cannot_be_read_is_no_empty_trail(sign_in: SignIn, query: str) -> None:
    page = sign_in(Role.AUDITOR).visit(f"/audit?{query}")

    assert "Nothing was looked up" in page.text
    assert page.all(".//*[@aria-invalid='true']")


def test_the_pages_of_the_trail_leave_nothing_out(sign_in: SignIn, session: Session, people: People) -> None:
    at = clock.now()
    for number in range(120):
        audit.record(session, people["chair"], "something", at=at, number=number)
    browser, found = sign_in(Role.AUDITOR), list[int]()
    path = "/audit?deed=something"
    while path:
        page = browser.visit(path)
        found += [int(cell.text or 0) for cell in page.all(".//tbody/tr/td[1]")]
        path = next((link.get("href", "") for link in page.all(".//a[@rel='next']")), "")

    wanted = select(AuditEntry.id).where(AuditEntry.deed == "something").order_by(AuditEntry.id.desc())
    assert found == list(session.scalars(wanted))


def test_who_has_seen_a_record_is_printed_for_its_person(
    sign_in: SignIn, session: Session, sent: Referral, people: People
) -> None:
    sign_in(Role.COORDINATOR).visit(page_of(sent))
    browser = sign_in(Role.AUDITOR)
    before = count(session)

    answer = browser.visit(f"/audit/cases/{sent.id}/list.pdf").response

    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert re.search(rf"filename=\"?{sent.number}", answer.headers["Content-Disposition"])
    assert count(session) == before + 1
    assert people["coordinator"].name in browser.visit(f"/audit/cases/{sent.id}").text


def test_each_refusal_is_one_entry(app: Flask, sign_in: SignIn, session: Session, sent: Referral) -> None:
    """Every route that changes something, tried by each role on a case, with an empty form.

    Where the refusal shows the case beside it, that reading is an entry of its own.
    """
    tried = set()
    for who in (*Role, "other_neurologist"):
        browser = sign_in(who)
        token = browser.token()
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            if "POST" not in (rule.methods or ()) or auth.roles_of(view) is auth.EVERYBODY:
                continue
            given = {
                name: sent.id if name == "referral_id" else SAMPLES.get(kind_of(converter), "x")
                for name, converter in rule._converters.items()
                if name in rule.arguments
            }
            with app.test_request_context():
                path = str(app.url_map.bind("localhost").build(rule.endpoint, given))
            session.expire_all()
            before = count(session)
            page = browser.open(path, method="POST", data={"csrf_token": token})
            if page.status in REFUSED:
                tried.add((rule.endpoint, page.status))
                left = [deed for deed in deeds_after(session, before) if deed not in READS]
                assert len(left) == 1, f"{who} {rule.endpoint} {page.status}: {left}"
            assert page.status < 500, f"{who} {rule.endpoint} {page.status}"

    assert {403, 404, 409} <= {status for _, status in tried}


def test_a_form_that_is_not_of_this_session_is_in_the_trail(
    sign_in: SignIn, session: Session, sent: Referral, people: People
) -> None:
    browser = sign_in(Role.COORDINATOR)
    path = page_of(sent, "/moves/start_review")

    for sent_with in (
        {"data": {"csrf_token": ""}},
        {"data": {"csrf_token": "x"}},
        {"data": {"csrf_token": browser.token()[:-1]}},
        {"data": {"csrf_token": browser.token()}, "headers": {"Sec-Fetch-Site": "cross-site"}},
    ):
        before = count(session)
        browser.open(path, method="POST", **sent_with)

        assert deeds_after(session, before)[:1] == ["form_refused"]
        first = session.scalars(select(AuditEntry).order_by(AuditEntry.id).offset(before)).first()
        assert first is not None
        assert (first.actor_id, first.detail["asked"]) == (people["coordinator"].id, str(sent.id))
    session.refresh(sent)
    assert sent.state is State.SUBMITTED


def test_more_than_is_taken_is_refused_and_in_the_trail(
    sign_in: SignIn, session: Session, sent: Referral
) -> None:
    browser = sign_in(Role.COORDINATOR)
    data = {"csrf_token": browser.token(), "text": "x" * 2_000_000}
    before = count(session)

    assert browser.open(page_of(sent, "/message"), method="POST", data=data).status == 413
    assert deeds_after(session, before) == ["upload_refused"]


def kind_of(converter: object) -> str:
    return type(converter).__name__.removesuffix("Converter").lower()


def test_a_move_is_one_entry_and_so_is_its_refusal(sign_in: SignIn, session: Session, sent: Referral) -> None:
    browser = sign_in(Role.COORDINATOR)
    token, before = browser.token(), count(session)

    for status in (303, 409):
        page = browser.open(page_of(sent, "/moves/start_review"), method="POST", data={"csrf_token": token})
        assert page.status in (status, 302)
        before += 1
        assert count(session) == before


def test_where_the_trail_cannot_be_written_nothing_is_done(
    app: Flask, sign_in: SignIn, session: Session, sent: Referral
) -> None:
    browser = sign_in(Role.COORDINATOR)
    token, before = browser.token(), count(session)
    session.commit()
    with app.app_context():
        engine = db.engine.execution_options()
    real = dict(engine.get_execution_options())
    assert real["audit_key"]
    with app.app_context():
        db.engine.update_execution_options(audit_key=None)  # no entry can be sealed
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = browser.open(page_of(sent, "/moves/start_review"), method="POST", data={"csrf_token": token})
    with app.app_context():
        db.engine.update_execution_options(audit_key=real["audit_key"])

    assert page.status == 500
    assert count(session) == before
    session.refresh(sent)
    assert sent.state is State.SUBMITTED
