"""Who sees which case: every role, every state, here and elsewhere."""

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.models import Referral, User
from referral.workflow import Role, State

People = dict[str, User]
NEVER_SENT = (State.DRAFT, State.WITHDRAWN, State.ENTERED_IN_ERROR)


@pytest.fixture
def cases(session: Session, people: People) -> list[Referral]:
    """A case in every state from each clinic to each programme; withdrawn ones also before they were sent."""
    made = []
    wanted = product(State, ("", "other_"), ("", "other_"), (True, False))
    for number, (state, clinic, programme, sent) in enumerate(wanted):
        if (not sent and state not in NEVER_SENT) or (sent and state is State.DRAFT):
            continue
        referrer = people[f"{clinic}neurologist"]
        made.append(
            Referral(
                number=f"P-2026-{number:04}",
                organisation_id=referrer.organisation_id,
                referrer_id=referrer.id,
                programme_id=people[f"{programme}coordinator"].organisation_id,
                state=state,
                submitted_at=clock.now() if sent else None,
            )
        )
    session.add_all(made)
    session.commit()
    return made


def is_for(person: User, case: Referral) -> bool:
    """The rule in plain words, against which the filter is held."""
    if person.role in (Role.NEUROLOGIST, Role.DELEGATE):
        return case.organisation_id == person.organisation_id
    if person.role in (Role.COORDINATOR, Role.COMMITTEE_MEMBER, Role.CHAIR):
        return case.programme_id == person.organisation_id and case.submitted_at is not None
    return False


@pytest.mark.parametrize("who", [f"{there}{role}" for role in Role for there in ("", "other_")])
def test_everybody_sees_what_is_theirs_and_nothing_else(
    session: Session, people: People, cases: list[Referral], who: str
) -> None:
    seen = set(session.scalars(select(Referral.id).where(auth.scope(people[who]))))

    assert seen == {case.id for case in cases if is_for(people[who], case)}
    assert len(seen) < len(cases)
    assert bool(seen) is (people[who].role not in (Role.AUDITOR, Role.ADMINISTRATOR))
