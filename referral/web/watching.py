"""For those who watch the house: is it there, is it well, what does it do. No names, no cases, no versions.

``/health/live`` answers as long as the process does. ``/health`` asks the database. ``/metrics`` is for Prometheus,
from the addresses of METRICS_FROM only; everybody else finds nothing there. All three are answered before anybody is
asked who they are, so that they answer when nothing else does. Each request gets an id, is counted, and is told of in
a line of the log.
"""

import logging
import os
from time import perf_counter
from typing import cast
from uuid import UUID, uuid4

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from referral import clock, database
from referral.auth import public
from referral.extensions import db
from referral.keeping import marks
from referral.keeping.counted import House
from referral.logs import TOLD
from referral.web.errors import unsaved
from referral.web.tallies import OURS, REQUESTS, SECONDS

watching = Blueprint("watching", __name__)
log = logging.getLogger(__name__)

PLAIN = "text/plain; charset=utf-8"
DOORS = frozenset({"door", "proof", "second_step", "sign_on"})
ASKS = frozenset({"inbox.search", "people.search", "quick.answer", "quick.on_paper", "checks.check"})
"""Forms by which somebody asks and changes nothing."""
SHUT = (
    "This installation was brought back from a backup, and is being looked at. You can read; nothing can be saved yet."
    " Nothing was saved or changed."
)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


def register(app: Flask) -> None:
    """Come before everybody else on the way in, and after everybody on the way out."""
    app.before_request(begin)
    app.after_request(end)
    app.register_blueprint(watching)


def begin() -> ResponseReturnValue | None:
    """Give the request its id; answer those who watch at once, whatever else is out of order."""
    g.request_id, g.begun = uuid4().hex, perf_counter()
    if request.blueprint == watching.name and request.method in ("GET", "HEAD"):
        return cast("ResponseReturnValue", current_app.view_functions[request.endpoint or ""]())
    return shut() if request.method not in ("GET", "HEAD", "OPTIONS") else None


def shut() -> ResponseReturnValue | None:
    """Let nobody write into a house that was brought back from a backup and has not been opened yet."""
    if request.blueprint in DOORS or request.endpoint in ASKS:
        return None
    database.begin_reading(db.session())
    return unsaved(SHUT) if marks.is_shut(db.session()) else None


def end(response: Response) -> Response:
    """Count the request and tell of it: by the pattern of its address, never by the address."""
    response.headers["X-Request-ID"] = g.request_id
    seconds = perf_counter() - g.begun
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, str(response.status_code)).inc()
    SECONDS.labels(route, method).observe(seconds)
    if TOLD.isEnabledFor(logging.INFO):
        told = {"method": method, "route": route, "status": response.status_code, "ms": round(1000 * seconds)}
        TOLD.info("request", extra={"told": told | _whom_and_what()})
    return response


def _whom_and_what() -> dict[str, str | None]:
    """Name the person and the case by their ids, without asking the database."""
    person = g.get("person")
    key = inspect(person).identity if person is not None else None
    referral = (request.view_args or {}).get("referral_id")
    return {
        "person": str(key[0]) if key else None,
        "referral": str(referral) if isinstance(referral, UUID) else None,
    }


@watching.get("/health/live")
@public
def live() -> ResponseReturnValue:
    """Say that the process answers."""
    return Response("alive\n", content_type=PLAIN)


@watching.get("/health")
@public
def ready() -> ResponseReturnValue:
    """Say whether the database answers, by asking it for something that every installation has."""
    try:
        database.begin_reading(db.session())
        db.session.execute(text("SELECT version_num FROM alembic_version")).one()
        db.session.commit()
    except SQLAlchemyError as error:
        log.error("The database does not answer: %s", type(error).__name__)
        return Response("the database does not answer\n", 503, content_type=PLAIN)
    return Response("ready\n", content_type=PLAIN)


@watching.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Give the counts of all processes of this machine, and how the house stands."""
    if request.remote_addr not in current_app.config["METRICS_FROM"]:
        abort(404)
    registry = OURS
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    house = CollectorRegistry()
    house.register(House(db.session(), current_app.config["ATTACHMENTS"], clock.now()))
    answer = generate_latest(registry) + generate_latest(house)
    return Response(answer, content_type="text/plain; version=0.0.4; charset=utf-8")
