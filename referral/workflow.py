"""Who may move a case from which state to which: one table for buttons, refusals, help page and tests."""

from dataclasses import dataclass
from enum import StrEnum

from referral.errors import MoveRefusedError


class Role(StrEnum):
    """What a person does in the house."""

    NEUROLOGIST = "neurologist"
    DELEGATE = "delegate"
    COORDINATOR = "coordinator"
    COMMITTEE_MEMBER = "committee_member"
    CHAIR = "chair"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def words(self) -> str:
        """Say the role as on a badge."""
        return self.value.replace("_", " ")


class State(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    READY = "ready"
    LISTED = "listed"
    DECIDED = "decided"
    AWAITING_REPLY = "awaiting_reply"
    DEFERRED = "deferred"
    WORKUP = "workup"
    TRANSPLANTED = "transplanted"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    ENTERED_IN_ERROR = "entered_in_error"

    @property
    def words(self) -> str:
        """Say the state as staff do."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: this deed takes a case from any of these states to that one."""

    deed: str
    sources: frozenset[State]
    target: State
    roles: frozenset[Role]

    @property
    def words(self) -> str:
        """Say the deed as on a button."""
        return self.deed.replace("_", " ").capitalize()


SENT = frozenset({State.SUBMITTED, State.IN_REVIEW, State.READY})
NEUROLOGIST = frozenset({Role.NEUROLOGIST})
COORDINATOR = frozenset({Role.COORDINATOR})

MOVES = (
    Move("submit", frozenset({State.DRAFT}), State.SUBMITTED, NEUROLOGIST),
    Move("start_review", frozenset({State.SUBMITTED}), State.IN_REVIEW, COORDINATOR),
    Move("make_ready", frozenset({State.IN_REVIEW}), State.READY, COORDINATOR),
    Move("withdraw", SENT | {State.DRAFT}, State.WITHDRAWN, NEUROLOGIST),
    Move("mark_entered_in_error", SENT, State.ENTERED_IN_ERROR, COORDINATOR),
)


def moves_for(role: Role, state: State) -> tuple[Move, ...]:
    """List what this role may do with a case in this state: its buttons."""
    return tuple(move for move in MOVES if state in move.sources and role in move.roles)


def check_move(deed: str, role: Role, state: State) -> Move:
    """Find the row that allows the deed.

    Raises:
        MoveRefusedError: there is none; the text says what the case allows, in the words of the table.

    """
    for move in MOVES:
        if move.deed == deed and state in move.sources and role in move.roles:
            return move
    allowed = ", ".join(move.words.lower() for move in moves_for(role, state)) or "nothing"
    raise MoveRefusedError(
        f"This case is {state.words}: a {role.words} cannot {deed.replace('_', ' ')} it now. "
        f"What a {role.words} can do with it: {allowed}."
    )
