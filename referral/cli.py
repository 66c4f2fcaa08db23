"""The command line: ``flask`` with the commands below."""

import os
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import select

from referral import (
    audit,
    auth,
    cli_attachments,
    cli_audit,
    cli_backup,
    cli_criteria,
    cli_deploy,
    cli_downtime,
    cli_imports,
    cli_keys,
    cli_packet,
    cli_retention,
    cli_scores,
    cli_tick,
    clock,
    database,
)
from referral.actions import duplicates, factors, invitations, people, resealing
from referral.attachments import Store
from referral.errors import ConflictError
from referral.extensions import db
from referral.models import Organisation, OrganisationKind, User
from referral.workflow import Role


def register(app: Flask) -> None:
    """Add our commands to ``flask``."""
    for command in (
        setup,
        add_person,
        end_person,
        reset_second_step,
        *cli_criteria.COMMANDS,
        *cli_packet.COMMANDS,
        *cli_imports.COMMANDS,
        *cli_attachments.COMMANDS,
        *cli_scores.COMMANDS,
        *cli_tick.COMMANDS,
        *cli_audit.COMMANDS,
        *cli_retention.COMMANDS,
        *cli_backup.COMMANDS,
        *cli_deploy.COMMANDS,
        *cli_keys.COMMANDS,
        *cli_downtime.COMMANDS,
    ):
        app.cli.add_command(command)


def _organisation_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--organisation", default="Transplant Programme", show_default=True, help="Its name."),
        click.option(
            "--kind",
            type=click.Choice([kind.value for kind in OrganisationKind]),
            default=OrganisationKind.PROGRAMME.value,
            show_default=True,
            help="What it is, if it is new.",
        ),
    ):
        command = option(command)
    return command


@click.command("setup")
@click.option("--demo", is_flag=True, help="Load invented organisations, people and cases.")
@click.option("--email", envvar="PONS_ADMIN_EMAIL", default="administrator@localhost", show_default=True)
@click.option("--name", envvar="PONS_ADMIN_NAME", default="Administrator", show_default=True)
@_organisation_options
@with_appcontext
def setup(demo: bool, email: str, name: str, organisation: str, kind: str) -> None:
    """Make the tables, the first administrator and, with --demo, something to look at. Runs again unharmed.

    The administrator's password is read from PONS_ADMIN_PASSWORD, or chosen by a link that is printed: once, within a
    week. As long as nobody has chosen one, each run prints another link.
    """
    upgrade()
    database.one_at_a_time(db.session(), "setup")
    if demo:
        load_demonstration()
    duplicates.catch_up(db.session())
    # The owner of the tables is not let into the folder of the application's files; rotating the keys seals them.
    with suppress(PermissionError):
        resealing.seal_files(Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"]))
    administrators = select(User).where(User.role == Role.ADMINISTRATOR).order_by(User.active.desc(), User.id)
    first = db.session.scalar(administrators.limit(1))
    if first is None:
        _add(email, name, Role.ADMINISTRATOR, organisation, kind)
    elif not first.active:
        _print_link(first)
    db.session.commit()


def load_demonstration() -> None:
    """Load the invented people, unless they are there, and say how to sign in as one of them."""
    if find_spec("referral.demo") is None:
        raise click.ClickException("This release has no demonstration. Use the repository.")
    from referral import demo  # only a demonstration needs it

    demo.load(db.session())
    click.echo("Demonstration accounts; every person in them is invented:")
    for account in demo.accounts():
        click.echo(f"  {account.role.replace('_', ' '):17} {account.email}")
    click.echo(f"  the password of all:  {demo.password()}")


@click.command("add-person")
@click.argument("email")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--works-for", metavar="EMAIL", help="The neurologist whom a delegate prepares cases for.")
@_organisation_options
@with_appcontext
def add_person(email: str, name: str, role: str, works_for: str | None, organisation: str, kind: str) -> None:
    """Open an account, and print the link with which its person chooses a password: once, within a week."""
    person = _add(email, name, Role(role), organisation, kind)
    if works_for:
        person.works_for = _person(works_for)
    db.session.commit()


@click.command("end-person")
@click.argument("email")
@with_appcontext
def end_person(email: str) -> None:
    """Take an account out of use; whoever is signed in with it is out at the next click."""
    database.one_at_a_time(db.session(), "administrators")
    person = _person(email)
    try:
        people.take_out(db.session(), person, actor=None)
    except ConflictError as refused:
        raise click.ClickException(str(refused)) from None
    db.session.commit()
    click.echo(f"{person.email} is out of use.")


@click.command("reset-second-step")
@click.argument("email")
@with_appcontext
def reset_second_step(email: str) -> None:
    """Take the second step of signing in away from who has lost it; for the last administrator, who can ask nobody."""
    person = _person(email)
    taken = factors.take_all(db.session(), person, actor=None, at=clock.now())
    db.session.commit()
    click.echo(f"{person.email}: {'taken away, and signed out' if taken else 'there was none'}.")


def _person(email: str) -> User:
    found = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if found is None:
        raise click.ClickException(f"There is no account {email}.")
    return found


def _add(email: str, name: str, role: Role, organisation: str, kind: str) -> User:
    """Open an account, and its organisation where it is new."""
    email = email.strip().lower()
    if db.session.scalar(select(User.id).where(User.email == email)):
        raise click.ClickException(f"There is an account {email} already.")
    place = db.session.scalar(select(Organisation).where(Organisation.name == organisation))
    place = place or Organisation(name=organisation, kind=OrganisationKind(kind))
    given = os.environ.get("PONS_ADMIN_PASSWORD", "") if role is Role.ADMINISTRATOR else ""
    person = User(email=email, name=name, role=role, organisation=place, active=bool(given))
    person.password_hash = _hash(given, person) if given else invitations.no_password()
    db.session.add(person)
    db.session.flush()
    audit.record(db.session(), None, "person_added", person=str(person.id), role=role.value)
    if given:
        click.echo(f"{role.words} {email}, with the password of PONS_ADMIN_PASSWORD")
    else:
        _print_link(person)
    return person


def _hash(given: str, person: User) -> str:
    try:
        invitations.check_password(given, given, person)
    except invitations.NotTakenError as refused:
        raise click.ClickException(f"PONS_ADMIN_PASSWORD: {refused}") from None
    return auth.hash_password(given)


def _print_link(person: User) -> None:
    """Print where a person chooses a password. Only the digest of the link is kept."""
    now = clock.now()
    token = invitations.make_link(db.session(), None, person, now)
    house = current_app.config["HOUSE_URL"].rstrip("/")
    until = clock.local(now + invitations.LINK_HOLDS)
    click.echo(f"{person.role.words} {person.email}: choose a password, once, by {until:%-d %B %Y}:")
    click.echo(f"  {house}/welcome#{token}")
