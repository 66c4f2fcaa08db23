"""Sessions and tries at the door, which are of no use any more, are forgotten; what holds and what counts stays."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.actions import sign_on
from referral.actions.forgetting import KEPT, due_sign_ins
from referral.auth.guesses import GUESSES, GUESSES_WITHIN, begin_attempt
from referral.auth.sessions import LONGEST_SESSION
from referral.models import SignInAttempt, SignOnAttempt, User, UserSession

KINDS = (UserSession, SignInAttempt, SignOnAttempt)


def left(session: Session) -> list[int]:
    return [session.scalar(select(func.count()).select_from(kind)) or 0 for kind in KINDS]


def leave_traces(session: Session, person: User) -> None:
    auth.open_session(session, person)
    begin_attempt(session, person.email, "192.0.2.1")
    sign_on.begin(session, "browser")


def test_what_is_over_for_a_day_is_forgotten_and_nothing_else(
    session: Session, people: dict[str, User]
) -> None:
    begun = clock.now()
    leave_traces(session, people["neurologist"])
    session.commit()
    before = left(session)

    assert due_sign_ins(session, begun + KEPT) == 0
    assert left(session) == before

    assert due_sign_ins(session, clock.now() + KEPT + timedelta(seconds=1)) == sum(before)
    assert left(session) == [0, 0, 0]
    assert due_sign_ins(session, clock.now() + KEPT + timedelta(seconds=1)) == 0


def test_nothing_is_forgotten_that_still_holds_or_counts(session: Session, people: dict[str, User]) -> None:
    person = auth.open_session(session, people["neurologist"])
    for _ in range(GUESSES):
        assert begin_attempt(session, "guessed@example.org", "192.0.2.1")

    due_sign_ins(session, clock.now() + max(LONGEST_SESSION, GUESSES_WITHIN, sign_on.HOLDS))

    assert auth.find_session(session, person.get_id())
    assert begin_attempt(session, "guessed@example.org", "192.0.2.2") is None
