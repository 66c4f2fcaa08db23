"""Who works where: organisations, people and their roles, as the administrator keeps them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from referral import audit, auth, clock, database
from referral.actions.invitations import NotTakenError, make_link, no_password, withdraw_links
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.models import Organisation, OrganisationKind, User
from referral.workflow import Role

LONGEST_NAME = 200
PAGE = 50


@dataclass(frozen=True)
class People:
    """One page of the list of people."""

    people: tuple[User, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // PAGE))


def _check_administrator(actor: User) -> None:
    if actor.role is not Role.ADMINISTRATOR or not actor.active:
        raise ForbiddenError("The administrator keeps people and organisations.")


# ---------------------------------------------------------------------------------------- organisations


def organisations(session: Session) -> list[Organisation]:
    """List the organisations: programmes first, by name."""
    by_kind = Organisation.kind.desc()
    return list(session.scalars(select(Organisation).order_by(by_kind, func.lower(Organisation.name))))


def people_by_organisation(session: Session) -> dict[UUID, int]:
    """Count the people in use of each organisation."""
    counted = select(User.organisation_id, func.count()).where(User.active).group_by(User.organisation_id)
    return dict(session.execute(counted).all())


def add_organisation(session: Session, actor: User, *, name: str, kind: OrganisationKind) -> Organisation:
    """Add a clinic or a programme.

    Raises:
        NotTakenError: there is one of this name, or there is no name.

    """
    _check_administrator(actor)
    found = Organisation(name=_free_name(session, name), kind=kind)
    session.add(found)
    session.flush()
    audit.record(session, actor, "organisation_added", organisation=str(found.id), kind=kind.value)
    return found


def rename_organisation(
    session: Session, actor: User, organisation_id: UUID, *, name: str, region: str | None = None
) -> Organisation:
    """Give an organisation another name, or say in which region it lies. What was signed keeps the old name.

    The region is in the house's own words, and only groups the yearly numbers; ``None`` leaves it as it is.
    """
    _check_administrator(actor)
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFoundError("There is no such organisation.")
    if found.name != name.strip():
        found.name = _free_name(session, name, but=found.id)
        session.flush()
        audit.record(session, actor, "organisation_renamed", organisation=str(found.id))
    placed = found.region if region is None else " ".join(region.split()) or None
    if placed != found.region:
        if len(placed or "") > LONGEST_NAME:
            raise NotTakenError("region", f"Give a region of at most {LONGEST_NAME} characters.")
        found.region = placed
        session.flush()
        audit.record(session, actor, "organisation_placed", organisation=str(found.id))
    return found


def _free_name(session: Session, name: str, but: UUID | None = None) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise NotTakenError("name", f"Give a name of at most {LONGEST_NAME} characters.")
    database.one_at_a_time(session, "names of organisations")
    taken = select(Organisation.id).where(func.lower(Organisation.name) == name.lower())
    if session.scalar(taken.where(Organisation.id != but) if but else taken) is not None:
        raise NotTakenError("name", "There is an organisation of this name already.")
    return name


# ----------------------------------------------------------------------------------------------- people


def list_people(session: Session, actor: User, *, text: str = "", page: int = 1) -> People:
    """List people by organisation and name; ``text`` looks in names, addresses and organisations."""
    _check_administrator(actor)
    wanted = select(User).join(Organisation, Organisation.id == User.organisation_id)
    for word in text.split():
        columns = (User.name, User.email, Organisation.name)
        wanted = wanted.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    order = (Organisation.name, ~User.active, User.name)
    found = session.scalars(wanted.order_by(*order).limit(PAGE).offset((page - 1) * PAGE))
    return People(tuple(found), total, page)


def get_person(session: Session, actor: User, person_id: UUID, *, to_change: bool = False) -> User:
    """Fetch a person for the administrator.

    Raises:
        NotFoundError: there is none.

    """
    _check_administrator(actor)
    wanted = select(User).where(User.id == person_id)
    if to_change:
        wanted = database.held(wanted, User)
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError("There is no such person.")
    return found


def neurologists(session: Session) -> list[User]:
    """List those for whom a delegate may work."""
    wanted = select(User).where(User.role == Role.NEUROLOGIST, User.active).order_by(User.name)
    return list(session.scalars(wanted))


def invite(
    session: Session,
    actor: User,
    *,
    email: str,
    name: str,
    role: Role,
    organisation_id: UUID,
    works_for_id: UUID | None = None,
    at: datetime | None = None,
) -> tuple[User, str]:
    """Open an account that cannot be used until its person has chosen a password; give the token of the link.

    Raises:
        NotTakenError: the address has an account, or the role does not fit the organisation.

    """
    _check_administrator(actor)
    email = email.strip().lower()
    database.one_at_a_time(session, f"account {email}")
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise NotTakenError("email", "There is an account of this address already.")
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotTakenError("organisation", "Choose an organisation of the list.")
    _check_fits(role, organisation)
    person = User(
        email=email,
        name=name,
        role=role,
        organisation=organisation,
        password_hash=no_password(),
        active=False,
    )
    person.works_for_id = _whom(session, role, organisation, works_for_id)
    session.add(person)
    session.flush()
    audit.record(
        session,
        actor,
        "person_invited",
        at=at,
        person=str(person.id),
        role=role.value,
        organisation=str(organisation.id),
    )
    return person, make_link(session, actor, person, at or clock.now())


def _check_fits(role: Role, organisation: Organisation) -> None:
    if role in auth.RECEIVERS and organisation.kind is not OrganisationKind.PROGRAMME:
        raise NotTakenError("role", f"A {role.words} works for a transplant programme.")
    if role in auth.REFERRERS and organisation.kind is not OrganisationKind.CLINIC:
        raise NotTakenError("role", f"A {role.words} works for a clinic.")


def _whom(session: Session, role: Role, organisation: Organisation, works_for_id: UUID | None) -> UUID | None:
    """Give whom a delegate works for: a neurologist in use of the same clinic. Others work for nobody."""
    if role is not Role.DELEGATE:
        return None
    whom = session.get(User, works_for_id) if works_for_id else None
    fits = (
        whom is not None
        and whom.role is Role.NEUROLOGIST
        and whom.active
        and whom.organisation_id == organisation.id
    )
    if whom is None or not fits:
        raise NotTakenError(
            "works_for", "Choose the neurologist of the same clinic whom the delegate works for."
        )
    return whom.id


def change_role(
    session: Session, actor: User, person_id: UUID, *, role: Role, works_for_id: UUID | None = None
) -> bool:
    """Give a person another role, or a delegate another neurologist; whoever is signed in is out at once.

    Raises:
        NotTakenError: the role does not fit the organisation.
        ConflictError: nobody would be left to administer.

    """
    person = _hold(session, actor, person_id)
    _check_fits(role, person.organisation)
    whom = _whom(session, role, person.organisation, works_for_id)
    if (person.role, person.works_for_id) == (role, whom):
        return False
    if role is not Role.ADMINISTRATOR:
        _leave_an_administrator(session, person)
    before = person.role
    person.works_for_id = None  # only a delegate may have one: the row is right at every moment
    session.flush()
    person.role = role
    session.flush()
    person.works_for_id = whom
    if before is Role.NEUROLOGIST:
        session.execute(update(User).where(User.works_for_id == person.id).values(works_for_id=None))
    auth.end_sessions(session, person)
    audit.record(
        session,
        actor,
        "role_changed",
        person=str(person.id),
        role=role.value,
        before=before.value,
        works_for=str(whom) if whom else None,
    )
    return True


def disable(session: Session, actor: User, person_id: UUID) -> bool:
    """Take an account out of use; whoever is signed in with it is out at once, and its links hold no longer.

    Raises:
        ConflictError: nobody would be left to administer.

    """
    return take_out(session, _hold(session, actor, person_id), actor=actor)


def take_out(session: Session, person: User, *, actor: User | None) -> bool:
    """Take an account out of use that is held for changing; ``actor`` ``None`` is who keeps the machine.

    Raises:
        ConflictError: nobody would be left to administer.

    """
    database.one_at_a_time(session, "administrators")
    withdraw_links(session, person, clock.now())
    if not person.active:
        return False
    _leave_an_administrator(session, person)
    person.active = False
    auth.end_sessions(session, person)
    audit.record(session, actor, "person_disabled" if actor else "person_ended", person=str(person.id))
    return True


def reset(session: Session, actor: User, person_id: UUID, *, at: datetime | None = None) -> str:
    """Take a person's password away and give the token of a link for another. Old links hold no longer.

    An account that is out of use comes back with it, once its person has chosen a password.

    Raises:
        ConflictError: nobody takes their own password away.

    """
    person, at = _hold(session, actor, person_id), at or clock.now()
    if person.id == actor.id:
        raise ConflictError("Ask another administrator: nobody takes their own password away.")
    person.password_hash = no_password()
    auth.end_sessions(session, person)
    audit.record(session, actor, "password_reset", at=at, person=str(person.id))
    return make_link(session, actor, person, at)


def _hold(session: Session, actor: User, person_id: UUID) -> User:
    """Hold a person for changing; administrators one at a time, so that no two remove one another."""
    database.one_at_a_time(session, "administrators")
    return get_person(session, actor, person_id, to_change=True)


def _leave_an_administrator(session: Session, person: User) -> None:
    if person.role is not Role.ADMINISTRATOR or not person.active:
        return
    others = select(func.count()).select_from(User).where(User.role == Role.ADMINISTRATOR, User.active)
    if not session.scalar(others.where(User.id != person.id)):
        raise ConflictError(
            "This is the last administrator in use: nobody would be left to administer. Invite another first."
        )
