"""Who is made up for a programme after ten years: people, and cases in every state.

The same each time, but for the ids of people. Only the cases that are opened have a whole snapshot.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from referral import clock
from referral.models import Organisation, OrganisationKind, User
from referral.workflow import Role, State
from tests.bench.house import account, first_version

CLINICS, COORDINATORS, MEMBERS = 30, 6, 6
MEETINGS_AHEAD, ON_AGENDA = 5, 20
DAY = timedelta(days=1)
TEN_YEARS = 3650 * DAY
STATES = {
    State.SUBMITTED: 8,
    State.IN_REVIEW: 8,
    State.READY: 6,
    State.AWAITING_REPLY: 5,
    State.DEFERRED: 6,
    State.DECIDED: 1,
    State.WORKUP: 5,
    State.TRANSPLANTED: 2,
    State.FOLLOW_UP: 10,
    State.CLOSED: 40,
    State.WITHDRAWN: 8,
    State.ENTERED_IN_ERROR: 1,
}
"""Of a hundred cases so many stand there."""
SYLLABLES = ("ash", "bel", "cor", "dun", "el", "far", "gil", "har", "kel", "lor", "nor", "quil", "ros", "wyn")


class Case(NamedTuple):
    """One case: who, where it stands, since when."""

    id: UUID
    number: str
    state: State
    sent_at: datetime
    since: datetime
    referrer: User
    owner: User
    family: str
    given: str
    born: str


class Invented:
    """The people and the cases as they are made up, before anything of them is written."""

    def __init__(self, session: Session, cases: int) -> None:
        self.session, self.now = session, clock.now()
        self.random = Random(5)  # noqa: S311 - invented people, no secrets
        self.coordinator, self.chair = account(session, "okonjo"), account(session, "lindqvist")
        self.programme = self.coordinator.organisation
        self.version = first_version(session)
        self.typed, self.verdicts = self.version.referral.typed, self.version.verdicts
        self.staff()
        self.cases = list(self.invent(cases))
        self.whole = [case for case in self.cases if case.state is State.LISTED] + self.cases[-20:]

    def staff(self) -> None:
        """Open clinics with a neurologist each, and give the programme more people; one coordinator has left."""

        def person(name: str, role: Role, organisation: Organisation) -> User:
            address = f"{name.lower().replace(' ', '.')}@example.org"
            return User(
                email=address,
                name=name,
                role=role,
                organisation=organisation,
                password_hash=self.chair.password_hash,
            )

        clinics = [
            Organisation(name=f"Invented Clinic {n:02}", kind=OrganisationKind.CLINIC) for n in range(CLINICS)
        ]
        self.referrers = [
            person(f"Invented Neurologist {n:02}", Role.NEUROLOGIST, clinic)
            for n, clinic in enumerate(clinics)
        ]
        self.owners = [
            person(f"Invented Coordinator {n}", Role.COORDINATOR, self.programme) for n in range(COORDINATORS)
        ]
        self.owners[-1].active = False
        self.members = [
            person(f"Invented Member {n}", Role.COMMITTEE_MEMBER, self.programme) for n in range(MEMBERS)
        ]
        self.session.add_all([*self.referrers, *self.owners, *self.members])
        self.session.flush()

    def invent(self, count: int) -> Iterator[Case]:
        """Invent the cases, the oldest first, the last sent just now."""
        families = ["".join(parts).capitalize() for parts in product(SYLLABLES, repeat=3)]
        states = self.random.choices(list(STATES), list(STATES.values()), k=count)
        states[: MEETINGS_AHEAD * ON_AGENDA] = [State.LISTED] * min(count, MEETINGS_AHEAD * ON_AGENDA)
        for place, state in enumerate(states):
            sent_at = self.now - TEN_YEARS * ((count - place) / count)
            lost = place % 997 == 0
            yield Case(
                self.id(),
                f"P-{2001 + place // 9000}-{place % 9000 + 1:04}",
                state,
                sent_at,
                sent_at + (self.now - sent_at) * self.random.random(),
                self.random.choice(self.referrers),
                self.owners[-1] if lost else self.random.choice([self.coordinator, *self.owners[:-1]]),
                self.random.choice(families),
                self.random.choice(SYLLABLES).capitalize(),
                f"{self.random.randint(1955, 2005)}-0{self.random.randint(1, 9)}-{self.random.randint(10, 28)}",
            )

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent
