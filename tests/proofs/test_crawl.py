"""Each role walks through every link and form that it is shown: nothing breaks, nothing comes back as it was sent."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Response, request
from sqlalchemy.orm import Session

from app import create_app
from referral.auth import public
from referral.workflow import Role
from tests.matrix.house import House
from tests.matrix.laying import lay
from tests.matrix.world import build
from tests.proofs import report
from tests.proofs.crawl import Walk
from tests.proofs.ground import Ground, ground
from tests.proofs.sizes import size
from tests.stores import Store

EACH = size("EACH", 1, 4)
"""Of each kind of address so many are opened, by each role."""
BEGIN = ("/", "/help", "/quick-check", "/library", "/numbers", "/check", "/blank-form.pdf", "/nowhere/at/all")


@pytest.mark.only_on("sqlite")
def test_nothing_breaks_wherever_somebody_goes(
    store: Store, migrated_database: str, password_hash: str, tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    with ground(store, migrated_database, tmp_path / "house", password_hash, whole=False) as laid:
        go_everywhere(laid, record_property)


def go_everywhere(laid: Ground, record_property: Callable[[str, object], None]) -> None:
    """Walk as each role, then through pages that are broken."""
    with laid.app.app_context(), Session(laid.engine, expire_on_commit=False) as session:
        house = House(laid.app, laid.folder, build(session, laid.everybody(session)))
        lay(house, session)
    walks = [
        Walk(laid.app, house.client(role.value), role.value, EACH).walk(BEGIN[:-1])
        for role in sorted(Role, key=lambda role: role is Role.ADMINISTRATOR)
    ]

    faults = [fault for walk in walks for fault in walk.faults]
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:30])
    seen = {view for walk in walks for view, _ in walk.asked}
    statuses: Counter[int] = sum((walk.statuses for walk in walks), Counter())
    figures = {
        "answers": statuses.total(),
        "by status": dict(sorted(statuses.items())),
        "kinds of address": len(seen),
    }
    record_property("counted", f"{figures}")
    assert len(seen) >= 90
    found = broken_pages(laid, house)
    assert len(found) == 4, found
    report.write(
        "crawl", "Every link and form by each role", figures, {"four broken pages": "; ".join(found)}
    )


def broken_pages(laid: Ground, house: House) -> list[str]:
    """What a walk says of pages that are wrong in four ways."""
    app = create_app(laid.settings)

    @app.get("/proof/breaks")
    @public
    def breaks() -> str:
        raise ZeroDivisionError

    @app.get("/proof/reflects")
    @public
    def reflects() -> str:
        return f"<!doctype html><title>x</title>{request.args.get('state', '')}"

    @app.get("/proof/runs")
    @public
    def runs() -> str:
        return "<!doctype html><html lang=en><title>x</title><main><h1>x</h1><p onclick=x()>x</main>"

    @app.get("/proof/leads-nowhere")
    @public
    def leads_nowhere() -> Response:
        return Response(
            '<html lang=en><title>x</title><main><h1>x</h1><a href="/nowhere">x</a></main>',
            mimetype="text/html",
        )

    app.config["PROPAGATE_EXCEPTIONS"] = False
    addresses = ("/proof/breaks", "/proof/reflects", "/proof/runs", "/proof/leads-nowhere")
    said = Walk(app, app.test_client(), "nobody", 1).walk(addresses).faults
    wanted = ("breaks: answered 500", "comes back as markup", "has ['onclick']", "leads nowhere")
    return [part for part in wanted if any(part in fault for fault in said)]
