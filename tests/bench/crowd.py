"""A programme after ten years: people, cases in every state with all that belongs to them, meetings, and the trail.

The same each time, but for the ids of people. Only the cases that are opened have a whole snapshot.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions.finding import words_of
from referral.columns import Json
from referral.models import (
    AgendaItem,
    Attendance,
    Audience,
    AuditEntry,
    Decision,
    FollowUp,
    Interest,
    Letter,
    LetterKind,
    Mail,
    Meeting,
    Message,
    Opinion,
    Organisation,
    OrganisationKind,
    Outcome,
    Overall,
    PersonKey,
    Question,
    Referral,
    ReferralVersion,
    SearchWord,
    Specialty,
    StandingVerdict,
    Stay,
    Tie,
    User,
    WorkupStep,
)
from referral.workflow import ACCEPTED, OPEN, Role, State
from tests.bench.house import account, first_version
from tests.bench.putting import Row, put

CLINICS, COORDINATORS, MEMBERS = 30, 6, 6
MEETINGS_AHEAD, ON_AGENDA = 5, 20
READ_OFTEN = 1000
"""How often one of the cases was read."""
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
ANSWERED = ACCEPTED | {State.DECIDED, State.DEFERRED, State.CLOSED}
VERDICTS = ("met", "tested_met", "cannot_say", "not_met")
VISITS = ("day_100", "month_6", "month_12", "year_2")
STEPS = ("heart", "lung_function", "dentist", "hiv", "hbsag", "tuberculosis")
DEEDS = ("case_read",) * 12 + ("packet_read",) * 2 + ("draft_saved",) * 3 + (
    "submitted", "review_started", "made_ready", "message_written", "inbox_read", "signed_in", "meeting_read",
)  # fmt: skip
OF_NO_CASE = ("inbox_read", "signed_in", "meeting_read")
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


class Crowd:
    """Everything that is written, table by table."""

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

    def fill(self) -> None:
        """Write every table but the trail."""
        put(self.session, Referral, map(self.referral, self.cases))
        put(self.session, ReferralVersion, self.versions())
        put(self.session, StandingVerdict, self.standing())
        put(self.session, SearchWord, self.words())
        put(self.session, Stay, self.stays())
        put(self.session, PersonKey, self.keys())
        put(self.session, Question, self.questions())
        put(self.session, Message, self.messages())
        put(self.session, Mail, self.mail())
        put(self.session, WorkupStep, self.workup())
        put(self.session, FollowUp, self.visits())
        put(self.session, Decision, self.decisions())
        put(self.session, Letter, self.letters())
        self.meet()

    # The cases

    def referral(self, case: Case) -> Row:
        waits = case.state in OPEN
        day = self.now + self.random.uniform(-200, 1000) * DAY
        return {
            "id": case.id,
            "number": case.number,
            "organisation_id": case.referrer.organisation_id,
            "referrer_id": case.referrer.id,
            "programme_id": self.programme.id,
            "owner_id": case.owner.id,
            "state": case.state,
            "typed": self.typed,
            "draft_version": 1,
            "saves": {},
            "family_name": case.family,
            "given_name": case.given,
            "birth_date": case.born,
            "waiting_since": case.sent_at,
            "created_at": case.sent_at,
            "updated_at": case.since,
            "submitted_at": case.sent_at,
            "next_change_on": day.date().isoformat() if waits and self.chance(70) else None,
            "demonstration": False,
        }

    def versions(self) -> Iterator[Row]:
        whole = {case.id for case in self.whole}
        for case in self.cases:
            for number in range(1, 3 if self.chance(15) else 2):
                yield {
                    "id": self.id(),
                    "referral_id": case.id,
                    "version": number,
                    "snapshot": self.version.snapshot if case.id in whole else {},
                    "snapshot_sha256": "0" * 64,
                    "verdicts": self.verdicts,
                    "signed_by_id": case.referrer.id,
                    "signed_at": case.sent_at,
                }

    def standing(self) -> Iterator[Row]:
        for case in self.cases:
            for edition in self.verdicts:
                yield {
                    "referral_id": case.id,
                    "edition": edition,
                    "verdict": self.random.choices(VERDICTS, (5, 20, 25, 50))[0],
                }

    def words(self) -> Iterator[Row]:
        for case in self.cases:
            for word in words_of(case.number, case.family, case.given):
                yield {"referral_id": case.id, "word": word}

    def stays(self) -> Iterator[Row]:
        for case in self.cases:
            before = (State.SUBMITTED, State.IN_REVIEW, State.READY)[: self.random.randint(1, 3)]
            step = (case.since - case.sent_at) / len(before)
            for count, state in enumerate(before):
                yield {
                    "referral_id": case.id,
                    "state": state,
                    "began_at": case.sent_at + count * step,
                    "ended_at": case.sent_at + (count + 1) * step,
                }
            yield {"referral_id": case.id, "state": case.state, "began_at": case.since, "ended_at": None}

    def keys(self) -> Iterator[Row]:
        for case in self.cases:
            person = f"{case.family} {case.given}".lower()
            yield {"referral_id": case.id, "key": f"name {person} {case.born}"}
            yield {"referral_id": case.id, "key": f"number local {case.number}"}

    def questions(self) -> Iterator[Row]:
        for case in self.cases:
            waits = case.state is State.AWAITING_REPLY
            if waits or self.chance(10):
                yield {
                    "id": self.id(),
                    "referral_id": case.id,
                    "asked_by_id": case.owner.id,
                    "asked_at": case.since,
                    "items": [],
                    "text": "Please send the last report.",
                    "remind_at": self.now + self.random.random() * 14 * DAY if waits else None,
                    "reminders": 1,
                    "closed_at": None if waits else case.since,
                    "closed_by_id": None if waits else case.referrer.id,
                }

    def messages(self) -> Iterator[Row]:
        for case in self.cases:
            if self.chance(40):
                yield {
                    "id": self.id(),
                    "referral_id": case.id,
                    "author_id": case.owner.id,
                    "at": case.since,
                    "audience": Audience.BOTH,
                    "text": "It has been read, and it is being made ready.",
                }

    def mail(self) -> Iterator[Row]:
        for count, case in enumerate(self.cases):
            lost = count % 5000 == 1
            yield {
                "id": self.id(),
                "occasion": f"sent {case.id}",
                "to_user_id": case.referrer.id,
                "referral_id": case.id,
                "subject": f"A case has arrived: referral {case.number}",
                "body": "It has arrived.",
                "made_at": case.sent_at,
                "next_try_at": case.sent_at,
                "tries": 7 if lost else 1,
                "sent_at": None if lost else case.sent_at,
                "given_up_at": case.sent_at if lost else None,
            }

    def workup(self) -> Iterator[Row]:
        for case in self.cases:
            if case.state in ACCEPTED:
                for item in STEPS:
                    done = case.state is not State.WORKUP or self.chance(90)
                    due = self.now + self.random.uniform(-20, 60) * DAY
                    yield {
                        "id": self.id(),
                        "referral_id": case.id,
                        "item": item,
                        "words": item.replace("_", " ").capitalize(),
                        "owner_id": case.owner.id,
                        "due_on": due.date().isoformat(),
                        "done_on": case.since.date().isoformat() if done else None,
                        "note": "",
                    }

    def visits(self) -> Iterator[Row]:
        for case in self.cases:
            if case.state in (State.TRANSPLANTED, State.FOLLOW_UP):
                for count, visit in enumerate(VISITS):
                    due = case.since + (count + 1) * 180 * DAY
                    done = due < self.now and self.chance(98)
                    yield {
                        "id": self.id(),
                        "referral_id": case.id,
                        "visit": visit,
                        "due_on": due.date().isoformat(),
                        "facts": {},
                        "recorded_by_id": case.owner.id if done else None,
                        "recorded_at": due if done else None,
                    }

    # The committee

    def decisions(self) -> Iterator[Row]:
        self.decided = [(self.id(), case) for case in self.cases if case.state in ANSWERED]
        for id_, case in self.decided:
            deferred = case.state is State.DEFERRED
            yield {
                "id": id_,
                "referral_id": case.id,
                "version": 1,
                "snapshot_sha256": "0" * 64,
                "outcome": Outcome.DEFERRED if deferred else Outcome.ACCEPTED,
                "reasons": {},
                "editions": dict.fromkeys(self.verdicts, "0" * 64),
                "took_part": {},
                "text": "As discussed.",
                "conditions": "",
                "decided_on": case.since.date().isoformat(),
                "comes_back_on": (self.now + 90 * DAY).date().isoformat() if deferred else None,
                "drafted_by_id": case.owner.id,
                "drafted_at": case.since,
                "draft_version": 1,
                "signed_by_id": self.chair.id,
                "signed_at": case.since,
            }

    def letters(self) -> Iterator[Row]:
        for id_, case in self.decided:
            yield {
                "id": self.id(),
                "referral_id": case.id,
                "decision_id": id_,
                "kind": LetterKind.REFERRER,
                "body": "Dear colleague",
                "written_by_id": case.owner.id,
                "written_at": case.since,
                "held_until": case.since,
                "released_at": case.since,
            }

    def meet(self) -> None:
        """Hold a meeting for every twenty cases that were decided, and call those whose agenda is full."""
        listed = [case for case in self.cases if case.state is State.LISTED]
        decided = [case for _, case in self.decided]
        agendas = [decided[n : n + ON_AGENDA] for n in range(0, len(decided), ON_AGENDA)]
        ahead = [listed[n : n + ON_AGENDA] for n in range(0, len(listed), ON_AGENDA)]
        held = [(self.id(), cases[-1].since, cases, True) for cases in agendas]
        called = [
            (self.id(), self.now + (count + 1) * 14 * DAY, cases, False) for count, cases in enumerate(ahead)
        ]
        self.meetings = [id_ for id_, *_ in called]
        put(self.session, Meeting, (self.meeting(id_, at, over) for id_, at, _, over in held + called))
        put(
            self.session,
            Attendance,
            (row for id_, _, _, over in held + called for row in self.came(id_, over)),
        )
        put(
            self.session,
            AgendaItem,
            (
                self.item(id_, place, case, over)
                for id_, _, cases, over in held + called
                for place, case in enumerate(cases, 1)
            ),
        )
        put(self.session, Interest, (self.interest(case, who) for case in listed for who in self.members))
        put(self.session, Opinion, (self.opinion(case, who) for case in listed for who in self.members[1:]))

    def meeting(self, id_: UUID, at: datetime, over: bool) -> Row:
        return {
            "id": id_,
            "programme_id": self.programme.id,
            "starts_at": at,
            "place": "Seminar room",
            "quorum": {"neurology": 1, "haematology": 1},
            "called_by_id": self.coordinator.id,
            "called_at": min(at, self.now),
            "opened_at": at if over else None,
            "closed_at": at if over else None,
        }

    def came(self, meeting: UUID, over: bool) -> Iterator[Row]:
        for count, member in enumerate(self.members):
            yield {
                "meeting_id": meeting,
                "user_id": member.id,
                "specialty": (Specialty.NEUROLOGY, Specialty.HAEMATOLOGY)[count % 2],
                "attended": True if over else None,
            }

    def item(self, meeting: UUID, place: int, case: Case, over: bool) -> Row:
        return {
            "meeting_id": meeting,
            "referral_id": case.id,
            "version": 1,
            "position": place,
            "added_at": case.since,
            "added_by_id": self.coordinator.id,
            "late": False,
            "left_at": case.since if over else None,
        }

    def interest(self, case: Case, member: User) -> Row:
        return {
            "referral_id": case.id,
            "member_id": member.id,
            "declared_at": self.now,
            "tie": Tie.CONFLICT if self.chance(3) else Tie.NONE,
            "text": "",
        }

    def opinion(self, case: Case, member: User) -> Row:
        return {
            "id": self.id(),
            "referral_id": case.id,
            "version": 1,
            "member_id": member.id,
            "given_at": self.now,
            "overall": Overall.IN_FAVOUR,
            "criteria": {},
            "text": "Read with care. " * 20,
        }

    # The trail

    def write_trail(self, count: int) -> None:
        """Write so many entries, chained as :mod:`referral.audit` chains them, behind those that are there."""
        connection = self.session.connection()
        key = connection.get_execution_options()["audit_key"]
        last, digest = self.session.execute(
            select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)
        ).one()
        put(self.session, AuditEntry, self.entries(count, last, digest or "", key))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SELECT setval('audit_entry_id_seq', (SELECT max(id) FROM audit_entry))"
            )

    def entries(self, count: int, last: int, digest: str, key: str) -> Iterator[Row]:
        people = [*self.referrers, *self.owners, *self.members, self.coordinator, self.chair]
        ids, cases = [each.id for each in people], [case.id for case in self.cases]
        often = self.whole[-1].id
        plain = Json()
        for number in range(1, count + 1):
            deed = self.random.choice(DEEDS)
            detail = {"state": "submitted"} if deed == "case_read" else {}
            referral_id = None if deed in OF_NO_CASE else self.random.choice(cases)
            if deed == "case_read" and number * READ_OFTEN % count < READ_OFTEN:
                referral_id = often
            entry = audit.Link(
                last + number,
                self.now - TEN_YEARS * ((count - number) / count),
                self.random.choice(ids),
                deed,
                referral_id,
                plain.process_bind_param(detail, self.session.get_bind().dialect),
                None,
            )
            digest = entry.seal(key, digest)
            yield {
                "id": entry.id,
                "at": entry.at,
                "actor_id": entry.actor_id,
                "deed": deed,
                "referral_id": referral_id,
                "detail": detail,
                "digest": digest,
            }
