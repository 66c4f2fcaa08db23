"""What may be refused, in words that a person can act on. The web turns each into its own page."""


class PonsError(Exception):
    """A refusal of ours. Its text is shown to people: it says what is wrong and what to do."""


class NotFound(PonsError):
    """What you asked for does not exist, or is not for you. The two look the same."""


class Forbidden(PonsError):
    """Your role may not do this."""


class Conflict(PonsError):
    """The case has moved on: the deed does not fit its state, or somebody else was first."""


class MoveRefused(Conflict):
    """The table of moves has no such move from this state for this role."""
