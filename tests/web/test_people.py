"""Administration: who is invited, who chooses the password, who is out, and that somebody always administers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from referral import clock, demo
from referral.actions import people as actions
from referral.actions.invitations import NotTakenError, choose_password
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.extensions import db
from referral.models import AuditEntry, Invitation, Organisation, OrganisationKind, User
from referral.workflow import Role
from tests.browser import Browser, Page

SignIn = Callable[[str], Browser]
People = dict[str, User]
CHOSEN = "four words nobody guesses"


def code_of(page: Page) -> str:
    """The code in the link that a page shows: after ``#``, which browsers send to nobody."""
    (link,) = page.all(".//code")
    house, _, code = (link.text or "").partition("/welcome#")
    assert house.startswith("http")
    return code


def choose(
    browser: Browser, code: str, password: str = CHOSEN, again: str = CHOSEN, status: int = 200
) -> Page:
    """Choose a password with a code."""
    fields = {"code": code, "password": password, "again": again}
    return browser.send("/welcome/password", fields, status=status)


def invite(session: Session, people: People, role: Role = Role.COORDINATOR) -> tuple[User, str]:
    person, token = actions.invite(
        session,
        people["administrator"],
        email="New.Person@example.org",
        name="New Person",
        role=role,
        organisation_id=people["coordinator"].organisation_id,
    )
    session.commit()
    return person, token


# Inviting


def test_an_invited_person_chooses_a_password_and_signs_in(
    session: Session, people: People, sign_in: SignIn, browser: Browser
) -> None:
    administrator = sign_in("administrator")
    form = administrator.visit("/people/new").fields("/people/new")

    page = administrator.send(
        "/people/new",
        form
        | {
            "name": "Dr New Person",
            "email": "New.Person@example.org",
            "organisation": str(people["coordinator"].organisation_id),
            "role": "coordinator",
        },
    )
    code = code_of(page)
    person = session.scalars(select(User).where(User.email == "new.person@example.org")).one()
    assert not person.active
    assert browser.sign_in(person.email, "").status == 401

    choose(browser, code)

    session.refresh(person)
    assert person.active
    assert person.password_hash.startswith("$argon2id$")
    assert browser.sign_in(person.email, CHOSEN).status == 200
    done = list(session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))
    assert {"person_invited", "password_chosen"} <= set(done)
    kept = session.scalars(select(Invitation)).one()
    assert code not in kept.token_sha256


def test_a_link_works_once_and_for_a_week(session: Session, people: People, browser: Browser) -> None:
    _, token = invite(session, people)
    late = clock.now() + timedelta(days=7, minutes=1)

    with pytest.raises(NotFoundError):
        choose_password(session, token, CHOSEN, CHOSEN, at=late)
    form = browser.send("/welcome", {"code": f" {token}\n"}).fields("/welcome/password")
    choose(browser, form["code"])
    for code in (token, "no-such-code", ""):
        assert "does not hold" in browser.send("/welcome", {"code": code}, status=422).text
        assert "does not hold" in choose(browser, code, status=422).text


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("too short", "too short", "12 to 128"),
        ("x" * 129, "x" * 129, "12 to 128"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "too easy"),
        ("new.person@example.org", "new.person@example.org", "too easy"),
        (demo.password(), demo.password(), "too easy"),
        (CHOSEN, CHOSEN + "!", "not the same"),
    ],
)
def test_a_bad_password_is_refused_and_the_link_still_holds(
    session: Session, people: People, browser: Browser, password: str, again: str, said: str
) -> None:
    person, token = invite(session, people)

    page = choose(browser, token, password, again, status=422)

    assert said in page.text
    assert [field.get("value") for field in page.all(".//input[@type='password']")] == [None, None]
    session.refresh(person)
    assert not person.active
    browser.send("/welcome", {"code": token})


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("Transplant-Committee-2026", False),
        ("NewPerson NewPerson 1980", False),
        ("eastgate password 123456789", False),
        ("ahsct and seven more letters", True),
        ("ÿ" * 3 + " äöü " + "ßßß éè", True),
    ],
)
def test_words_that_anybody_would_try_here_count_for_nothing(
    session: Session, people: People, password: str, taken: bool
) -> None:
    person, token = invite(session, people)

    if taken:
        assert choose_password(session, token, password, password) is person
    else:
        with pytest.raises(NotTakenError, match="too easy"):
            choose_password(session, token, password, password)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "coordinator@example.org"}, "already"),
        ({"email": "no address"}, "e-mail address"),
        ({"name": ""}, "missing"),
        ({"role": "neurologist"}, "works for a clinic"),
        ({"role": "sorcerer"}, "cannot be chosen"),
        ({"organisation": "6f1f1f54-4a9b-4c0f-9d52-6c1d5c0f7a11"}, "cannot be chosen"),
    ],
)
def test_an_invitation_that_does_not_fit_is_refused(
    session: Session, people: People, sign_in: SignIn, fields: dict[str, str], said: str
) -> None:
    good = {
        "name": "New Person",
        "email": "new@example.org",
        "organisation": str(people["coordinator"].organisation_id),
        "role": "coordinator",
    }

    page = sign_in("administrator").send("/people/new", good | fields, status=422)

    assert said in page.text
    assert session.scalar(select(func.count()).select_from(Invitation)) == 0


def test_a_delegate_works_for_a_neurologist_of_the_same_clinic(session: Session, people: People) -> None:
    clinic = people["neurologist"].organisation_id

    def invite_for(whom: User | None) -> User:
        person, _ = actions.invite(
            session,
            people["administrator"],
            email="delegate.two@example.org",
            name="Second Delegate",
            role=Role.DELEGATE,
            organisation_id=clinic,
            works_for_id=whom.id if whom else None,
        )
        return person

    for whom in (None, people["other_neurologist"], people["delegate"]):
        with pytest.raises(NotTakenError):
            invite_for(whom)
    assert invite_for(people["neurologist"]).works_for_id == people["neurologist"].id


# Out


def test_who_is_taken_out_of_use_is_out_at_the_next_click(
    session: Session, people: People, sign_in: SignIn
) -> None:
    chair, administrator = sign_in("chair"), sign_in("administrator")
    chair.visit("/inbox")

    administrator.send(f"/people/{people['chair'].id}/end")

    assert chair.visit("/inbox").path == "/sign-in"
    assert chair.sign_in(people["chair"].email).status == 401


def test_a_new_role_ends_the_sessions_of_the_old(session: Session, people: People, sign_in: SignIn) -> None:
    member, administrator = sign_in("committee_member"), sign_in("administrator")
    address = f"/people/{people['committee_member'].id}"
    form = administrator.visit(address).fields(f"{address}/role")

    administrator.send(f"{address}/role", form | {"role": "chair"})

    assert member.visit("/inbox").path == "/sign-in"
    session.refresh(people["committee_member"])
    assert people["committee_member"].role is Role.CHAIR
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "role_changed"))
    assert (entry.detail["before"], entry.detail["role"]) == ("committee_member", "chair")


def test_a_delegate_who_becomes_a_neurologist_works_for_nobody(session: Session, people: People) -> None:
    actions.change_role(session, people["administrator"], people["delegate"].id, role=Role.NEUROLOGIST)
    assert (people["delegate"].role, people["delegate"].works_for_id) == (Role.NEUROLOGIST, None)
    actions.change_role(
        session,
        people["administrator"],
        people["neurologist"].id,
        role=Role.DELEGATE,
        works_for_id=people["delegate"].id,
    )
    assert people["neurologist"].works_for_id == people["delegate"].id


def test_a_reset_takes_the_password_away_at_once_and_old_links_with_it(
    session: Session, people: People, sign_in: SignIn, browser: Browser
) -> None:
    chair, administrator = sign_in("chair"), sign_in("administrator")
    address = f"/people/{people['chair'].id}"
    first = code_of(administrator.send(f"{address}/link"))
    second = code_of(administrator.send(f"{address}/link"))

    assert chair.visit("/inbox").path == "/sign-in"
    assert browser.sign_in(people["chair"].email).status == 401
    choose(browser, first, status=422)
    choose(browser, second)
    assert browser.sign_in(people["chair"].email, CHOSEN).status == 200


def test_who_is_out_of_use_does_not_come_back_through_an_old_link(session: Session, people: People) -> None:
    person, token = invite(session, people)

    actions.disable(session, people["administrator"], person.id)

    with pytest.raises(NotFoundError):
        choose_password(session, token, CHOSEN, CHOSEN)


# Somebody always administers


def test_the_last_administrator_stays(session: Session, people: People, sign_in: SignIn) -> None:
    browser, mine = sign_in("administrator"), people["administrator"]
    actions.disable(session, mine, people["other_administrator"].id)

    browser.send(f"/people/{mine.id}/end", status=409)
    form = browser.visit(f"/people/{mine.id}").fields(f"/people/{mine.id}/role")
    browser.send(f"/people/{mine.id}/role", form | {"role": "auditor"}, status=409)
    browser.send(f"/people/{mine.id}/link", status=409)
    session.refresh(mine)
    assert (mine.active, mine.role) == (True, Role.ADMINISTRATOR)


def test_two_administrators_do_not_remove_one_another(app: Flask, session: Session, people: People) -> None:
    pair = [people["administrator"].id, people["other_administrator"].id]
    with app.app_context():
        engine: Engine = db.engine
    start = Barrier(2)

    def remove(other: int) -> str:
        with app.app_context(), Session(engine) as window:
            actor = window.get_one(User, pair[1 - other])
            window.commit()
            start.wait()
            try:
                actions.disable(window, actor, pair[other])
                window.commit()
            except (ConflictError, ForbiddenError) as refused:
                window.rollback()
                return type(refused).__name__
            return "removed"

    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(remove, range(2)))

    assert sorted(told) in (["ConflictError", "removed"], ["ForbiddenError", "removed"])
    left = select(func.count()).select_from(User).where(User.role == Role.ADMINISTRATOR, User.active)
    assert session.scalar(left) == 1


# Organisations and lists


def test_the_administrator_says_in_which_region_an_organisation_lies(
    session: Session, people: People, sign_in: SignIn
) -> None:
    browser, clinic = sign_in("administrator"), people["neurologist"].organisation
    browser.visit("/organisations")

    page = browser.send(f"/organisations/{clinic.id}", {"name": clinic.name, "region": "  North  of it "})

    session.refresh(clinic)
    assert clinic.region == "North of it"
    assert 'value="North of it"' in page.html
    assert "organisation_placed" in set(session.scalars(select(AuditEntry.deed)))
    browser.send(f"/organisations/{clinic.id}", {"name": clinic.name, "region": "n" * 201}, status=422)
    browser.send(f"/organisations/{clinic.id}", {"name": clinic.name, "region": ""})
    session.refresh(clinic)
    assert clinic.region is None


def test_organisations_are_added_and_renamed_and_no_two_are_called_alike(
    session: Session, people: People, sign_in: SignIn
) -> None:
    browser = sign_in("administrator")

    browser.send("/organisations", {"name": "Third  Clinic", "kind": "clinic"})
    browser.send("/organisations", {"name": "third clinic", "kind": "clinic"}, status=422)
    browser.send("/organisations", {"name": "", "kind": "clinic"}, status=422)
    browser.send("/organisations", {"name": "Fourth", "kind": ""}, status=422)
    added = session.scalars(select(Organisation).where(Organisation.name == "Third Clinic")).one()
    browser.send(f"/organisations/{added.id}", {"name": "Third Neurology"})

    session.refresh(added)
    assert (added.name, added.kind) == ("Third Neurology", OrganisationKind.CLINIC)
    assert set(session.scalars(select(AuditEntry.deed))) >= {"organisation_added", "organisation_renamed"}


def test_people_are_found_without_a_name_in_the_address(people: People, sign_in: SignIn) -> None:
    browser = sign_in("administrator")

    found = browser.send("/people", {"text": "other_chair"})

    assert "1 person found" in found.text
    assert found.path == "/people"
    assert "Nobody was found" in browser.send("/people", {"text": "no such person"}).text


@pytest.mark.parametrize("who", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_administers(session: Session, people: People, sign_in: SignIn, who: Role) -> None:
    browser = sign_in(who)

    browser.visit("/people", status=403)
    browser.send(f"/people/{people['chair'].id}/end", status=403)
    with pytest.raises(ForbiddenError):
        actions.disable(session, people[who], people["chair"].id)
    with pytest.raises(ForbiddenError):
        actions.add_organisation(session, people[who], name="Mine", kind=OrganisationKind.CLINIC)
