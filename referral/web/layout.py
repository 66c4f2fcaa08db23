"""What every page shares: its frame, its headers, its way of writing dates."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request, url_for

from referral import clock
from referral.auth import LONGEST_PAUSE, OPENERS, RECEIVERS, REFERRERS
from referral.facts import MONTHS
from referral.workflow import Role

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ONE_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation, and whose it is."""

    path: str
    label: str
    roles: frozenset[Role]


NAVIGATION = (
    Entry("/", "Home", frozenset(Role)),
    Entry("/referrals", "Referrals", REFERRERS),
    Entry("/inbox", "Inbox", RECEIVERS),
    Entry("/meetings", "Meetings", RECEIVERS),
    Entry("/numbers", "Numbers", frozenset({Role.COORDINATOR, Role.CHAIR})),
    Entry("/people", "People", frozenset({Role.ADMINISTRATOR})),
    Entry("/audit", "Audit trail", frozenset({Role.AUDITOR})),
    Entry("/library", "Library", frozenset(Role)),
    Entry("/quick-check", "Quick check", frozenset(Role)),
    Entry("/help", "Help", frozenset(Role)),
)


def register(app: Flask) -> None:
    """Give templates their words and every response its headers."""
    app.after_request(add_headers)
    app.context_processor(frame)
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.filters.update(day=day, moment=moment, time_of_day=time_of_day, days_ago=days_ago)


def add_headers(response: Response) -> Response:
    """Tell the browser what a page of ours may do, on errors too; keep nothing but files of ours."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a file from outside has a stricter policy of its own
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
    if request.endpoint != "static" or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Cookie")
    elif "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
    return response


def frame() -> dict[str, Any]:
    """Give each page who is signed in, what they can go to, and whether people here are invented."""
    person = g.get("person")
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    entries = [entry for entry in NAVIGATION if person and person.role in entry.roles and entry.path in known]
    if g.get("confined"):
        entries = []  # nowhere to go before the second step is set up
    return {
        "person": person,
        "session_lasts": round(LONGEST_PAUSE.total_seconds()),
        "navigation": entries,
        "demonstration": g.get("demonstration", False),
        "emergencies": g.get("emergencies", ()),
        "hospital": current_app.config["HOSPITAL"] is not None,
        "may_open": person is not None and person.role in OPENERS,
    }


def asset(name: str) -> str:
    """Give the address of a file of ours, which changes with its content, so that browsers may keep it."""
    return _address(name, Path(current_app.static_folder or ""), request.script_root)


@cache
def _address(name: str, folder: Path, _root: str) -> str:
    digest = sha256((folder / name).read_bytes()).hexdigest()
    return url_for("static", filename=name, v=digest[:12])


def day(value: date) -> str:
    """Write a day so that no country reads it as another: 22 November 2026."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """Write a moment by the clock of the house: 22 November 2026, 09:30."""
    there = clock.local(value)
    return f"{day(there.date())}, {there:%H:%M}"


def time_of_day(value: datetime) -> str:
    """Write the time of a moment by the clock of the house: 09:30."""
    return f"{clock.local(value):%H:%M}"


def days_ago(value: datetime) -> str:
    """Write how long ago something was, in whole days of the house."""
    days = (clock.today() - clock.local(value).date()).days
    return "today" if days <= 0 else "1 day" if days == 1 else f"{days} days"
