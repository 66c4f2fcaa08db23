"""Signing in through the hospital's own sign-on, against a real provider on this machine, honest or not."""

import http.client
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.models import AuditEntry, SecondFactor, SignOnAttempt, SignOnSubject, User, UserSession
from tests.browser import Browser, Page
from tests.provider import CLIENT, Claims, Provider, running

People = dict[str, User]


@pytest.fixture(scope="module")
def started() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(started: Provider, app: Flask) -> Provider:
    """The provider, honest, with the coordinator signed on, known to the application."""
    fresh = Provider(issuer=started.issuer, key=started.key, email="coordinator@example.org")
    started.__dict__.update(fresh.__dict__)
    app.config["HOSPITAL"] = started.hospital
    return started


def there_and_back(browser: Browser, path: str = "/sign-in/hospital") -> str:
    """Go to the provider as a browser does, and give the path to which it sends us back."""
    asked = browser.open(path).response
    assert asked.status_code == 302
    where = urlsplit(asked.headers["Location"])
    connection = http.client.HTTPConnection(where.netloc, timeout=10)
    connection.request("GET", f"{where.path}?{where.query}")
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 302, answer.read()
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_on(browser: Browser, status: int = 302) -> Page:
    page = browser.open(there_and_back(browser))
    assert page.status == status, page.text
    return page


def reasons(session: Session) -> list[str]:
    failed = select(AuditEntry).where(AuditEntry.deed == "hospital_sign_on_failed").order_by(AuditEntry.id)
    return [entry.detail["reason"] for entry in session.scalars(failed)]


def is_in(browser: Browser) -> bool:
    return browser.open("/").status == 200


def test_whom_the_hospital_names_is_in_with_a_session_of_ours_and_their_own_role(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    provider.more = {"role": "administrator", "groups": ["administrator"], "name": "Somebody Else"}
    assert sign_on(browser).response.headers["Location"] == "/"

    page = browser.visit("/")
    assert "Coordinator" in page.text
    assert browser.open("/people").status == 403
    (kept,) = session.scalars(select(UserSession))
    assert (kept.user_id, kept.ended_at) == (people["coordinator"].id, None)
    deeds = list(session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))
    assert deeds[:3] == ["hospital_account_bound", "signed_in", "hospital_said_who"]


def test_the_page_of_signing_in_offers_it_only_where_there_is_one(
    app: Flask, browser: Browser, provider: Provider
) -> None:
    assert "Sign in through your hospital" in browser.visit("/sign-in").text
    app.config["HOSPITAL"] = None
    assert "hospital" not in browser.visit("/sign-in").text
    for path in ("", "/back", "/out"):
        assert browser.open(f"/sign-in/hospital{path}").status == 404


def test_it_leads_on_to_where_the_person_was_and_nowhere_else(
    browser: Browser, provider: Provider, people: People
) -> None:
    for wanted, lands in (("/inbox", "/inbox"), ("//evil.example", "/"), ("/\\evil.example", "/")):
        path = there_and_back(browser, f"/sign-in/hospital?{urlencode({'next': wanted})}")
        assert browser.open(path).response.headers["Location"] == lands


def test_after_the_first_time_the_subject_counts_and_not_the_address(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    sign_on(browser)
    people["coordinator"].email = "married@example.org"
    session.commit()
    people["chair"].email = "coordinator@example.org"
    sign_on(browser)
    assert "Coordinator" in browser.visit("/").text

    provider.subject = "somebody who was given the old address"
    provider.email = "married@example.org"
    browser.send("/sign-out")
    sign_on(browser, 401)
    assert reasons(session) == ["another_subject"]
    assert not is_in(browser)


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def saying(**said: Any) -> Callable[[Claims], Claims]:
    return lambda claims: {**claims, **said}


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (saying(nonce="another"), "claims"),
        (without("nonce"), "claims"),
        (saying(iss="https://evil.example"), "claims"),
        (without("iss"), "claims"),
        (saying(aud="another client"), "claims"),
        (saying(aud=[CLIENT, "another client"], azp=CLIENT), "claims"),
        (saying(azp="another client"), "claims"),
        (saying(aud=[]), "claims"),
        (without("aud"), "claims"),
        (saying(exp=1_700_000_000), "claims"),
        (without("exp"), "claims"),
        (saying(exp="never"), "claims"),
        (saying(iat=4_000_000_000), "claims"),
        (saying(nbf=4_000_000_000), "claims"),
        (saying(at_hash="of another token"), "claims"),
        (saying(sub=""), "claims"),
        (saying(sub=["a", "b"]), "claims"),
        (saying(sub="x" * 300), "claims"),
        (without("sub"), "claims"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    browser: Browser, provider: Provider, people: People, session: Session, lie: Any, reason: str
) -> None:
    provider.lie = lie
    page = sign_on(browser, 401)

    assert "did not work" in page.text
    assert "coordinator@example.org" not in page.html
    assert reasons(session) == [reason]
    assert not is_in(browser)
    assert session.scalars(select(UserSession)).all() == []


@pytest.mark.parametrize(
    "changes", [{"algorithm": "none"}, {"algorithm": "HS256"}, {"foreign_key": True}], ids=str
)
def test_a_token_that_the_provider_has_not_signed_lets_nobody_in(
    browser: Browser, provider: Provider, people: People, session: Session, changes: dict[str, Any]
) -> None:
    provider.__dict__.update(changes)
    sign_on(browser, 401)

    assert reasons(session) == ["signature"]
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("email", "verified", "reason"),
    [
        ("nobody@example.org", True, "nobody"),
        ("coordinator@example.org", False, "no_verified_address"),
        ("coordinator@example.org", "true", "no_verified_address"),
        (["coordinator@example.org"], True, "no_verified_address"),
        ("gone@example.org", True, "not_in_use"),
    ],
)
def test_who_has_no_account_in_use_hears_the_same_whatever_it_is(
    browser: Browser,
    provider: Provider,
    people: People,
    session: Session,
    password_hash: str,
    email: Any,
    verified: object,
    reason: str,
) -> None:
    gone = User(
        email="gone@example.org", name="Gone", role=people["chair"].role, active=False,
        organisation=people["chair"].organisation, password_hash=password_hash,
    )  # fmt: skip
    session.add(gone)
    provider.email, provider.verified = email, verified
    accounts = len(session.scalars(select(User)).all())
    page = sign_on(browser, 401)

    assert "did not lead to an account that is in use here" in page.text
    assert reasons(session) == [reason]
    assert len(session.scalars(select(User)).all()) == accounts, "none is made"
    assert session.scalars(select(SignOnSubject)).all() == []


def test_an_account_that_is_ended_meanwhile_is_shut_to_its_subject_too(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    sign_on(browser)
    browser.send("/sign-out")
    people["coordinator"].active = False
    sign_on(browser, 401)

    assert reasons(session) == ["not_in_use"]


def test_a_way_back_is_good_once_for_the_browser_that_went(
    app: Flask, browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    path = there_and_back(browser)
    stranger = Browser(app.test_client(), session)
    assert stranger.open(path).status == 401, "a way back that somebody slipped to another"
    assert browser.open(path).status == 302
    browser.send("/sign-out")
    assert browser.open(path).status == 401, "used up"
    assert reasons(session) == ["state", "state"]


def test_a_code_is_no_good_with_another_state_nor_a_second_time(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    used = parse_qs(urlsplit(there_and_back(browser)).query)
    fresh = parse_qs(urlsplit(there_and_back(browser)).query)
    mixed = urlencode({"code": used["code"][0], "state": fresh["state"][0], "iss": provider.issuer})
    assert browser.open(f"/sign-in/hospital/back?{mixed}").status == 401, "another's verifier"

    assert (
        browser.open(f"/sign-in/hospital/back?{urlencode({'state': 'made up', 'code': 'x'})}").status == 401
    )
    assert reasons(session) == ["refused", "state"]
    assert not is_in(browser)


def test_a_way_back_holds_ten_minutes(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    path = there_and_back(browser)
    session.scalars(select(SignOnAttempt)).one().made_at -= timedelta(minutes=10, seconds=1)

    assert browser.open(path).status == 401
    assert reasons(session) == ["state"]


def test_who_says_no_there_is_not_in_here(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    provider.refuses = True
    assert "Please try once more" in sign_on(browser, 401).text
    assert reasons(session) == ["refused"]


@pytest.mark.parametrize("came_from", ["https://evil.example", None])
def test_a_way_back_from_another_provider_is_refused_before_the_code_is_shown(
    browser: Browser, provider: Provider, people: People, session: Session, came_from: str | None
) -> None:
    query = parse_qs(urlsplit(there_and_back(browser)).query)
    provider.asked.clear()
    told = {"code": query["code"][0], "state": query["state"][0]} | ({"iss": came_from} if came_from else {})

    assert browser.open(f"/sign-in/hospital/back?{urlencode(told)}").status == 401
    assert reasons(session) == ["issuer"]
    assert "/token" not in provider.asked


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"says_issuer": "https://evil.example"}, "issuer"),
        ({"known": {"authorization_endpoint": "javascript:alert(1)"}}, "provider"),
        ({"known": {"token_endpoint": "http://evil.example/token"}}, "provider"),
        ({"known": {"jwks_uri": "file:///etc/passwd"}}, "provider"),
    ],
)
def test_a_provider_that_describes_itself_amiss_is_not_asked(
    browser: Browser, provider: Provider, session: Session, changes: dict[str, Any], reason: str
) -> None:
    provider.__dict__.update(changes)
    page = browser.open("/sign-in/hospital")

    assert page.status == 401
    assert "sign in with your password" in page.text
    assert reasons(session) == [reason]


def test_a_provider_that_is_not_there_leaves_the_password(
    app: Flask, browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    app.config["HOSPITAL"] = replace(provider.hospital, issuer="http://127.0.0.1:9")

    assert browser.open("/sign-in/hospital").status == 401
    assert reasons(session) == ["provider"]
    assert browser.sign_in("coordinator@example.org").status == 200


@pytest.fixture
def app_of_hers(session: Session, people: People) -> str:
    """The coordinator has set up an authenticator app."""
    session.add(
        SecondFactor(
            user_id=people["coordinator"].id,
            kind="app",
            name="Telephone",
            secret=b"sealed",
            confirmed_at=clock.now(),
        )
    )
    return "coordinator@example.org"


@pytest.mark.parametrize("said", [{}, {"amr": ["pwd", "mfa"]}, {"acr": "mfa"}], ids=str)
def test_without_a_setting_no_claim_stands_for_the_second_step(
    browser: Browser, provider: Provider, session: Session, app_of_hers: str, said: dict[str, Any]
) -> None:
    provider.more = said
    page = browser.open(there_and_back(browser))

    assert page.status == 200
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "mfa"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False),
        ({"acr": ["mfa"]}, False),
        ({}, False),
    ],
    ids=str,
)
def test_with_the_setting_what_it_names_stands_for_the_second_step(
    app: Flask, browser: Browser, provider: Provider, app_of_hers: str, said: dict[str, Any], is_taken: bool
) -> None:
    app.config["HOSPITAL"] = replace(provider.hospital, second_factor="mfa")
    provider.more = said
    browser.open(there_and_back(browser))

    assert is_in(browser) is is_taken


def test_where_a_second_step_is_required_the_hospital_alone_leads_to_setting_one_up(
    app: Flask, browser: Browser, provider: Provider, people: People
) -> None:
    app.config["SECOND_FACTOR"] = "required"
    sign_on(browser)

    assert browser.open("/").response.headers["Location"].startswith("/account")


def test_signing_out_ends_our_session_and_offers_to_end_the_hospitals(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    sign_on(browser)
    page = browser.send("/sign-out")

    assert session.scalars(select(UserSession)).one().ended_at is not None
    (link,) = [each for each in page.all(".//main//a") if (each.get("href") or "").endswith("/out")]
    there = urlsplit(browser.open(link.get("href", "")).response.headers["Location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/end"
    assert parse_qs(there.query)["client_id"] == [CLIENT]
    assert "sign out there" not in browser.visit("/sign-in").text, "said once"

    provider.known = {"end_session_endpoint": None}
    assert browser.open("/sign-in/hospital/out").response.headers["Location"] == "/sign-in"


def test_nothing_that_the_provider_said_is_on_record_but_who_it_was(
    browser: Browser, provider: Provider, people: People, session: Session
) -> None:
    sign_on(browser)
    provider.lie = saying(aud="another client")
    browser.send("/sign-out")
    sign_on(browser, 401)

    told = str([entry.detail for entry in session.scalars(select(AuditEntry))])
    assert provider.subject not in told
    assert "@" not in told
    assert auth.GUESSES, "the limits of the password are untouched"
