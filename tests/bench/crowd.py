"""A programme after ten years, as it is written, table by table: the cases with all that belongs to them."""

from collections.abc import Iterator

from referral.actions import duplicates
from referral.actions.finding import as_kept, words_of
from referral.actions.versions import changes_json
from referral.columns import ring_of
from referral.models import (
    Audience,
    FollowUp,
    Mail,
    Message,
    PersonKey,
    Question,
    Referral,
    ReferralVersion,
    SearchWord,
    StandingVerdict,
    Stay,
    WorkupStep,
)
from referral.workflow import ACCEPTED, OPEN, State
from tests.bench.committee import meet
from tests.bench.invented import DAY, Case, Invented
from tests.bench.putting import Row, put
from tests.bench.trail import write_trail

VERDICTS = ("met", "tested_met", "cannot_say", "not_met")
VISITS = ("day_100", "month_6", "month_12", "year_2")
STEPS = ("heart", "lung_function", "dentist", "hiv", "hbsag", "tuberculosis")


class Crowd(Invented):
    """Everything that is written."""

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
        self.meetings = meet(self)

    def write_trail(self, count: int) -> None:
        """Write so many entries behind those that are there."""
        write_trail(self, count)

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
        first = self.version.snapshot
        snapshots = {1: first, 2: first | {"since": changes_json(first, first)}}  # as it is signed again
        for case in self.cases:
            for number in range(1, 3 if self.chance(15) else 2):
                yield {
                    "id": self.id(),
                    "referral_id": case.id,
                    "version": number,
                    "snapshot": snapshots[number] if case.id in whole else {},
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
        ring = ring_of(self.session)
        for case in self.cases:
            for word in as_kept(ring, words_of(case.number), words_of(case.family, case.given)):
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
        ring = ring_of(self.session)
        for case in self.cases:
            person = f"{case.family} {case.given}".lower()
            for key in duplicates.as_kept(
                ring, (f"name {person} {case.born}", f"number local {case.number}")
            ):
                yield {"referral_id": case.id, "key": key}

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
