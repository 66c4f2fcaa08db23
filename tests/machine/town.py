"""A town in which time goes on: people with sessions, cases on their way, and a clock that a test moves."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, defer

from referral import auth, clock
from referral.models import Meeting, Referral, User
from referral.workflow import State
from tests.matrix.world import FOREIGN, OWN, SAME, People, call, may_see, type_case

AT_ONCE = 14
"""Cases that are on their way at one time; a finished one makes room for another."""
ENDED = (State.CLOSED, State.WITHDRAWN, State.ENTERED_IN_ERROR)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Wall:
    """The clock on the wall, which a test may put forward or back."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def hang(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the one place that reads a clock read this one."""
        wall = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain moment, as the real one gives
                return datetime.now(tz or UTC) + wall.ahead

        monkeypatch.setattr(clock, "datetime", Moved)


@dataclass
class Town:
    """Everybody and everything by id, so that each step reads the database anew."""

    app: Flask
    engine: Engine
    wall: Wall
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    cases: list[UUID] = field(default_factory=list)
    over: list[UUID] = field(default_factory=list)
    meetings: dict[str, list[UUID]] = field(default_factory=lambda: {"": [], "other_": []})
    done: Counter[tuple[str, State]] = field(default_factory=Counter)
    refused: Counter[tuple[str, State]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    made: int = 0

    @contextmanager
    def window(self) -> Iterator[Session]:
        """A transaction as a request has one: what raises in it leaves nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def settle(self, people: People) -> None:
        """Take note of the people and sign all in."""
        self.people = {name: person.id for name, person in people.items()}

    def enter(self, session: Session, who: str) -> User | None:
        """Come in at the door as each request does; whose session ran out signs in again, if the account is in use."""
        token = self.tokens.get(who)
        found = auth.find_session(session, token) if token else None
        if found is not None:
            return found.user
        person = session.get_one(User, self.people[who])
        if not person.active:
            return None
        self.tokens[who] = auth.open_session(session, person).token or ""
        return person

    def open_cases(self, session: Session) -> list[Referral]:
        """The cases on their way, topped up with new drafts."""
        wanted = select(Referral).where(Referral.id.in_(self.cases)).options(defer(Referral.typed))
        found = sorted(session.scalars(wanted), key=lambda case: case.created_at)
        self.over += [case.id for case in found if case.state in ENDED]
        self.cases = [case.id for case in found if case.state not in ENDED]
        return [case for case in found if case.state not in ENDED]

    def new_case(self, session: Session) -> Referral:
        """Type another case: mostly of one's own clinic, now and then of the other one."""
        relation = (OWN, SAME, OWN, SAME, FOREIGN)[self.made % 5]
        self.made += 1
        people = self.in_role(session)
        if relation == SAME and not people["colleague_neurologist"].active:
            relation = OWN
        case = type_case(session, people, f"Quixwort{spell(self.made)}", relation)
        self.cases.append(case.id)
        return case

    def new_meeting(self, session: Session, prefix: str) -> Meeting:
        """Call another meeting of a programme."""
        people = self.in_role(session)
        found = call(session, people, f"{prefix}coordinator", prefix)
        self.meetings[prefix].append(found.id)
        return found

    def in_role(self, session: Session) -> dict[str, User]:
        """Everybody as they are now."""
        rows = session.scalars(select(User).where(User.id.in_(self.people.values())))
        by_id = {row.id: row for row in rows}
        return {name: by_id[id_] for name, id_ in self.people.items()}


def spell(number: int) -> str:
    """A number in letters, since a name has no figures."""
    word = ""
    while number:
        number, rest = divmod(number, 26)
        word += LETTERS[rest]
    return word


def seen_from(person: User, case: Referral) -> bool:
    """Whether a case is there for somebody at this moment."""
    return person.active and may_see(person, case)
