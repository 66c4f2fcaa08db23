"""What may be refused, in words that a person can act on. The web turns each into its own page."""


class PonsError(Exception):
    """A refusal of ours. Its text is shown to people: it says what is wrong and what to do."""


class NotFoundError(PonsError):
    """What you asked for does not exist, or is not for you. The two look the same."""


class ForbiddenError(PonsError):
    """Your role may not do this."""


class ConflictError(PonsError):
    """The case has moved on: the deed does not fit its state, or somebody else was first."""


class TooMuchError(PonsError):
    """More was asked for in a short time than one person is given."""


class MoveRefusedError(ConflictError):
    """The table of moves has no such move from this state for this role."""
