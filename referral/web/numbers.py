"""The numbers of a programme's year: on screen, on paper, and as a file for a spreadsheet."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import audit, clock, database
from referral.actions import numbers as actions
from referral.actions.counted import WAITING
from referral.actions.groups import GROUPINGS, Group
from referral.actions.numbers import WAITS, Compared, Spread, Year
from referral.auth import REFERRERS, requires
from referral.extensions import db
from referral.models import Referral
from referral.packet import charts, render
from referral.packet.spreadsheet import csv_lines
from referral.reference.decisions import disagreements, grounds
from referral.reference.numbers import purposes, smallest_shown
from referral.web.layout import day
from referral.web.session import resumable
from referral.workflow import Role

numbers = Blueprint("numbers", __name__)

STYLES = ("packet.css", "numbers-paper.css")
FLOW = {
    "referred": "Referred",
    "ready": "Made ready",
    "decided": "Decided",
    "withdrawn": "Taken back by the clinic",
    "waiting": "Waiting at the end of these days",
}
COLUMNS = {
    "referred": "Referred",
    "ready": "Made ready",
    "answered": "Accepted or declined",
    "accepted": "Accepted",
    "declined": "Declined",
    "days": "Median days to that",
}
SHORT_WAITS = {
    "ready": "Sent to made ready",
    "decided": "Sent to decided",
    "decided_ours": "Of that, with us",
    "so_far": "Still waiting, so far",
    "so_far_ours": "Of that, with us",
}
MOST_DRAWN = 20  # groups in one chart; the table has them all
HEADINGS = ("year", "from", "to", "table", "group", "measure", "number", "remark")
HIDDEN = "not shown: few people"


@numbers.get("/numbers")
@requires(Role.COORDINATOR, Role.CHAIR)
def newest() -> ResponseReturnValue:
    """Lead to the running year."""
    return redirect(url_for("numbers.show", year=clock.today().year))


@numbers.get("/numbers/<int:year>")
@requires(Role.COORDINATOR, Role.CHAIR)
def show(year: int) -> ResponseReturnValue:
    """Show one year beside the one before."""
    return draw(year)


def draw(year: int, problem: str = "") -> str:
    """Count, write down who read it, and draw."""
    told = count(year)
    audit.note(db.session(), g.person, "numbers_read", year=year)
    db.session.commit()
    return render_template("numbers/index.html", **words(told), purposes=purposes(), problem=problem)


def count(year: int) -> Compared:
    """Count as of now, in a transaction that only reads, so that nobody waits for it."""
    database.begin_reading(db.session())
    told = actions.compare(db.session(), g.person, year, clock.now())
    db.session.commit()
    return told


def resume(carried: "MultiDict[str, str]", year: int) -> ResponseReturnValue:
    """Ask for the button again."""
    flash("Nothing was taken away. Please choose again.")
    return redirect(url_for("numbers.show", year=year), code=303)


@numbers.post("/numbers/<int:year>/copy")
@requires(Role.COORDINATOR, Role.CHAIR)
@resumable(resume)
def take(year: int) -> ResponseReturnValue:
    """Give the numbers as a file, and write down who took them, as what, and why."""
    purpose = request.form.get("purpose", "")
    if purpose not in purposes():
        return draw(year, "Choose what the numbers are for."), 422
    as_pdf = request.form.get("kind") == "pdf"
    told = count(year)
    deed = "numbers_printed" if as_pdf else "numbers_exported"
    audit.record(db.session(), g.person, deed, year=year, purpose=purpose)
    db.session.commit()
    name = f"numbers-{year}"
    if as_pdf:
        return send_file(
            BytesIO(print_numbers(told)), "application/pdf", as_attachment=True, download_name=f"{name}.pdf"
        )
    return Response(
        csv_lines(rows(told)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def print_numbers(told: Compared) -> bytes:
    """Print the numbers: the same tables and charts as on the page."""
    html = render.render_template(
        "numbers/paper.html", **words(told), day=day, today=clock.today(), by=g.person.name
    )
    return render.print_pdf(html, STYLES, sha256(html.encode()).digest())


def words(told: Compared) -> dict[str, Any]:
    """Give what the page and the paper say."""
    return {
        "told": told,
        "charts": pictures(told),
        "flow": FLOW,
        "waits": WAITS,
        "columns": COLUMNS,
        "groupings": GROUPINGS,
        "grounds": grounds(),
        "disagreements": disagreements(),
        "smallest": smallest_shown(),
    }


def pictures(told: Compared) -> dict[str, tuple[charts.Chart, ...]]:
    """Draw what the tables say: each chart wide and narrow, by the name of its table."""
    years = (str(told.year.period.year), str(told.before.period.year))
    flow = [(label, getattr(told.year, name), getattr(told.before, name)) for name, label in FLOW.items()]
    waits = [
        (label, _figures(told.year.waits[name]), _figures(told.before.waits[name]))
        for name, label in SHORT_WAITS.items()
    ]
    outcomes = [
        (outcome.words.capitalize(), number, told.before.outcomes[outcome])
        for outcome, number in told.year.outcomes.items()
    ]
    drawn = {
        "flow": charts.bars("chart-flow", "Cases, beside the year before", years, flow, "table-flow"),
        "waits": charts.spreads("chart-waits", "Days, beside the year before", years, waits, "table-waits"),
        "outcomes": charts.bars("chart-outcomes", "Decisions by outcome", years, outcomes, "table-outcomes"),
    }
    for key, title in GROUPINGS.items():
        groups = []
        for name in told.names(key)[0]:
            now, before = told.group(key, name)
            groups.append((name, now.referred, before.referred))
        drawn[key] = charts.bars(
            f"chart-{key}", f"Cases referred, {title.lower()}", years, groups[:MOST_DRAWN], f"table-{key}"
        )
    return drawn


def _figures(spread: Spread) -> tuple[int, ...] | None:
    return (
        None
        if spread.half is None
        else (spread.quarter or 0, spread.half, spread.three_quarters or 0, spread.longest or 0)
    )


# What clinics see of it


@numbers.app_context_processor
def give_waited() -> dict[str, Any]:
    """Let the pages of a clinic say how long cases waited: where a programme is chosen, and while a case waits."""
    return {"waited_at": waited_at, "waited_for": waited_for}


def waited_for(referral: Referral) -> list[tuple[str, actions.Waited]]:
    """Tell a clinic whose case waits how long others waited at its programme, where that lets clinics see it."""
    if g.person.role not in REFERRERS or referral.state not in WAITING or referral.programme is None:
        return []
    return waited_at({str(referral.programme.id): referral.programme.name})


def waited_at(programmes: Mapping[str, str]) -> list[tuple[str, actions.Waited]]:
    """Tell how long cases waited at each of these programmes (name by id) that lets clinics see it."""
    ours = not db.session().in_transaction()  # the page is drawn after its commit: nobody waits for a reader
    if ours:
        database.begin_reading(db.session())
    found = actions.waited(db.session(), [UUID(each) for each in programmes], clock.now())
    if ours:
        db.session.commit()
    return [(name, found[UUID(each)]) for each, name in programmes.items() if UUID(each) in found]


# The file


def rows(told: Compared) -> Iterator[tuple[object, ...]]:
    """Give everything of the page as rows, one number each: both years, no number that the page does not show."""
    yield HEADINGS
    for year in (told.year, told.before):
        days = (year.period.year, year.period.first.isoformat(), year.period.last.isoformat())
        for table, group, measure, number in _numbers(told, year):
            yield (*days, table, group, measure, number, HIDDEN if number is None else "")


def _numbers(told: Compared, year: Year) -> Iterator[tuple[str, str, str, int | None]]:
    for name, label in FLOW.items():
        yield "Cases", "All", label, getattr(year, name)
    for name, label in WAITS.items():
        spread = year.waits[name]
        yield "Waiting", label, "Cases", spread.cases
        for figure in ("quarter", "half", "three_quarters", "longest"):
            said = f"{figure.replace('_', ' ').capitalize()}, days"
            yield "Waiting", label, said, getattr(spread, figure)
    for outcome, number in year.outcomes.items():
        yield "Outcomes", "All", outcome.words.capitalize(), number
    for code, number in year.grounds.items():
        yield "Reasons for declining", "All", grounds()[code], number
    for code, number in year.disagreements.items():
        yield "Committee held otherwise", "All", disagreements()[code], number
    for key, title in GROUPINGS.items():
        for group in told.names(key)[0]:
            counted = year.groups[key].get(group, Group())
            for name, label in COLUMNS.items():
                if name != "days" or counted.days is not None:
                    yield title, group, label, getattr(counted, name)
