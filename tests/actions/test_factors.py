"""The second step of signing in: codes by the standard, each once; codes on paper; keys of the house; taking away."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from referral import auth, clock
from referral.actions import factors, resealing
from referral.actions.invitations import NotTakenError
from referral.auth import codes, keys
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.models import AuditEntry, FactorKind, Mail, Proof, RecoveryCode, SecondFactor, User
from tests.conftest import settings_for

KEY = ("a key for tests, and for tests only", "")
People = dict[str, User]


@pytest.fixture
def chair(people: People) -> User:
    return people["chair"]


def set_up_app(session: Session, person: User, at: datetime) -> bytes:
    _, secret = factors.begin_app(session, person, KEY, at=at)
    factors.confirm_app(session, person, codes.code_of(secret, codes.step_of(at)), KEY, at=at)
    session.commit()
    return secret


def code_at(secret: bytes, at: datetime) -> str:
    return codes.code_of(secret, codes.step_of(at))


def deeds(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))


def subjects(session: Session, person: User) -> list[str]:
    return list(
        session.scalars(select(Mail.subject).where(Mail.to_user_id == person.id).order_by(Mail.made_at))
    )


# RFC 6238, appendix B: the codes of the secret 12345678901234567890 by SHA-1, the last six of eight digits.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)

    assert codes.code_of(b"12345678901234567890", codes.step_of(moment)) == code


def test_a_code_is_taken_a_step_early_and_a_step_late_and_no_more() -> None:
    secret, now = codes.new_secret(), clock.now()
    at = {steps: code_at(secret, now + timedelta(seconds=30 * steps)) for steps in (-2, -1, 0, 1, 2)}

    taken = {steps: codes.find_step(secret, code, now, None) for steps, code in at.items()}

    assert {steps for steps, step in taken.items() if step is not None} == {-1, 0, 1}


def test_what_is_shown_to_the_app_holds_the_key_and_the_account() -> None:
    address = codes.app_address(b"12345678901234567890", "chair@example.org")

    assert address.startswith("otpauth://totp/Pons%3Achair%40example.org?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in address
    assert codes.in_letters(b"12345678901234567890") == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


def test_the_database_holds_no_secret_that_makes_codes(session: Session, chair: User) -> None:
    secret = set_up_app(session, chair, clock.now())

    (kept,) = session.scalars(select(SecondFactor))
    assert secret not in (kept.secret or b"")
    assert factors.secret_of(kept, KEY) == secret


def test_a_lost_key_of_the_house_says_so(session: Session, chair: User) -> None:
    at = clock.now()
    secret = set_up_app(session, chair, at)

    with pytest.raises(codes.LostKeyError, match="has changed"):
        factors.prove_by_code(session, chair, code_at(secret, at), ("another key", ""), at=at)


def test_the_key_of_apps_is_changed_while_their_codes_go_on(
    app: Flask, session: Session, chair: User
) -> None:
    begun = clock.now()
    secret = set_up_app(session, chair, begun)
    factors.begin_app(session, chair, KEY, at=begun)  # one that is being set up
    session.commit()
    later, new = begun + timedelta(minutes=2), "another key for tests, a newer one"
    code = code_at(secret, later)
    assert factors.prove_by_code(session, chair, code, (new, KEY[0]), at=later) is Proof.APP
    session.commit()

    given = settings_for(app.config["SQLALCHEMY_DATABASE_URI"])
    changing = create_app(replace(given, factor_key=new, factor_key_before=KEY[0]))
    changing.config["ATTACHMENTS"] = app.config["ATTACHMENTS"]
    told, again = (changing.test_cli_runner().invoke(args=["keys", "rotate"]) for _ in range(2))
    with changing.app_context():
        db.engine.dispose()

    assert "secrets of authenticator apps: 2 sealed anew" in told.output
    assert "needs FACTOR_KEY_BEFORE any more" in told.output
    assert "apps: " not in again.output
    session.expire_all()
    (kept,) = factors.factors_of(session, chair)
    assert factors.secret_of(kept, (new, "")) == secret
    with pytest.raises(codes.LostKeyError):
        factors.secret_of(kept, KEY)


def test_an_app_that_no_key_opens_is_named_and_left_as_it_is(
    app: Flask, session: Session, chair: User
) -> None:
    set_up_app(session, chair, clock.now())
    session.commit()
    found = resealing.seal_apps(session, ("a key", "and another"))

    (kept,) = factors.factors_of(session, chair)
    assert (found.anew, found.lost) == (0, [str(kept.id)])
    assert factors.secret_of(kept, KEY)


def test_an_app_counts_once_its_first_code_was_right(session: Session, chair: User) -> None:
    at = clock.now()
    factors.begin_app(session, chair, KEY, at=at)
    assert not factors.has_factor(session, chair)

    with pytest.raises(NotTakenError, match="not right"):
        factors.confirm_app(session, chair, "no code", KEY, at=at)
    assert not factors.has_factor(session, chair)

    set_up_app(session, chair, at)
    assert factors.has_factor(session, chair)


def test_a_code_works_once(session: Session, chair: User) -> None:
    begun = clock.now()
    secret = set_up_app(session, chair, begun)
    later = begun + timedelta(minutes=2)

    assert factors.prove_by_code(session, chair, code_at(secret, begun), KEY, at=begun) is None, (
        "it set up the app"
    )
    assert factors.prove_by_code(session, chair, code_at(secret, later), KEY, at=later) is Proof.APP
    assert factors.prove_by_code(session, chair, code_at(secret, later), KEY, at=later) is None
    earlier = code_at(secret, later - timedelta(seconds=30))
    assert factors.prove_by_code(session, chair, earlier, KEY, at=later) is None, "older than the last"


def test_of_many_who_send_the_same_code_at_once_one_comes_in(
    app: Flask, session: Session, chair: User
) -> None:
    begun = clock.now()
    secret = set_up_app(session, chair, begun)
    at, barrier = begun + timedelta(minutes=2), Barrier(8)

    def try_it(_: int) -> Proof | None:
        with app.app_context():
            person = db.session.get_one(User, chair.id)
            db.session.commit()
            barrier.wait()
            found = factors.prove_by_code(db.session(), person, code_at(secret, at), KEY, at=at)
            db.session.commit()
            return found

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(try_it, range(8)), key=str) == [*[None] * 7, Proof.APP]


def test_a_colleagues_code_is_worth_nothing(session: Session, people: People) -> None:
    at = clock.now() + timedelta(minutes=2)
    secret = set_up_app(session, people["chair"], clock.now())

    assert factors.prove_by_code(session, people["auditor"], code_at(secret, at), KEY, at=at) is None


def test_recovery_codes_are_ten_work_once_each_and_are_not_kept(session: Session, chair: User) -> None:
    at = clock.now()
    made = factors.make_recovery_codes(session, chair, at=at)
    session.commit()

    assert len(set(made)) == codes.RECOVERY_CODES == 10
    kept = session.scalars(select(RecoveryCode)).all()
    assert not any(codes.plain(code) in each.code_hash for code in made for each in kept)

    typed = made[3].replace("-", " ").upper()
    assert factors.prove_by_code(session, chair, typed, KEY, at=at) is Proof.RECOVERY_CODE
    assert factors.prove_by_code(session, chair, typed, KEY, at=at) is None
    assert factors.codes_left(session, chair) == 9

    factors.make_recovery_codes(session, chair, at=at + timedelta(seconds=1))
    assert factors.prove_by_code(session, chair, made[0], KEY, at=at) is None, "new ones replace the old"


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "٤٤٤٤٤٤", "abcd-efgh-jkm", "x" * 5000, "\0\0\0\0\0\0"]
)
def test_what_is_no_code_proves_nothing(session: Session, chair: User, typed: str) -> None:
    set_up_app(session, chair, clock.now())
    factors.make_recovery_codes(session, chair, at=clock.now())

    assert factors.prove_by_code(session, chair, typed, KEY, at=clock.now()) is None


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "{",
        '{"id": 1}',
        '{"id": "AAAA"}',
        '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}',
    ],
)
def test_what_is_no_answer_of_a_key_proves_nothing(session: Session, chair: User, answer: str) -> None:
    site = keys.Site("pons.example", "https://pons.example")
    session.add(
        SecondFactor(
            user_id=chair.id, kind=FactorKind.KEY, name="Key", credential_id="AAAA", public_key=b"no key",
            confirmed_at=clock.now(),
        )
    )  # fmt: skip
    session.flush()
    asked = {"site": site, "challenge": auth.sessions.new_challenge(), "at": clock.now()}

    assert factors.prove_by_key(session, chair, answer, **asked) is None  # type: ignore[arg-type]  # by name
    with pytest.raises(NotTakenError):
        factors.add_key(session, chair, "Key", answer=answer, **asked)  # type: ignore[arg-type]  # by name


def test_keys_are_bound_to_the_name_of_the_house() -> None:
    assert keys.Site.of("https://pons.example:8443") == keys.Site("pons.example", "https://pons.example:8443")
    assert keys.Site.of("http://127.0.0.1:8000") is None
    assert keys.Site.of("http://[::1]:8000") is None


def test_each_change_is_on_record_and_told_without_a_word_of_a_case(session: Session, people: People) -> None:
    at, chair = clock.now(), people["chair"]
    set_up_app(session, chair, at)
    made = factors.make_recovery_codes(session, chair, at=at)
    factors.prove_by_code(session, chair, made[0], KEY, at=at)
    factors.tell_failed(session, chair, at=at)
    factors.tell_failed(session, chair, at=at)
    factors.reset(session, people["administrator"], chair.id, at=at)

    assert deeds(session) == [
        "second_step_added",
        "recovery_codes_made",
        "recovery_code_used",
        "second_step_failed",
        "second_step_failed",
        "second_step_reset",
    ]
    told = subjects(session, chair)
    assert len(told) == 5, "of several failures in a day one is told"
    assert all("tell your administrator" in subject for subject in told)


def test_the_last_one_stays_where_everybody_needs_one(session: Session, chair: User) -> None:
    at = clock.now()
    set_up_app(session, chair, at)
    factors.make_recovery_codes(session, chair, at=at)
    (only,) = factors.factors_of(session, chair)

    with pytest.raises(ConflictError, match="set up another"):
        factors.remove(session, chair, only.id, required=True, at=at)
    factors.remove(session, chair, only.id, required=False, at=at)

    assert not factors.has_factor(session, chair)
    assert factors.codes_left(session, chair) == 0


def test_nobody_removes_what_is_a_colleagues(session: Session, people: People) -> None:
    set_up_app(session, people["chair"], clock.now())
    (only,) = factors.factors_of(session, people["chair"])

    with pytest.raises(NotFoundError):
        factors.remove(session, people["auditor"], only.id, required=False, at=clock.now())


def test_an_administrator_takes_a_colleagues_away_and_their_sessions_end(
    session: Session, people: People
) -> None:
    chair, administrator = people["chair"], people["administrator"]
    set_up_app(session, chair, clock.now())
    auth.open_session(session, chair)

    assert factors.reset(session, administrator, chair.id, at=clock.now())

    assert auth.sessions.live_sessions(session, chair) == []
    assert not factors.has_factor(session, chair)
    with pytest.raises(ConflictError, match="another administrator"):
        factors.reset(session, administrator, administrator.id, at=clock.now())
