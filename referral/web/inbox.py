"""The inbox of a transplant programme: what comes next, whose move it is, by when, and whose the case is."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import audit, clock, database
from referral.actions import inbox as actions
from referral.actions.adoptions import editions_for
from referral.actions.duplicates import alike_by_case
from referral.actions.emergency_reviews import waiting
from referral.actions.mail import undelivered
from referral.actions.overdue import MOST, first_overdue, overdue
from referral.actions.referrals import PAGE, get_referral
from referral.actions.stays import clocks_of
from referral.auth import RECEIVERS, requires
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.models import Referral, User
from referral.web.referrals import FILTERS_OF_LISTS, list_words, page_number
from referral.web.session import resumable
from referral.workflow import ACCEPTED, OPEN, SENT, Role, State

inbox = Blueprint("inbox", __name__)

LONGEST_SEARCH = 100
SHOWN_UNDELIVERED = 5
SEEN_BY_PROGRAMMES = tuple(state for state in State if state is not State.DRAFT)
FILTERS = {
    "waiting": ("All that wait", SENT),
    "open": ("All that are open", OPEN),
    **{state.value: (state.words.capitalize(), frozenset({state})) for state in SEEN_BY_PROGRAMMES},
    "all": ("All", frozenset(SEEN_BY_PROGRAMMES)),
}
VERDICTS = {
    "met": "All criteria met",
    "tested_met": "All tested criteria met",
    "cannot_say": "Cannot say",
    "not_met": "Not met",
}
AGES = (7, 14, 30, 90, 180)
MONTHS = (1, 2, 3, 6, 12)


@inbox.get("/inbox")
@requires(*RECEIVERS)
def show() -> ResponseReturnValue:
    """List the cases sent to this programme: nobody's first, then the longest waiting."""
    return draw(page=page_number())


@inbox.post("/inbox")
@requires(*RECEIVERS)
def search() -> ResponseReturnValue:
    """Find cases by name or number. It is sent as a form so that no name stands in an address."""
    database.begin_reading(db.session())
    return draw(text=request.form.get("text", "")[:LONGEST_SEARCH].strip())


def draw(*, text: str = "", page: int = 1) -> ResponseReturnValue:
    """Draw the list; a search looks through everything that was ever sent here."""
    chosen = request.args.get("state", "")
    chosen = "all" if text else chosen if chosen in FILTERS else "waiting"
    wanted = wanted_of(chosen, text)
    found = actions.list_inbox(db.session(), g.person, wanted, page)
    on_top = not text and found.page == 1
    ids = [line.id for line in found.lines]
    audit.note(
        db.session(),
        g.person,
        "inbox_read",
        state=chosen,
        page=found.page,
        cases=len(found.lines),
        searched=bool(text),
    )
    drawn = {
        **list_words(found, editions_for(db.session(), g.person.organisation_id)),
        "alike": alike_by_case(db.session(), ids, g.person),
        "clocks": clocks_of(db.session(), ids, clock.now()),
        "due": actions.due_days(db.session(), ids),
        "late": overdue(db.session(), g.person, clock.today()) if on_top else [],
        "late_by_case": first_overdue(
            db.session(), g.person, clock.today(), [line.id for line in found.lines if line.state in ACCEPTED]
        ),
        "coordinators": actions.coordinators(db.session(), g.person.organisation_id),
        "clinics": actions.clinics(db.session(), g.person),
        "views": actions.views_of(db.session(), g.person),
        "undelivered": undelivered(db.session(), g.person.organisation_id, SHOWN_UNDELIVERED),
        "to_review": waiting(db.session(), g.person) if g.person.role is not Role.COMMITTEE_MEMBER else 0,
    }
    db.session.commit()
    return render_template(
        "inbox/index.html",
        **drawn,
        filters=FILTERS,
        verdicts=VERDICTS,
        ages=AGES,
        months=MONTHS,
        chosen=chosen,
        chips=chips(chosen, wanted, drawn),
        kept=kept_filters(),
        newest_first=wanted.newest_first,
        text=text,
        assigns=g.person.role is Role.COORDINATOR,
        most_late=MOST,
    )


def wanted_of(chosen: str, text: str) -> actions.Wanted:
    """Read what is looked for from the address; nonsense there does not matter."""
    owner = request.args.get("owner", "")
    return actions.Wanted(
        states=FILTERS[chosen][1],
        text=text,
        clinic=_id(request.args.get("clinic", "")),
        owner="nobody" if owner == "nobody" else _id(owner),
        older_than_days=_number("age"),
        edition=request.args.get("edition", ""),
        verdict=request.args.get("verdict", ""),
        closes_within_months=_number("closing"),
        newest_first=request.args.get("order") == "newest",
    )


def kept_filters() -> dict[str, str]:
    """Give the filters of the address that are in use."""
    return {name: value for name in FILTERS_OF_LISTS if (value := request.args.get(name, ""))}


@dataclass(frozen=True)
class Chip:
    """One thing by which the list is filtered, in words, and the address of the list without it."""

    words: str
    without: str


def chips(chosen: str, wanted: actions.Wanted, drawn: dict[str, Any]) -> list[Chip]:
    """Say each thing that the list is filtered by; a verdict of no edition filters nothing, and says so."""
    owners = {each.id: each.name for each in drawn["coordinators"]}
    clinics = {each.id: each.name for each in drawn["clinics"]}
    editions = {id_: name for id_, name, _ in drawn["editions"]}
    owner = "nobody" if wanted.owner == "nobody" else owners.get(wanted.owner, "somebody else")
    edition, verdict = (
        editions.get(wanted.edition, wanted.edition),
        VERDICTS.get(wanted.verdict, "another verdict"),
    )
    said = (
        (chosen != "waiting", ("state",), FILTERS[chosen][0]),
        (wanted.clinic, ("clinic",), f"From {clinics.get(wanted.clinic, 'another clinic')}"),
        (wanted.owner, ("owner",), f"Owner: {owner}"),
        (wanted.older_than_days is not None, ("age",), f"Waiting at least {wanted.older_than_days} days"),
        (wanted.edition and wanted.verdict, ("edition", "verdict"), f"{edition}: {verdict.lower()}"),
        (wanted.verdict and not wanted.edition, ("verdict",), f"{verdict}: choose an edition with it"),
        (
            wanted.closes_within_months is not None,
            ("closing",),
            f"A verdict changes within {_months(wanted.closes_within_months)}",
        ),
    )
    kept = kept_filters()
    return [
        Chip(words, url_for("inbox.show", **{name: kept[name] for name in kept if name not in names}))  # type: ignore[arg-type]  # our own names
        for holds, names, words in said
        if holds
    ]


def _months(number: int | None) -> str:
    return "1 month" if number == 1 else f"{number} months"


def _number(name: str) -> int | None:
    asked = request.args.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# Views that are kept


def resume_view(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Ask for the name again."""
    flash("Nothing was kept. Please give the view its name again.")
    return redirect(url_for("inbox.show"), code=303)


@inbox.post("/inbox/views")
@requires(*RECEIVERS)
@resumable(resume_view)
def save_view() -> ResponseReturnValue:
    """Keep the filters under a name, or remove a view."""
    filters = {name: value for name in FILTERS_OF_LISTS if (value := request.form.get(name, "")[:100])}
    gone = _id(request.form.get("remove", ""))
    if gone:
        actions.remove_view(db.session(), g.person, gone)
        db.session.commit()
        return redirect(url_for("inbox.show"), code=303)
    try:
        view = actions.save_view(db.session(), g.person, request.form.get("name", ""), filters)
    except actions.NotSavedError as refused:
        db.session.rollback()
        flash(str(refused))
        return redirect(url_for("inbox.show", **filters), code=303)  # type: ignore[arg-type]  # our own names
    db.session.commit()
    flash("The view is kept.")
    return redirect(url_for("inbox.show", **view.filters), code=303)


# Whose it is


@dataclass(frozen=True)
class Chosen:
    """One case that is to become somebody's, and whose it is on the screen."""

    referral: Referral
    owner: User | None


def resume_assigning(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Ask for the choice again: nothing was typed."""
    flash("Nothing was changed. Please choose the cases again.")
    return redirect(url_for("inbox.show"), code=303)


@inbox.get("/referrals/<uuid:referral_id>/owner")
@requires(*Role)  # whom it is not for does not find it
def assign_one(referral_id: UUID) -> ResponseReturnValue:
    """Ask whose one case shall be."""
    return draw_assigning([referral_id])


@inbox.post("/inbox/assign")
@requires(Role.COORDINATOR)
@resumable(resume_assigning)
def assign() -> ResponseReturnValue:
    """Show how many cases and which are to become whose; done only from that page."""
    ids = [found for each in request.form.getlist("case")[:PAGE] if (found := _id(each))]
    owner = _id(request.form.get("owner", ""))
    if not ids:
        flash("Nothing was changed: no case was chosen.")
        return redirect(url_for("inbox.show"), code=303)
    if owner is None or request.form.get("confirmed") != "yes":
        return draw_assigning(ids, owner)
    return do_assign(ids, owner)


def draw_assigning(ids: list[UUID], owner: UUID | None = None) -> str:
    """Draw the page that says how many, and which."""
    found = [get_referral(db.session(), id_, g.person) for id_ in ids]
    for referral in found:
        audit.note(db.session(), g.person, "case_read", referral, state=referral.state)
    page: dict[str, Any] = {
        "chosen": [Chosen(referral, referral.owner) for referral in found],
        "coordinators": actions.coordinators(db.session(), g.person.organisation_id),
        "owner": owner,
        "may": g.person.role is Role.COORDINATOR,
    }
    drawn = render_template("inbox/assign.html", **page)
    db.session.commit()
    return drawn


def do_assign(ids: list[UUID], owner: UUID) -> ResponseReturnValue:
    """Make the cases somebody's. What became somebody else's since the page was shown is left and named."""
    done, left = 0, []
    for id_ in sorted(ids):
        referral = get_referral(db.session(), id_, g.person, to_change=True)
        seen = _id(request.form.get(f"seen-{id_}", ""))
        try:
            done += actions.assign(db.session(), referral, owner, seen=seen, actor=g.person)
        except NotFoundError:
            raise
        except ConflictError as refused:
            audit.record(db.session(), g.person, "deed_refused", page=request.endpoint, asked=str(id_))
            left.append(str(refused))
    db.session.commit()
    flash(f"{done} {'case has' if done == 1 else 'cases have'} a new owner.")
    for each in left:
        flash(each)
    if len(ids) == 1:
        return redirect(url_for("referrals.show", referral_id=ids[0]), code=303)
    return redirect(url_for("inbox.show"), code=303)
