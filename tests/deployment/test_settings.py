"""Settings that are wrong, and an application that is not as it was set up, are named."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from referral import audit
from referral.deployment import RULES, House
from referral.deployment.machine import SERVED
from referral.extensions import db
from referral.sealing import Key
from tests.conftest import DATA_KEYS
from tests.deployment.good import ENVIRONMENT, KEY, Rebuilt, fault

ENVIRONMENTS = {
    "no debugger answers": {"FLASK_DEBUG": "1"},
    "kept apart from the data": {"AUDIT_KEY": ""},
    "what opens the data is kept apart from them": {"DATA_KEYS": ""},
    "heads of the trail go elsewhere": {"AUDIT_ANCHOR": ""},
}


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(("holds", "given"), ENVIRONMENTS.items(), ids=ENVIRONMENTS)
def test_what_the_environment_gives_or_lacks(house: House, holds: str, given: dict[str, str]) -> None:
    assert fault(replace(house, environment=ENVIRONMENT | given), holds)


@pytest.mark.only_on("sqlite")
def test_secrets_that_others_read_are_told(house: House, tmp_path: Path) -> None:
    folder, holds = tmp_path / "secrets", "nobody else reads the secrets"
    folder.mkdir(mode=0o755)
    secret = folder / "AUDIT_KEY"
    secret.write_text(KEY)
    secret.chmod(0o644)
    with_them = replace(house, environment=ENVIRONMENT | {"SECRETS": str(folder)})

    assert fault(with_them, holds) == "others read AUDIT_KEY"
    assert KEY not in fault(with_them, holds)
    secret.chmod(0o440)
    assert fault(with_them, holds) == ""
    secret.chmod(0o644)
    folder.chmod(0o750)
    assert fault(with_them, holds) == ""


@pytest.mark.only_on("sqlite")
def test_a_key_that_is_lost_and_one_that_is_to_be_given_up_are_told(house: House, rebuilt: Rebuilt) -> None:
    lost = replace(house, settings=replace(house.settings, data_keys=Key.new().entry))
    assert "not at hand: fortests" in fault(lost, "each key that is needed is at hand")

    changing = rebuilt(data_keys=f"{Key.new().entry},{DATA_KEYS}")
    with changing.app.app_context(), db.engine.connect():
        pass  # the first connection writes the new key down
    house.connection.rollback()
    assert fault(changing, "each key that is needed is at hand") == ""
    assert fault(changing, "no older key is needed") == "1 older keys are"


def test_a_key_that_is_not_that_of_the_trail_is_told(house: House, rebuilt: Rebuilt) -> None:
    holds = "the trail goes on with its own key"
    house.connection.rollback()
    with house.app.app_context():
        for _ in range(2):
            audit.record(db.session(), None, "tried")
        db.session.commit()

    assert fault(house, holds) == ""
    house.connection.rollback()
    assert "with another" in fault(rebuilt(audit_key=KEY[1:] + KEY[:1]), holds)


@pytest.mark.only_on("sqlite")
def test_old_keys_keep_nobody_out_while_they_are_changed(house: House) -> None:
    """They are told at each start, and the change goes on while people work."""
    stops = {rule.holds: rule.stops for rule in RULES}

    for holds in ("no old key still opens", "no older key is needed", "no older key of apps is needed"):
        assert not stops[holds]


@pytest.mark.only_on("sqlite")
def test_the_number_of_proxies_is_given_and_not_guessed(house: House, rebuilt: Rebuilt) -> None:
    holds = "the number of proxies in front is exact"

    assert fault(replace(house, environment={}), holds) == "it was not given"
    assert "it is 0" in fault(rebuilt(proxies=0), holds)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("long and random", {"secret_key": "short"}, "5 characters"),
    ("long and random", {"secret_key": "aaaaaaab" * 8}, "hardly changes"),
    ("long, random and no other key", {"audit_key": KEY}, "SECRET_KEY too"),
    ("long, random and no other key", {"audit_key": "short"}, "5 characters"),
    ("cookies by https only, for this host only", {"secure_cookies": False}, "in the clear"),
    ("browsers are told to come by https for a year", {"secure_cookies": False}, "they are not"),
    ("the house answers to its own names only", {"trusted_hosts": None}, "any name"),
    ("the house answers to its own names only", {"trusted_hosts": (".example",)}, "below a dot"),
    ("the address in notices is https and one of ours", {"house_url": "http://pons.example"}, "http://"),
    ("the address in notices is https and one of ours", {"house_url": "https://other.example"}, "not in"),
    ("notices leave by an encrypted way", {"mail_url": ""}, "nobody is told"),
    ("notices leave by an encrypted way", {"mail_url": "smtp://mail.example"}, "in the clear"),
    ("everybody signs in with a second factor", {"second_factor": "offered"}, "a password alone"),
    ("what cannot be undone asks who it is", {"proof_holds": timedelta(hours=2)}, "120 minutes"),
    ("long, random and only for apps", {"factor_key": KEY}, "another key too"),
    ("long, random and only for apps", {"factor_key": ""}, "0 characters"),
    ("what cannot be undone asks who it is", {"proof_holds": timedelta(0)}, "0 minutes"),
    ("the hospital's sign-on is asked by https", {"oidc_issuer": "http://localhost:8080"}, "http://"),
    ("the sign-on's secret is long", {"oidc_client_secret": "short"}, "5 characters"),
    ("backups are encrypted, with a key of their own", {"backup_key": ""}, "not encrypted"),
    ("backups are encrypted, with a key of their own", {"backup_key": KEY}, "another key too"),
    ("backups are encrypted, with a key of their own", {"backup_key": "short"}, "5 characters"),
    ("files of cases are served by nobody", {"attachments": SERVED / "files"}, "is served"),
]


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(("holds", "values", "said"), WRONG, ids=[f"{w[0]}: {w[2]}" for w in WRONG])
def test_a_setting_that_is_wrong_is_named(
    house: House, rebuilt: Rebuilt, holds: str, values: dict[str, Any], said: str
) -> None:
    assert said in fault(rebuilt(**values), holds)


@pytest.mark.only_on("sqlite")
def test_mail_to_this_very_machine_needs_no_encryption(house: House, rebuilt: Rebuilt) -> None:
    local = rebuilt(mail_url="smtp://localhost")

    assert fault(local, "notices leave by an encrypted way") == ""


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("holds", "name", "value"),
    [
        ("no old key still opens", "SECRET_KEY_FALLBACKS", ["old"]),
        ("a form has bounds", "MAX_CONTENT_LENGTH", None),
        ("a form has bounds", "MAX_FORM_PARTS", None),
        ("cookies by https only, for this host only", "SESSION_COOKIE_SAMESITE", "None"),
    ],
)
def test_the_application_itself_is_looked_at(house: House, holds: str, name: str, value: object) -> None:
    house.app.config[name] = value

    assert fault(house, holds)


def answers_with(app: Flask, name: str, value: str) -> None:
    app.after_request_funcs.setdefault(None, []).insert(0, lambda answer: _add(answer, name, value))


def _add(answer: Any, name: str, value: str) -> Any:
    answer.headers[name] = value
    return answer


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("holds", "name", "value"),
    [
        ("no answer names a version", "Server", "Werkzeug/3.1.9"),
        ("a page runs nothing that is not ours", "Content-Security-Policy", "script-src 'unsafe-inline'"),
    ],
)
def test_its_answers_are_looked_at(house: House, holds: str, name: str, value: str) -> None:
    answers_with(house.app, name, value)

    assert fault(house, holds)
