"""The application as the proofs serve it: as in earnest, or with a fault that a proof must find.

The faults are here and nowhere else. Nothing of the application reads their names.
"""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import Select

from app import create_app
from referral import audit
from referral.actions import drafts, moves
from referral.auth import public
from referral.settings import Settings
from referral.workflow import Move, Role, State, find_move

FOLDER, FAULT = "PROOF_FOLDER", "PROOF_FAULT"


def make() -> Flask:
    """Build the application of the folder that the environment names."""
    fault = os.environ.get(FAULT, "")
    if fault in FAULTS:
        FAULTS[fault]()
    app = create_app(Settings.from_environment(os.environ, Path(os.environ[FOLDER])))
    if fault in PAGES:
        PAGES[fault](app)
    return app


def no_lock() -> None:
    """Nobody locks a row before changing it."""
    Select.with_for_update = lambda self, **_how: self  # type: ignore[method-assign]  # a fault


def no_guard() -> None:
    """The table of deeds is not asked."""

    def let_everybody(deed: str, role: Role, state: State) -> Move:
        return find_move(deed)

    moves.check_move = let_everybody  # type: ignore[attr-defined]  # a fault


def no_mark() -> None:
    """What a form was opened with is not looked at: the last save wins."""
    save = drafts.save_section

    def last_wins(session: Any, actor: Any, referral: Any, section: str, typed: Any, opened: str) -> bool:
        return save(session, actor, referral, section, typed, drafts.fingerprint(referral, section))

    drafts.save_section = last_wins  # a fault


def lose_acts() -> None:
    """An act is acknowledged and not on record: what a message has changed is rolled back."""
    record = audit.record

    def forgetful(session: Any, actor: Any, deed: str, *rest: Any, **more: Any) -> Any:
        entry = record(session, actor, deed, *rest, **more)
        if deed == "message_written":
            session.rollback()
        return entry

    audit.record = forgetful


FAULTS: dict[str, Callable[[], None]] = {
    "no_lock": no_lock,
    "no_guard": no_guard,
    "no_mark": no_mark,
    "lose_acts": lose_acts,
}


def fail_now_and_then(app: Flask) -> None:
    """Every seventh page breaks."""
    count = itertools.count(1)

    def fail() -> None:
        coming_in = request.path in ("/sign-in", "/help")  # whoever comes looks at these two
        if not coming_in and request.endpoint not in (None, "static") and next(count) % 7 == 0:
            raise RuntimeError("a fault of the proofs")

    app.before_request(fail)


def echo(app: Flask) -> None:
    """A page gives back what it is sent, as it was sent."""

    def answer() -> Response:
        sent = request.args.get("text", "")
        return Response(
            f"<!doctype html><title>x</title><p>{sent}</p><a href='/proof-echo?text=a'>x</a>",
            mimetype="text/html",
        )

    app.add_url_rule("/proof-echo", view_func=public(answer))


PAGES: dict[str, Callable[[Flask], None]] = {"fail_now_and_then": fail_now_and_then, "echo": echo}
