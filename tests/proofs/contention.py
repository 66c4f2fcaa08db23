"""Contests: several people do the same at the same moment, over the network, and exactly one of them has done it."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from referral.models import AuditEntry, Referral, ReferralVersion
from referral.workflow import State
from tests.machine.checker import must
from tests.proofs.caller import Answer, Caller
from tests.proofs.ground import Ground
from tests.proofs.invariants import Invariants

NEW_DRAFTS, TURNS = 3, 3
"""On one case: how often its draft is written at once, and how often what goes back and forth is contested."""
SUBMIT_EVERY = 6
"""Each so many cases one is signed and sent over the network as well: each prints a packet, which takes seconds."""
BY_ITSELF = {"Pons-Autosave": "1"}
WRITERS = ("neurologist", "delegate")
KEEPERS = ("coordinator", "colleague_coordinator")
SIGNERS = ("chair", "colleague_chair", "committee_member", "colleague_member")


@dataclass
class Tally:
    """What was contested, and how it ended."""

    acts: Counter[str] = field(default_factory=Counter)
    contests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, answers: list[Answer]) -> None:
        with self.lock:
            self.contests[kind] += 1
            self.acts[kind] += len(answers)
            self.statuses.update(answer.status for answer in answers)

    @property
    def total(self) -> int:
        return self.acts.total()


def together(acts: list[Callable[[], Answer]]) -> list[Answer]:
    """Do all of it at one moment."""
    start = threading.Barrier(len(acts))

    def do(act: Callable[[], Answer]) -> Answer:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(do, acts))


@dataclass
class Arena:
    """One place where people contend: their tabs, and the cases that they contend for."""

    ground: Ground
    callers: Mapping[str, Caller]
    tally: Tally

    # ------------------------------------------------------------------------------ what everything rests on

    def contend(self, kind: str, acts: list[Callable[[], Answer]], won: int = 303) -> list[Answer]:
        """Let them contend, and expect one who has won, and of everybody else that they are told so."""
        answers = together(acts)
        self.tally.add(kind, answers)
        told = sorted(answer.status for answer in answers)
        must(told == [won] + [409] * (len(acts) - 1), f"{kind}: answered {told}")
        return answers

    def tabs(self, *people: str, each: int = 2) -> list[Caller]:
        return [self.callers[who].tab() for who in people for _ in range(each)]

    def deeds(self, case: UUID, deed: str) -> int:
        """How often the trail says that something was done to a case."""
        with self.ground.window() as session:
            told = select(func.count()).where(AuditEntry.referral_id == case, AuditEntry.deed == deed)
            return session.scalar(told) or 0

    def expect(self, case: UUID, state: State) -> None:
        with self.ground.window() as session:
            found = session.get_one(Referral, case).state
        must(found is state, f"the case is {found.words}, and {state.words} was won")

    # ------------------------------------------------------------------------------ drafts

    def save(self, case: UUID, times: int) -> None:
        """The same section from four tabs: one is kept, word for word, and nobody overwrites it unseen."""
        path = f"/referrals/{case}/edit/request"
        tabs = self.tabs(*WRITERS)
        for turn in range(times):
            form = tabs[0].get(path).fields(path)
            typed = [f"Question {turn} of tab {number}" for number in range(len(tabs))]
            before = self.kept(case)[1]
            answers = self.contend(
                "saving from two tabs",
                [
                    partial(
                        tab.post,
                        path,
                        {**form, "csrf_token": tab.token, "question": words},
                        headers=BY_ITSELF,
                    )
                    for tab, words in zip(tabs, typed, strict=True)
                ],
                won=200,
            )
            winner = [answer.status for answer in answers].index(200)
            kept, version = self.kept(case)
            must(kept == [typed[winner]], "what the winner has typed is not what is kept")
            must(version == before + 1, f"saved once, and counted {version - before} times")

    def kept(self, case: UUID) -> tuple[list[str], int]:
        with self.ground.window() as session:
            found = session.get_one(Referral, case, populate_existing=True)
            return found.typed["request"]["question"], found.draft_version

    def submit(self, case: UUID) -> None:
        """The same signature sent three times: the case is sent once, and nobody is told that it failed."""
        path = f"/referrals/{case}/submission"
        tabs = self.tabs("neurologist", each=3)
        form = tabs[0].get(path).fields(path) | {"declared": "yes", "reason": "The committee should see it."}
        answers = together([partial(tab.post, path, form) for tab in tabs])
        self.tally.add("the same submit sent again", answers)
        must([answer.status for answer in answers] == [303] * len(tabs), "a valid submit was refused")
        with self.ground.window() as session:
            versions = select(func.count()).where(ReferralVersion.referral_id == case)
            must(session.scalar(versions) == 1, "sent more than once")
        must(self.deeds(case, "submitted") == 1, "the trail says that it was sent more than once")

    # ------------------------------------------------------------------------------ a case on its way

    def move(self, case: UUID, deed: str, past: str, target: State) -> None:
        """The same button by two coordinators with two tabs each."""
        before = self.deeds(case, past)
        path = f"/referrals/{case}/moves/{deed}"
        self.contend("the same move", [partial(tab.post, path) for tab in self.tabs(*KEEPERS)])
        must(self.deeds(case, past) == before + 1, f"{past} stands {self.deeds(case, past) - before} times")
        self.expect(case, target)

    def assign(self, case: UUID, times: int) -> None:
        """Two coordinators give the same case away at once: it becomes somebody's once."""
        tabs = self.tabs(*KEEPERS)
        for _ in range(times):
            with self.ground.window() as session:
                seen = session.get_one(Referral, case, populate_existing=True).owner_id
            ids = [self.ground.people[who] for who in KEEPERS]
            new = ids[0] if seen != ids[0] else ids[1]
            form = {"case": str(case), "owner": str(new), f"seen-{case}": str(seen or ""), "confirmed": "yes"}
            before = self.deeds(case, "assigned")
            answers = together([partial(tab.post, "/inbox/assign", form) for tab in tabs])
            self.tally.add("giving a case to somebody", answers)
            must({answer.status for answer in answers} == {303}, "assigning was answered otherwise")
            must(self.deeds(case, "assigned") == before + 1, "assigned twice, or not at all")

    def list(self, case: UUID, times: int) -> None:
        """On the agenda and off it, by coordinators and the chair."""
        tabs = [*self.tabs("coordinator"), *self.tabs("colleague_coordinator", "chair", each=1)]
        form = {"meeting": str(self.ground.meeting)}
        path = f"/referrals/{case}/agenda"
        for turn in range(times):
            if turn:
                self.contend("off the agenda", [partial(tab.post, f"{path}/removal") for tab in tabs])
                self.expect(case, State.READY)
            self.contend("on the agenda", [partial(tab.post, path, form) for tab in tabs])
            self.expect(case, State.LISTED)

    def decide(self, case: UUID, times: int) -> None:
        """The draft of a decision by four at once, then its signature by four at once."""
        address = f"/referrals/{case}/decision"
        tabs = [*self.tabs("coordinator", each=1), *self.tabs("colleague_coordinator", each=3)]
        said = {"outcome": "advice_given", f"member.{self.ground.people['chair']}": "yes"}
        said[f"specialty.{self.ground.people['chair']}"] = "neurology"
        for turn in range(times):
            form = tabs[0].get(f"{address}/edit").fields(address) | said
            self.contend(
                "writing a decision down",
                [
                    partial(
                        tab.post, address, {**form, "csrf_token": tab.token, "text": f"Said {turn}.{number}."}
                    )
                    for number, tab in enumerate(tabs)
                ],
            )
        seen = self.callers["chair"].get(address).hidden("seen")
        signature = {"seen": seen, "initials": "AQ", "birth_year": "1980", "confirmed": "yes"}
        self.contend(
            "signing a decision",
            [partial(tab.post, f"{address}/signature", signature) for tab in self.tabs(*SIGNERS, each=1)],
        )
        self.expect(case, State.DECIDED)

    # ------------------------------------------------------------------------------ round after round

    def round(self, number: int) -> None:
        """One draft that is written, now and then sent; one case from its arrival to its decision."""
        draft = self.ground.case(State.DRAFT)
        self.save(draft, TURNS)
        if number % SUBMIT_EVERY == 0:
            self.submit(draft)
        case = self.ground.case(State.SUBMITTED)
        self.move(case, "start_review", "review_started", State.IN_REVIEW)
        self.move(case, "make_ready", "made_ready", State.READY)
        for _ in range(TURNS):
            self.move(case, "take_back_to_review", "taken_back_to_review", State.IN_REVIEW)
            self.move(case, "make_ready", "made_ready", State.READY)
        self.assign(case, TURNS)
        self.list(case, TURNS)
        self.decide(case, NEW_DRAFTS)


def sign_in(ground: Ground, port: int) -> dict[str, Caller]:
    """Sign everybody in who contends: anew for each round, since what cannot be undone asks for a fresh proof."""
    people = sorted({*WRITERS, *KEEPERS, *SIGNERS})
    return {
        who: Caller(port, address=f"192.0.2.{place}").sign_in(ground.email(who))
        for place, who in enumerate(people, 1)
    }


def contend(ground: Ground, port: int, acts: int, arenas: int = 2) -> tuple[Tally, dict[str, int]]:
    """Contend in several arenas at once until so many acts are done; then look at everything there is."""
    tally, numbers = Tally(), iter(range(10**6))

    def fight(_: int) -> None:
        while tally.total < acts:
            with tally.lock:
                number = next(numbers)
            Arena(ground, sign_in(ground, port), tally).round(number)

    with ThreadPoolExecutor(arenas) as threads:
        list(threads.map(fight, range(arenas)))
    must(not any(status >= 500 for status in tally.statuses), f"answered {dict(tally.statuses)}")
    return tally, Invariants().check_all(ground)
