"""Handing a draft over: a delegate says that it is ready, the neurologist signs it or goes on writing.

The mark opens and shuts nothing: it puts the draft on top of the neurologist's list. Only a neurologist signs.
"""

from sqlalchemy.orm import Session

from referral import audit, clock
from referral.errors import ConflictError, ForbiddenError
from referral.models import HandOver, Referral, User
from referral.workflow import Role, State


def find_hand_over(session: Session, referral: Referral) -> HandOver | None:
    """Find who handed the draft over, and when; ``None`` where nobody has, or it is a draft no longer."""
    return session.get(HandOver, referral.id) if referral.state is State.DRAFT else None


def hand_over(session: Session, referral: Referral, *, actor: User) -> HandOver:
    """Say that a draft is ready to be signed. Said twice, it stays as it was said first.

    Raises:
        ForbiddenError: this is no delegate, who alone hands over.
        ConflictError: it has been sent already.

    """
    if actor.role is not Role.DELEGATE:
        raise ForbiddenError("A delegate hands a draft over; a neurologist signs it.")
    if referral.state is not State.DRAFT:
        raise ConflictError(
            f"This case is {referral.state.words}: there is nothing to sign. Nothing was changed."
        )
    found = session.get(HandOver, referral.id)
    if found is None:
        found = HandOver(referral_id=referral.id, by=actor, at=clock.now())
        session.add(found)
        audit.record(session, actor, "handed_over_for_signing", referral)
    return found


def take_back(session: Session, referral: Referral, *, actor: User) -> None:
    """Take the mark off: the delegate has more to write, or the neurologist gives the draft back."""
    found = session.get(HandOver, referral.id)
    if found is not None and referral.state is State.DRAFT:
        session.delete(found)
        audit.record(session, actor, "taken_back_from_signing", referral)
