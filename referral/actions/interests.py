"""Interests: a member says what ties them to a case. Who has a tie stands aside, on record."""

from datetime import datetime

from sqlalchemy.orm import Session

from referral import clock
from referral.actions.moves import move
from referral.actions.opinions import open_if_due
from referral.errors import PonsError
from referral.models import Interest, Referral, Tie, User

LONGEST_WORDS = 2000


class NotDeclaredError(PonsError):
    """A declaration that lacks something. ``field`` names the field of the form."""

    def __init__(self, field: str, message: str) -> None:
        """Keep which field it is."""
        super().__init__(message)
        self.field = field


def read_tie(typed: str) -> Tie:
    """Read which tie was chosen.

    Raises:
        NotDeclaredError: none was.

    """
    if typed not in set(Tie):
        raise NotDeclaredError("tie", "Say what ties you to this case, or that nothing does.")
    return Tie(typed)


def declare(
    session: Session, referral: Referral, tie: Tie, words: str, *, actor: User, at: datetime | None = None
) -> Interest:
    """Declare what ties a member to a case that is held for changing. What was declared before is kept.

    Raises:
        MoveRefusedError: it is not theirs to declare, or not in this state.
        NotDeclaredError: a conflict is not put into words, or in too many.

    """
    words, at = words.strip(), at or clock.now()
    if tie is Tie.CONFLICT and not words:
        raise NotDeclaredError("words", "Say what the conflict is.")
    if len(words) > LONGEST_WORDS:
        raise NotDeclaredError("words", f"Shorten it: at most {LONGEST_WORDS:,} characters.")
    move(session, referral, "declare_interest", actor=actor, at=at, tie=tie.value)
    interest = Interest(referral_id=referral.id, member=actor, declared_at=at, tie=tie, text=words)
    session.add(interest)
    session.flush()
    open_if_due(session, referral, at=at)
    return interest
