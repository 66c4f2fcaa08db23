"""Who you are and what you may see: passwords, sessions kept on the server, roles, the scope of a person."""

from referral.auth.frequent import is_frequent
from referral.auth.guesses import GUESSES, GUESSES_FROM_ADDRESS, GUESSES_WITHIN, begin_attempt
from referral.auth.passwords import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    find_user_by_password,
    hash_password,
    renew_hash,
)
from referral.auth.reach import holds, openable, scope, scope_of_deleted
from referral.auth.roles import (
    EVERYBODY,
    OPENERS,
    RECEIVERS,
    REFERRERS,
    REVIEWERS,
    public,
    requires,
    roles_of,
)
from referral.auth.sessions import LONGEST_PAUSE, LONGEST_SESSION, end_sessions, find_session, open_session

__all__ = [
    "EVERYBODY",
    "GUESSES",
    "GUESSES_FROM_ADDRESS",
    "GUESSES_WITHIN",
    "LONGEST_PASSWORD",
    "LONGEST_PAUSE",
    "LONGEST_SESSION",
    "OPENERS",
    "RECEIVERS",
    "REFERRERS",
    "REVIEWERS",
    "SHORTEST_PASSWORD",
    "begin_attempt",
    "end_sessions",
    "find_session",
    "find_user_by_password",
    "hash_password",
    "holds",
    "is_frequent",
    "open_session",
    "openable",
    "public",
    "renew_hash",
    "requires",
    "roles_of",
    "scope",
    "scope_of_deleted",
]
