"""Coming in and going out: passwords, sessions kept on the server, limits, and where one lands."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from time import process_time

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from referral import auth, clock
from referral.extensions import db
from referral.models import AuditEntry, SignInAttempt, User, UserSession
from referral.settings import Settings
from referral.workflow import Role
from tests.browser import PASSWORD, Browser
from tests.conftest import DATA_KEYS, settings_for

SignIn = Callable[[str], Browser]
People = dict[str, User]
WRONG = "The e-mail address or the password is not right."


@pytest.mark.parametrize("role", Role)
def test_everybody_comes_in_and_sees_who_they_are(sign_in: SignIn, role: Role) -> None:
    page = sign_in(role).visit("/")

    assert role.words in page.text
    assert "Sign out" in page.text


def test_a_password_that_was_hashed_at_other_costs_is_hashed_anew_when_it_is_right(
    browser: Browser, session: Session, people: People
) -> None:
    person = people["chair"]
    cheap = person.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    session.commit()

    assert browser.sign_in(person.email, "not the password").status == 401
    session.refresh(person)
    assert person.password_hash == cheap

    assert browser.sign_in(person.email).status == 200
    session.refresh(person)
    renewed = person.password_hash
    assert extract_parameters(renewed) == extract_parameters(auth.hash_password("another"))

    browser.send("/sign-out")
    assert browser.sign_in(person.email).status == 200
    session.refresh(person)
    assert person.password_hash == renewed


def test_a_password_chosen_while_the_old_one_was_checked_stays(session: Session, people: People) -> None:
    person = people["chair"]
    person.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    session.commit()
    with Session(session.get_bind()) as elsewhere:
        chosen = elsewhere.get_one(User, person.id).password_hash = auth.hash_password("chosen meanwhile")
        elsewhere.commit()

    auth.renew_hash(session, person, PASSWORD)
    session.commit()

    session.refresh(person)
    assert person.password_hash == chosen


@pytest.mark.parametrize("email", ["neurologist@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_person_get_the_same_words(
    browser: Browser, people: People, email: str
) -> None:
    page = browser.sign_in(email, "not the password")

    assert page.status == 401
    assert WRONG in page.text
    assert page.fields("/sign-in")["password"] == ""


def test_an_unknown_person_takes_as_much_work_as_a_known_one(session: Session, people: People) -> None:
    def quickest_of_five(email: str) -> float:
        times = []
        for _ in range(5):
            begun = process_time()
            assert auth.find_user_by_password(session, email, "not the password") is None
            times.append(process_time() - begun)
        return min(times)

    known = quickest_of_five("neurologist@example.org")
    assert quickest_of_five("nobody@example.org") > known / 2


def test_the_address_may_be_typed_in_capitals(browser: Browser, people: People) -> None:
    assert browser.sign_in("  Neurologist@Example.ORG ").path == "/"


def test_the_eleventh_guess_for_an_account_is_refused_even_if_right(
    app: Flask, session: Session, browser: Browser, people: People
) -> None:
    for guess in range(10):
        browser.client.environ_base["REMOTE_ADDR"] = f"10.0.0.{guess}"
        assert browser.sign_in("chair@example.org", "not the password").status == 401

    browser.client.environ_base["REMOTE_ADDR"] = "10.0.1.1"
    refused = browser.sign_in("chair@example.org")
    elsewhere = browser.sign_in("auditor@example.org")

    assert refused.status == 429
    assert "Too many wrong guesses" in refused.text
    assert elsewhere.path == "/", "other people are not locked out"


def test_a_crowd_behind_one_address_may_mistype_and_a_machine_may_not_go_on(
    session: Session, browser: Browser, people: People
) -> None:
    for guess in range(10):
        assert browser.sign_in(f"nobody{guess}@example.org", "not the password").status == 401
    assert browser.sign_in("chair@example.org").path == "/", "a hospital comes from one address"
    browser.send("/sign-out")

    for guess in range(90):
        session.add(SignInAttempt(email_sha256=f"{guess:064}", address="127.0.0.1"))
    session.commit()
    assert browser.sign_in("chair@example.org").status == 429


def test_after_a_quarter_of_an_hour_one_may_try_again(
    session: Session, browser: Browser, people: People
) -> None:
    for _ in range(10):
        browser.sign_in("chair@example.org", "not the password")
    for attempt in session.scalars(select(SignInAttempt)):
        attempt.at -= auth.GUESSES_WITHIN

    assert browser.sign_in("chair@example.org").path == "/"


def test_right_passwords_are_not_counted_as_guesses(browser: Browser, people: People) -> None:
    for _ in range(12):
        assert browser.sign_in("chair@example.org").path == "/"
        browser.send("/sign-out")


def test_signing_out_ends_the_session_for_a_copied_cookie_too(app: Flask, sign_in: SignIn) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    cookie = browser.client.get_cookie("pons")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("pons", cookie.value)
    assert thief.get("/").status_code == 200

    page = browser.send("/sign-out")

    assert "You are signed out" in page.text
    assert thief.get("/").status_code == 302


def test_signing_in_again_ends_the_session_before(app: Flask, sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    cookie = browser.client.get_cookie("pons")
    assert cookie is not None
    form = {"email": "neurologist@example.org", "password": PASSWORD}
    browser.send("/sign-in", form)
    thief = app.test_client()
    thief.set_cookie("pons", cookie.value)

    assert thief.get("/").status_code == 302
    assert browser.visit("/").path == "/"


def test_the_cookie_holds_no_person_and_the_database_no_token(
    app: Flask, sign_in: SignIn, session: Session, people: People
) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    with browser.client.session_transaction() as cookie:
        token = cookie["_user_id"]

    (stored,) = session.scalars(select(UserSession))
    assert token != str(people["neurologist"].id)
    assert len(token) >= 43, "256 bits"
    assert stored.token_sha256 == sha256(token.encode()).hexdigest()


def test_an_account_out_of_use_is_out_at_the_next_click(
    sign_in: SignIn, session: Session, people: People
) -> None:
    browser = sign_in(Role.COORDINATOR)
    people["coordinator"].active = False

    assert browser.visit("/").path == "/sign-in"
    assert browser.sign_in("coordinator@example.org").status == 401


def test_a_changed_role_holds_at_the_next_click(sign_in: SignIn, session: Session, people: People) -> None:
    browser = sign_in(Role.COORDINATOR)
    assert "coordinator" in browser.visit("/").text
    people["coordinator"].role = Role.AUDITOR

    assert "signed in as auditor" in browser.visit("/").text


@pytest.mark.parametrize(
    ("started", "seen", "holds"),
    [
        (timedelta(hours=11, minutes=59), timedelta(0), True),
        (timedelta(hours=12, minutes=1), timedelta(0), False),
        (timedelta(hours=1), timedelta(minutes=29), True),
        (timedelta(hours=1), timedelta(minutes=31), False),
    ],
)
def test_a_session_ends_after_half_an_hour_of_silence_and_after_twelve_hours(
    sign_in: SignIn, session: Session, started: timedelta, seen: timedelta, holds: bool
) -> None:
    browser = sign_in(Role.CHAIR)
    (kept,) = session.scalars(select(UserSession))
    kept.started_at, kept.seen_at = clock.now() - started, clock.now() - seen

    assert browser.visit("/").path == ("/" if holds else "/sign-in")


def test_a_click_keeps_the_session_alive(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.CHAIR)
    (kept,) = session.scalars(select(UserSession))
    kept.seen_at = clock.now() - timedelta(minutes=20)
    browser.visit("/")

    session.refresh(kept)
    assert clock.now() - kept.seen_at < timedelta(minutes=1)


def test_one_lands_where_one_wanted_to_go(browser: Browser, people: People) -> None:
    page = browser.visit("/?next=ignored")
    assert page.path == "/sign-in"

    assert browser.sign_in("chair@example.org", next="/help").path == "/help"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example",
        "/nowhere",
        "/sign-out",
        "javascript:alert(1)",
        "",
    ],
)
def test_one_never_lands_elsewhere(browser: Browser, people: People, elsewhere: str) -> None:
    form = browser.visit("/sign-in").fields("/sign-in")
    form |= {"email": "chair@example.org", "password": PASSWORD, "next": elsewhere}
    answer = browser.open("/sign-in", method="POST", data=form)

    assert answer.status == 303
    assert answer.response.headers["Location"] == "/"


def test_signing_in_needs_the_form_that_we_sent(browser: Browser, people: People) -> None:
    page = browser.open("/sign-in", method="POST", data={"email": "chair@example.org", "password": PASSWORD})

    assert page.status == 400
    assert "had grown old" in page.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_from_another_site_is_refused(sign_in: SignIn, site: str) -> None:
    browser = sign_in(Role.CHAIR)

    page = browser.send("/sign-out", status=400, headers={"Sec-Fetch-Site": site})

    assert "Nothing was changed" in page.text
    assert browser.visit("/").path == "/"


def test_coming_and_going_is_in_the_trail_without_words_that_were_typed(
    browser: Browser, session: Session, people: People
) -> None:
    browser.sign_in("chair@example.org", "not the password")
    browser.sign_in("chair@example.org")
    browser.send("/sign-out")

    trail = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.deed for entry in trail] == ["sign_in_failed", "signed_in", "signed_out"]
    assert "chair@" not in str([entry.detail for entry in trail])
    assert trail[1].actor_id == people["chair"].id


Restart = Callable[..., Browser]


@pytest.fixture
def restart(app: Flask, session: Session) -> Iterator[Restart]:
    """Start the installation again with other settings; a browser goes on with the cookie that it has."""
    started: list[Flask] = []

    def again(browser: Browser, **settings: object) -> Browser:
        cookie = browser.client.get_cookie("pons")
        assert cookie is not None
        given = settings_for(app.config["SQLALCHEMY_DATABASE_URI"])
        started.append(create_app(replace(given, **settings)))  # type: ignore[arg-type]  # any of them
        going_on = Browser(started[-1].test_client(), session)
        going_on.client.set_cookie("pons", cookie.value)
        return going_on

    yield again
    for each in started:
        with each.app_context():
            db.engine.dispose()


def test_under_a_new_key_of_the_cookies_whoever_is_signed_in_goes_on_and_so_does_their_form(
    app: Flask, sign_in: SignIn, restart: Restart
) -> None:
    browser, new = sign_in(Role.CHAIR), "another key for tests, a newer one"
    form = {"csrf_token": browser.token()}  # of a page that is open
    both = restart(browser, secret_key=new, secret_key_before=app.config["SECRET_KEY"])

    assert "Sign out" in both.visit("/").text
    assert "You are signed out" in both.send("/sign-out", form).text
    both.sign_in("chair@example.org")
    assert "Sign out" in restart(both, secret_key=new).visit("/").text, "a new cookie needs no old key"


def test_without_the_old_key_of_the_cookies_everybody_signs_in_again(
    sign_in: SignIn, restart: Restart
) -> None:
    browser = sign_in(Role.CHAIR)

    assert restart(browser, secret_key="another key for tests, a newer one").visit("/").path == "/sign-in"


def test_over_https_the_cookie_is_bound_to_this_host_and_stays_on_https(
    database: str,
) -> None:
    settings = Settings("k" * 32, database, secure_cookies=True, audit_key="a" * 32, data_keys=DATA_KEYS)
    app = create_app(settings)
    browser = app.test_client()
    answer = browser.get("/sign-in", base_url="https://pons.example")

    with app.app_context():
        db.engine.dispose()
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-pons=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Expires" not in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
