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

    @property
    def meaning(self) -> str:
        """Say what the state means for those who wait."""
        return MEANINGS[self]


MEANINGS = {
    State.DRAFT: "Being written. Only the referring clinic sees it.",
    State.SUBMITTED: "Signed and sent. It waits for the coordinator of the programme.",
    State.IN_REVIEW: "The coordinator is making it ready.",
    State.READY: "Complete for the committee; the packet can be printed.",
    State.LISTED: "On the agenda of a meeting.",
    State.DECIDED: "The committee has answered.",
    State.AWAITING_REPLY: "Parked until a question is answered.",
    State.DEFERRED: "Put off until a day or a fact.",
    State.WORKUP: "Accepted; being worked up.",
    State.TRANSPLANTED: "The transplant has been given.",
    State.FOLLOW_UP: "Followed after the transplant.",
    State.CLOSED: "Nothing more is to be done here.",
    State.WITHDRAWN: "Taken back by the referring clinic.",
    State.ENTERED_IN_ERROR: "Should never have been there; kept because nothing is deleted.",
}


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


STATES_IN_USE = tuple(
    state for state in State if any(state in move.sources or state is move.target for move in MOVES)
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
