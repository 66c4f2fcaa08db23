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
    State.ENTERED_IN_ERROR: "Should never have been there; kept as long as other ended cases.",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: from any of these states, these roles may do this deed.

    ``target`` is where the case is afterwards; ``None`` leaves it where it is. ``past`` is the deed's name in the
    trail. A ``plain`` move is a button and nothing else, or a button and a reason; every other has a page of its own.
    What ``by_clock`` says happens by itself, too, once its time has come.
    """

    deed: str
    past: str
    sources: frozenset[State]
    target: State | None
    roles: frozenset[Role]
    plain: bool = False
    needs_reason: bool = False
    by_clock: bool = False

    @property
    def grave(self) -> bool:
        """Tell whether whoever does it shows once more who they are: it is a signature, or has no way back."""
        return self.deed in GRAVE

    @property
    def words(self) -> str:
        """Say the deed as on a button."""
        return WORDS.get(self.deed) or self.deed.replace("_", " ").capitalize()


WORDS = {
    "list": "Put on an agenda",
    "list_unready": "Put on an agenda unready",
    "unlist": "Take off the agenda",
    "ask": "Ask the clinic",
    "answer": "Answer the question",
    "bring_facts": "Bring new facts",
    "assign": "Change the owner",
    "advise": "Give advice",
    "ask_for_more": "Ask for more information",
    "begin_workup": "Begin the work-up",
    "plan_workup": "Plan the work-up",
    "record_transplant": "Record the transplant",
    "record_follow_up": "Record a visit",
    "correct_transplant": "Correct the transplant",
    "correct_follow_up": "Correct a visit",
}
"""The deeds whose name alone would not tell what the button does."""

GRAVE = frozenset(
    {
        "submit", "answer", "bring_facts", "withdraw",  # the neurologist signs, or takes it back
        "accept", "decline", "advise", "defer", "ask_for_more",  # the committee signs
        "write_letter", "close", "mark_entered_in_error",
    }
)  # fmt: skip
"""Before these deeds a person shows once more who they are, unless they have just done so."""


SENT = frozenset({State.SUBMITTED, State.IN_REVIEW, State.READY})
"""It waits for the programme."""
PARKED = frozenset({State.AWAITING_REPLY, State.DEFERRED})
"""It waits for somebody else, or for a day."""
AFTER_TRANSPLANT = frozenset({State.TRANSPLANTED, State.FOLLOW_UP})
ACCEPTED = AFTER_TRANSPLANT | {State.WORKUP}
OPEN = SENT | PARKED | ACCEPTED | {State.LISTED, State.DECIDED}
"""Sent, and something is still to be done."""
ENDED = frozenset({State.CLOSED, State.WITHDRAWN, State.ENTERED_IN_ERROR})
"""Nothing more is to be done: from here on it is kept as long as its programme has settled."""
CORRECTABLE = frozenset({State.DECIDED, State.DEFERRED, State.WORKUP})
"""A decision stands that a new one may replace."""
DECIDABLE = CORRECTABLE | {State.LISTED}

NEUROLOGIST = frozenset({Role.NEUROLOGIST})
REFERRERS = frozenset({Role.NEUROLOGIST, Role.DELEGATE})
COORDINATOR = frozenset({Role.COORDINATOR})
COMMITTEE = frozenset({Role.COMMITTEE_MEMBER, Role.CHAIR})
CHAIR = frozenset({Role.CHAIR})

_DRAFT, _SUBMITTED, _IN_REVIEW, _READY = (
    frozenset({state}) for state in (State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.READY)
)

MOVES = (
    # The referring clinic writes and sends.
    Move("edit", "draft_saved", _DRAFT | PARKED, None, REFERRERS),
    Move("submit", "submitted", _DRAFT, State.SUBMITTED, NEUROLOGIST),
    Move("answer", "answered", frozenset({State.AWAITING_REPLY}), State.IN_REVIEW, NEUROLOGIST),
    Move("bring_facts", "facts_brought", frozenset({State.DEFERRED}), State.IN_REVIEW, NEUROLOGIST),
    Move(
        "withdraw", "withdrawn", _DRAFT | SENT | PARKED | {State.LISTED, State.WORKUP}, State.WITHDRAWN,
        NEUROLOGIST, plain=True, needs_reason=True,
    ),
    Move(
        "copy_as_new", "copied_as_new", frozenset({State.DECIDED, State.CLOSED, State.WITHDRAWN}), None, REFERRERS,
    ),
    # The coordinator makes it ready.
    Move("start_review", "review_started", _SUBMITTED, State.IN_REVIEW, COORDINATOR, plain=True),
    Move("make_ready", "made_ready", _IN_REVIEW, State.READY, COORDINATOR, plain=True),
    Move("take_back_to_review", "taken_back_to_review", _READY, State.IN_REVIEW, COORDINATOR, plain=True),
    Move("ask", "asked", SENT, State.AWAITING_REPLY, COORDINATOR),
    Move(
        "stop_waiting", "waiting_stopped", frozenset({State.AWAITING_REPLY}), State.IN_REVIEW, COORDINATOR,
        plain=True, needs_reason=True,
    ),
    Move("assign", "assigned", OPEN, None, COORDINATOR),
    Move("write_message", "message_written", OPEN, None, REFERRERS | COORDINATOR | COMMITTEE),
    # The committee reads, meets and decides. Who has drafted a decision does not sign it.
    Move("declare_interest", "interest_declared", SENT | {State.LISTED}, None, COMMITTEE),
    Move("give_opinion", "opinion_given", _IN_REVIEW | _READY | {State.LISTED}, None, COMMITTEE),
    Move("list", "listed", _READY, State.LISTED, COORDINATOR | CHAIR),
    Move("list_unready", "listed_unready", _IN_REVIEW, State.LISTED, CHAIR),
    Move("unlist", "unlisted", frozenset({State.LISTED}), State.READY, COORDINATOR | CHAIR),
    Move("draft_decision", "decision_drafted", DECIDABLE, None, COORDINATOR | COMMITTEE),
    Move("accept", "accepted", DECIDABLE, State.DECIDED, COMMITTEE),
    Move("decline", "declined", DECIDABLE, State.DECIDED, COMMITTEE),
    Move("advise", "advised", DECIDABLE, State.DECIDED, COMMITTEE),
    Move("defer", "deferred", DECIDABLE, State.DEFERRED, COMMITTEE),
    Move("ask_for_more", "more_asked_for", DECIDABLE, State.AWAITING_REPLY, COMMITTEE),
    Move(
        "come_back", "came_back", frozenset({State.DEFERRED}), State.IN_REVIEW, COORDINATOR,
        plain=True, by_clock=True,
    ),
    Move("write_letter", "letter_written", PARKED | ACCEPTED | {State.DECIDED}, None, COORDINATOR),
    # After an acceptance.
    Move("begin_workup", "workup_begun", frozenset({State.DECIDED}), State.WORKUP, COORDINATOR, plain=True),
    Move("plan_workup", "workup_planned", frozenset({State.WORKUP}), None, COORDINATOR),
    Move(
        "record_transplant", "transplant_recorded", frozenset({State.WORKUP}), State.TRANSPLANTED, COORDINATOR,
    ),
    Move(
        "record_follow_up", "follow_up_recorded", AFTER_TRANSPLANT,
        State.FOLLOW_UP, COORDINATOR | REFERRERS,
    ),
    Move("correct_transplant", "transplant_corrected", AFTER_TRANSPLANT, None, COORDINATOR),
    Move(
        "correct_follow_up", "follow_up_corrected", frozenset({State.FOLLOW_UP}), None, COORDINATOR | REFERRERS,
    ),
    Move(
        "close", "closed", PARKED | {State.DECIDED, State.WORKUP, State.TRANSPLANTED, State.FOLLOW_UP},
        State.CLOSED, COORDINATOR, plain=True, needs_reason=True,
    ),
    Move(
        "mark_entered_in_error", "entered_in_error", OPEN, State.ENTERED_IN_ERROR, COORDINATOR,
        plain=True, needs_reason=True,
    ),
)  # fmt: skip


_ROWS = {move.deed: move for move in MOVES}
NEXT = {
    State.DRAFT: "submit",
    State.SUBMITTED: "start_review",
    State.IN_REVIEW: "make_ready",
    State.READY: "list",
    State.LISTED: "draft_decision",
    State.AWAITING_REPLY: "answer",
    State.DEFERRED: "come_back",
    State.DECIDED: "write_letter",
    State.WORKUP: "record_transplant",
    State.TRANSPLANTED: "record_follow_up",
    State.FOLLOW_UP: "record_follow_up",
}
"""The deed that leads onward from a state: what a list of cases calls the next move."""


def moves_for(role: Role, state: State) -> tuple[Move, ...]:
    """List what this role may do with a case in this state."""
    return tuple(move for move in MOVES if state in move.sources and role in move.roles)


def next_move(state: State) -> Move | None:
    """Find the move that leads onward; ``None`` where nothing more is to be done."""
    return _ROWS[NEXT[state]] if state in NEXT else None


def find_move(deed: str) -> Move:
    """Find the row of a deed: each deed has one.

    Raises:
        KeyError: the table has no such deed.

    """
    return _ROWS[deed]


def check_move(deed: str, role: Role, state: State) -> Move:
    """Find the row that allows the deed.

    Raises:
        MoveRefusedError: there is none; the text says what the case allows, in the words of the table.

    """
    move = _ROWS.get(deed)
    if move is not None and state in move.sources and role in move.roles:
        return move
    allowed = ", ".join(move.words.lower() for move in moves_for(role, state)) or "nothing"
    raise MoveRefusedError(
        f"This case is {state.words}: a {role.words} cannot {deed.replace('_', ' ')} it now. "
        f"What a {role.words} can do with it: {allowed}."
    )
