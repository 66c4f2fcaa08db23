"""Who may open which page: a mark on each view, read by the guard at the door."""

from collections.abc import Callable
from typing import TypeVar

from referral.workflow import Role

View = TypeVar("View", bound=Callable[..., object])
EVERYBODY: frozenset[Role] = frozenset()  # what a public view says; a view that says nothing has no such mark
REFERRERS = frozenset({Role.NEUROLOGIST, Role.DELEGATE})
RECEIVERS = frozenset({Role.COORDINATOR, Role.COMMITTEE_MEMBER, Role.CHAIR})
OPENERS = RECEIVERS | {Role.NEUROLOGIST}
"""Who may read a case from outside in an emergency: who answers for care, with an account of their own."""
REVIEWERS = frozenset({Role.CHAIR, Role.AUDITOR})
"""Who says afterwards whether there was reason for it."""


def public(view: View) -> View:
    """Let everybody open the view, signed in or not."""
    view.roles = EVERYBODY  # type: ignore[attr-defined]  # a mark on the function
    return view


def requires(*roles: Role) -> Callable[[View], View]:
    """Let people with one of these roles open the view; ``@requires(*Role)`` lets whoever is signed in."""
    if not roles:
        raise TypeError("name the roles: @requires(*Role) for everybody who is signed in, @public for all")

    def mark(view: View) -> View:
        view.roles = frozenset(roles)  # type: ignore[attr-defined]  # a mark on the function
        return view

    return mark


def roles_of(view: object) -> frozenset[Role] | None:
    """Tell who may open a view: ``EVERYBODY``, some roles, or ``None`` where it does not say."""
    return getattr(view, "roles", None)
