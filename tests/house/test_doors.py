"""Every page says who may open it, and the guard holds each to its word."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from referral import auth
from referral.models import AuditEntry, User
from referral.workflow import Role
from tests.browser import Browser

SignIn = Callable[[str], Browser]
SAMPLES = {
    "uuid": "6f1f1f54-4a9b-4c0f-9d52-6c1d5c0f7a11",
    "string": "x",
    "integer": "1",
    "path": "css/pons.css",
    "default": "x",
}
PUBLIC = {
    "static",
    "door.sign_in",
    "door.enter",
    "door.sign_out",
    "second_step.prove",
    "left_open.remaining",
    "hospital.ask",
    "hospital.back",
    "hospital.leave",
    "pages.help_page",
    "pages.help_role",
    "pages.glossary",
    "pages.icon",
    "people.welcome",
    "people.look_up",
    "people.choose_password",
    "watching.live",
    "watching.ready",
    "watching.metrics",
}


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def path_of(app: Flask, rule: Rule) -> str:
    """An address that leads to the rule, with made-up arguments."""
    given = {}
    for name in rule.arguments:
        kind = type(rule._converters[name]).__name__.removesuffix("Converter").lower()
        given[name] = SAMPLES.get(kind, "x")
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, given))


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_view_says_who_may_open_it(app: Flask) -> None:
    silent = [
        rule.endpoint for rule in rules(app) if auth.roles_of(app.view_functions[rule.endpoint]) is None
    ]

    assert len(rules(app)) > 5
    assert silent == []


def test_no_other_page_is_public_than_those_we_know(app: Flask) -> None:
    public = {
        rule.endpoint
        for rule in rules(app)
        if auth.roles_of(app.view_functions[rule.endpoint]) is auth.EVERYBODY
    }

    assert public == PUBLIC


def test_a_view_that_says_nothing_is_refused_to_everybody(app: Flask, people: dict[str, User]) -> None:
    @app.get("/forgotten")
    def forgotten() -> str:
        return "a secret"

    stranger, chair = (Browser(app.test_client(), Session()) for _ in range(2))
    chair.sign_in("chair@example.org")

    for browser in (stranger, chair):
        answer = browser.client.get("/forgotten")
        assert answer.status_code == 403
        assert "a secret" not in answer.text


def test_a_stranger_gets_no_further_than_the_door(app: Flask, browser: Browser) -> None:
    closed = [rule for rule in rules(app) if rule.endpoint not in PUBLIC]

    tried = 0
    for rule in closed:
        for method in methods_of(rule):
            form = {"csrf_token": browser.token()} if method == "POST" else {}
            answer = browser.open(path_of(app, rule), method=method, data=form)
            expected = 302 if method == "GET" else 401
            assert answer.status == expected, f"{method} {rule}: {answer.status}"
            tried += 1
    assert tried >= len(closed)


@pytest.mark.parametrize("role", Role)
def test_a_role_that_a_page_does_not_name_is_refused(app: Flask, sign_in: SignIn, role: Role) -> None:
    browser = sign_in(role)
    token = browser.token()

    for rule in rules(app):
        roles = auth.roles_of(app.view_functions[rule.endpoint])
        for method in methods_of(rule):
            if rule.endpoint in PUBLIC or roles is None or role in roles:
                continue
            form = {"csrf_token": token} if method == "POST" else {}
            answer = browser.open(path_of(app, rule), method=method, data=form)
            assert answer.status == 403, f"{method} {rule}: {answer.status}"


def test_a_refused_page_is_in_the_trail(sign_in: SignIn, session: Session, people: dict[str, User]) -> None:
    browser = sign_in(Role.AUDITOR)
    browser.visit("/referrals", status=403)

    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.deed, last.actor_id) == ("page_refused", people["auditor"].id)


def test_nobody_can_be_let_in_by_forgetting_to_name_a_role() -> None:
    with pytest.raises(TypeError, match="name the roles"):
        auth.requires()
