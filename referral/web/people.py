"""Administration: organisations, people, their roles, and the pages on which an invited person chooses a password."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.people import PersonForm, RoleForm
from referral import clock
from referral.actions import factors, invitations
from referral.actions import people as actions
from referral.actions.invitations import NotTakenError
from referral.auth import LONGEST_PASSWORD, SHORTEST_PASSWORD, public, requires
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.models import OrganisationKind
from referral.web.proof import confirmed
from referral.web.referrals import page_number
from referral.workflow import Role

people = Blueprint("people", __name__)

LONGEST_SEARCH = 100
ROLES = {role.value: role.words.capitalize() for role in Role}
KINDS = {kind.value: kind.value.capitalize() for kind in OrganisationKind}


# The list


@people.get("/people")
@requires(Role.ADMINISTRATOR)
def index() -> ResponseReturnValue:
    """List the people by organisation."""
    return draw_list(page=page_number())


@people.post("/people")
@requires(Role.ADMINISTRATOR)
def search() -> ResponseReturnValue:
    """Find people. It is sent as a form so that no name stands in an address."""
    return draw_list(text=request.form.get("text", "")[:LONGEST_SEARCH].strip())


def draw_list(*, text: str = "", page: int = 1) -> str:
    """Draw the list of people, or what was found."""
    found = actions.list_people(db.session(), g.person, text=text, page=page)
    links = invitations.open_links(db.session(), found.people, clock.now())
    db.session.commit()
    return render_template("people/index.html", found=found, links=links, text=text)


# Inviting


@people.get("/people/new")
@requires(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """Ask whom to invite."""
    return draw_new(offered(PersonForm()))


def offered(form: Any) -> Any:
    """Give a form its lists."""
    form.role.offer(ROLES)
    form.works_for.offer(
        {
            str(user.id): f"{user.name}, {user.organisation.name}"
            for user in actions.neurologists(db.session())
        }
    )
    if "organisation" in form:
        form.organisation.offer({str(each.id): each.name for each in actions.organisations(db.session())})
    return form


def draw_new(form: PersonForm) -> str:
    """Draw the form of an invitation."""
    page = render_template("people/new.html", form=form, problems=form.problems())
    db.session.commit()
    return page


@people.post("/people/new")
@requires(Role.ADMINISTRATOR)
def invite() -> ResponseReturnValue:
    """Open an account and show its link, once."""
    form = offered(PersonForm(PersonForm.keep(request.form)))
    given = form.read_person()
    if form.problems():
        return draw_new(form), 422
    try:
        person, token = actions.invite(
            db.session(),
            g.person,
            email=given["email"],
            name=given["name"],
            role=Role(given["role"]),
            organisation_id=UUID(given["organisation"]),
            works_for_id=UUID(given["works_for"]) if "works_for" in given else None,
        )
    except NotTakenError as refused:
        db.session.rollback()
        form[refused.field].fault(str(refused))
        return draw_new(form), 422
    return draw_person(person.id, token=token)


# One person


@people.get("/people/<uuid:person_id>")
@requires(Role.ADMINISTRATOR)
def show(person_id: UUID) -> ResponseReturnValue:
    """Show one account."""
    return draw_person(person_id)


def draw_person(
    person_id: UUID, form: RoleForm | None = None, *, refused: ConflictError | None = None, token: str = ""
) -> str:
    """Draw one account; ``token`` is that of a link just made, shown this once."""
    found = actions.get_person(db.session(), g.person, person_id)
    if form is None:
        typed = {"role": [found.role.value]}
        if found.works_for_id:
            typed["works_for"] = [str(found.works_for_id)]
        form = RoleForm(typed)
    offered(form)
    page = render_template(
        "people/show.html",
        found=found,
        form=form,
        problems=form.problems(),
        refused=refused,
        factors=factors.factors_of(db.session(), found),
        until=invitations.open_links(db.session(), (found,), clock.now()).get(found.id),
        link=url_for("people.welcome", _anchor=token, _external=True) if token else "",
    )
    db.session.commit()
    return page


@people.post("/people/<uuid:person_id>/role")
@requires(Role.ADMINISTRATOR)
@confirmed()
def change_role(person_id: UUID) -> ResponseReturnValue:
    """Give a person another role, or a delegate another neurologist."""
    form = offered(RoleForm(RoleForm.keep(request.form)))
    given = form.read_role()
    if form.problems():
        return draw_person(person_id, form), 422
    whom = UUID(given["works_for"]) if "works_for" in given else None
    try:
        changed = actions.change_role(
            db.session(), g.person, person_id, role=Role(given["role"]), works_for_id=whom
        )
    except NotTakenError as refused:
        db.session.rollback()
        form[refused.field].fault(str(refused))
        return draw_person(person_id, form), 422
    except ConflictError as refused:
        db.session.rollback()
        return draw_person(person_id, refused=refused), 409
    db.session.commit()
    flash("The role is changed, and the person is signed out." if changed else "Nothing was changed.")
    if person_id == g.person.id and changed:
        return redirect(url_for("door.sign_in"), code=303)
    return redirect(url_for("people.show", person_id=person_id), code=303)


@people.post("/people/<uuid:person_id>/end")
@requires(Role.ADMINISTRATOR)
@confirmed()
def disable(person_id: UUID) -> ResponseReturnValue:
    """Take an account out of use."""
    try:
        actions.disable(db.session(), g.person, person_id)
    except ConflictError as refused:
        db.session.rollback()
        return draw_person(person_id, refused=refused), 409
    db.session.commit()
    if person_id == g.person.id:
        return redirect(url_for("door.sign_in"), code=303)
    flash("The account is out of use, and its sessions have ended.")
    return redirect(url_for("people.show", person_id=person_id), code=303)


@people.post("/people/<uuid:person_id>/link")
@requires(Role.ADMINISTRATOR)
@confirmed()
def reset(person_id: UUID) -> ResponseReturnValue:
    """Take the password away and show a link for another, once."""
    try:
        token = actions.reset(db.session(), g.person, person_id)
    except ConflictError as refused:
        db.session.rollback()
        return draw_person(person_id, refused=refused), 409
    return draw_person(person_id, token=token)


@people.post("/people/<uuid:person_id>/second-step")
@requires(Role.ADMINISTRATOR)
@confirmed()
def reset_second_step(person_id: UUID) -> ResponseReturnValue:
    """Take the second step of a person away who has lost it."""
    try:
        taken = factors.reset(db.session(), g.person, person_id, at=clock.now())
    except ConflictError as refused:
        db.session.rollback()
        return draw_person(person_id, refused=refused), 409
    db.session.commit()
    flash("The second step is taken away, and the person is signed out." if taken else "There was none.")
    return redirect(url_for("people.show", person_id=person_id), code=303)


# Organisations


@people.get("/organisations")
@requires(Role.ADMINISTRATOR)
def organisations() -> ResponseReturnValue:
    """List clinics and programmes."""
    return draw_organisations()


def draw_organisations(refused: NotTakenError | None = None, name: str = "", at: UUID | None = None) -> str:
    """Draw the organisations; ``at`` is the one whose new name was not taken."""
    page = render_template(
        "people/organisations.html",
        organisations=actions.organisations(db.session()),
        people=actions.people_by_organisation(db.session()),
        kinds=KINDS,
        refused=refused,
        name=name,
        at=at,
    )
    db.session.commit()
    return page


@people.post("/organisations")
@requires(Role.ADMINISTRATOR)
def add_organisation() -> ResponseReturnValue:
    """Add a clinic or a programme."""
    name, kind = request.form.get("name", ""), request.form.get("kind", "")
    try:
        if kind not in KINDS:
            raise NotTakenError("kind", "Choose what it is.")
        actions.add_organisation(db.session(), g.person, name=name, kind=OrganisationKind(kind))
    except NotTakenError as refused:
        db.session.rollback()
        return draw_organisations(refused, name), 422
    db.session.commit()
    flash("The organisation is added.")
    return redirect(url_for("people.organisations"), code=303)


@people.post("/organisations/<uuid:organisation_id>")
@requires(Role.ADMINISTRATOR)
def rename_organisation(organisation_id: UUID) -> ResponseReturnValue:
    """Give an organisation another name, or its region."""
    name, region = request.form.get("name", ""), request.form.get("region")
    try:
        actions.rename_organisation(db.session(), g.person, organisation_id, name=name, region=region)
    except NotTakenError as refused:
        db.session.rollback()
        return draw_organisations(refused, name, organisation_id), 422
    db.session.commit()
    flash("The organisation is as you have written it. What was signed keeps its old name.")
    return redirect(url_for("people.organisations"), code=303)


# The link


@people.get("/welcome")
@public
def welcome() -> str:
    """Ask for the code of an invitation. A link has it after ``#``, which browsers send to nobody."""
    return render_template("people/welcome.html", refused=None)


@people.post("/welcome")
@public
def look_up() -> ResponseReturnValue:
    """Ask the holder of a code for a password."""
    return draw_password()


def draw_password(refused: NotTakenError | None = None) -> ResponseReturnValue:
    """Draw the form for a password; whoever has no code that holds is asked for one."""
    code = request.form.get("code", "").strip()
    try:
        invitation = invitations.find_invitation(db.session(), code, clock.now())
    except NotFoundError as unknown:
        return render_template("people/welcome.html", refused=unknown), 422
    page = render_template(
        "people/password.html",
        invited=invitation.user,
        code=code,
        refused=refused,
        shortest=SHORTEST_PASSWORD,
        longest=LONGEST_PASSWORD,
    )
    db.session.commit()
    return page, 422 if refused else 200


@people.post("/welcome/password")
@public
def choose_password() -> ResponseReturnValue:
    """Take the password, and lead on to signing in with it."""
    try:
        invitations.choose_password(
            db.session(),
            request.form.get("code", ""),
            request.form.get("password", ""),
            request.form.get("again", ""),
        )
    except (NotFoundError, NotTakenError) as refused:
        db.session.rollback()
        return draw_password(refused if isinstance(refused, NotTakenError) else None)
    db.session.commit()
    flash("Your password is kept. Please sign in with it.")
    return redirect(url_for("door.sign_in"), code=303)
