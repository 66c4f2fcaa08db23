"""People who write while processes are ended without a word: what was acknowledged to them is there afterwards.

Each act carries a mark. Whoever is told that it is done notes the mark; who is told nothing tries again.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from referral.errors import PonsError
from referral.keeping.archive import unpack
from referral.models import Attachment, Decision, Message, Outcome, Referral, ReferralVersion
from referral.workflow import State
from tests.attachments.made import pdf
from tests.machine.checker import must
from tests.matrix.deeds import lay_draft
from tests.proofs.caller import Answer, Caller
from tests.proofs.ground import Ground
from tests.proofs.invariants import Invariants
from tests.proofs.processes import command, family
from tests.proofs.server import ROOT, Server
from tests.stores import Server as Database

PRINTER, CAGE = "referral.printing.worker", "referral.caged "
LONGEST_WAIT = 120
SIGN_IN_EVERY = 40
"""Acts of one person: what cannot be undone asks for a fresh proof of who it is."""


@dataclass
class Told:
    """What people were told is done, by mark."""

    messages: set[str] = field(default_factory=set)
    saves: dict[UUID, int] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    sent: set[UUID] = field(default_factory=set)
    signed: set[UUID] = field(default_factory=set)
    broken_off: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        saves = sum(self.saves.values())
        return {"messages": len(self.messages), "saves": saves, "files": len(self.files),
                "cases sent": len(self.sent), "decisions signed": len(self.signed)}  # fmt: skip


class Writer(threading.Thread):
    """One of the clinic, with a session of their own, who does one act after another."""

    def __init__(self, ground: Ground, port: int, number: int, told: Told) -> None:
        super().__init__(daemon=True)
        self.ground, self.port, self.told = ground, port, told
        self.chance = Random(number)  # noqa: S311  # no secret
        self.address = f"192.0.2.{number + 1}"
        self.over, self.doing, self.failure = False, "", ""
        self.callers: dict[str, Caller] = {}
        self.case, self.draft = ground.case(State.IN_REVIEW), ground.case(State.DRAFT)
        self.opened, self.fields = "", dict[str, object]()

    def run(self) -> None:
        kinds = ("message", "save", "message", "save", "upload", "submit", "sign")
        turn = self.chance.randrange(len(kinds))
        while not self.over:
            turn += 1
            if turn % SIGN_IN_EVERY == 0:
                self.callers.clear()
            self.doing = kinds[turn % len(kinds)]
            try:
                getattr(self, self.doing)()
            except (OSError, HTTPException, DBAPIError):
                self.told.broken_off[self.doing] += 1
                time.sleep(0.05)
            except Exception as failure:
                self.failure = repr(failure)
                return
        self.doing = ""

    def caller(self, who: str) -> Caller:
        if who not in self.callers:
            caller = Caller(self.port, address=self.address, timeout=LONGEST_WAIT)
            self.callers[who] = caller.sign_in(self.ground.email(who))
        return self.callers[who]

    def done(self, answer: Answer, what: str, *right: int) -> bool:
        """Whether it is acknowledged. While the database is away an act may fail, and must say so."""
        if answer.status not in right and answer.status < 500:
            self.told.refused.append(f"{what}: {answer.status}")
        self.told.broken_off[what] += answer.status >= 500
        return answer.status in right

    def page(self, who: str, path: str) -> Answer:
        """Open a page. Who is told that it cannot be shown just now has opened none."""
        answer = self.caller(who).get(path)
        if answer.status >= 500:
            raise ConnectionError(f"answered {answer.status}")
        return answer

    def again(self, what: str, act: Callable[[], Answer]) -> bool:
        """Try the same again until it is answered, as somebody does who was told nothing."""
        while not self.over:
            with suppress(OSError, HTTPException):
                answer = act()
                if answer.status < 500:
                    return self.done(answer, what, 303)
            self.told.broken_off[what] += 1
            time.sleep(0.05)
        return False

    # ------------------------------------------------------------------------------ acts

    def message(self) -> None:
        mark = f"Mark {uuid4().hex}"
        form = {"text": mark, "audience": "both", "fact": ""}
        if self.done(
            self.caller("neurologist").post(f"/referrals/{self.case}/message", form), "message", 303
        ):
            self.told.messages.add(mark)

    def save(self) -> None:
        path = f"/referrals/{self.draft}/edit/request"
        caller = self.caller("neurologist")
        form = self.page("neurologist", path).fields(path)
        number = self.told.saves.get(self.draft, 0) + 1
        answer = caller.post(path, form | {"question": f"Question {number}"}, headers={"Pons-Autosave": "1"})
        if self.done(answer, "save", 200):
            self.told.saves[self.draft] = number

    def upload(self) -> None:
        content = pdf(1, unique=self.chance.randrange(10**9))
        caller, path = self.caller("neurologist"), f"/referrals/{self.draft}/files"
        form = {"kind": "letter", "dated": ""}
        answer = caller.post(path, form, files={"files": ("letter.pdf", content)})
        listed = self.done(
            answer, "upload", 303, 422
        )  # 422: the cage was ended, and the page says that it was not read
        if listed and answer.status == 303:
            self.told.files.add(sha256(content).hexdigest())

    def submit(self) -> None:
        case = self.ground.case(State.DRAFT)
        path, caller = f"/referrals/{case}/submission", self.caller("neurologist")
        form = self.page("neurologist", path).fields(path) | {
            "declared": "yes",
            "reason": "The committee should see it.",
        }
        if self.again("submit", lambda: caller.post(path, form)):
            self.told.sent.add(case)

    def sign(self) -> None:
        case = self.ground.case(State.LISTED)
        with self.ground.window() as session:
            world = self.ground.world(session)
            lay_draft(session, session.get_one(Referral, case), Outcome.ACCEPTED, world.people["coordinator"])
        path, caller = f"/referrals/{case}/decision", self.caller("chair")
        seen = self.page("chair", path).hidden("seen")
        form = {"seen": seen, "initials": "AQ", "birth_year": "1980", "confirmed": "yes"}
        if self.done(caller.post(f"{path}/signature", form), "sign", 303):
            self.told.signed.add(case)


@dataclass
class Killer:
    """Who ends processes, and looks how long it takes until people are answered again."""

    ground: Ground
    server: Server
    told: Told
    chance: Random
    database: Database | None = None
    kills: Counter[str] = field(default_factory=Counter)
    meanwhile: Counter[str] = field(default_factory=Counter)
    back: list[float] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    @property
    def ways(self) -> Mapping[str, Callable[[], bool]]:
        of_all = {
            "a worker": self.kill_worker, "the master": self.kill_master, "master and workers": self.kill_all,
            "a printer": lambda: self.kill_helper(PRINTER), "a cage": lambda: self.kill_helper(CAGE),
            "a backup": self.kill_backup,
        }  # fmt: skip
        if self.database is not None:
            of_all |= {"a backend of PostgreSQL": self.kill_backend, "PostgreSQL": self.kill_database}
        return of_all

    def kill(self, way: str, writers: list[Writer]) -> bool:
        """End something, and wait until a page that reads the database is answered again."""
        time.sleep(self.chance.uniform(0.1, 0.9))
        doing = [writer.doing for writer in writers if writer.doing]
        before = set(family(self.server.process.pid))
        began = time.monotonic()
        if not self.ways[way]():
            return False
        self.meanwhile.update(doing)
        self.kills[way] += 1
        self.wait_until_back(began)
        self.gone |= before - set(family(self.server.process.pid))
        return True

    def wait_until_back(self, began: float) -> None:
        caller = Caller(self.server.port, timeout=5)
        while time.monotonic() - began < LONGEST_WAIT:
            with suppress(OSError, HTTPException):
                if caller.get("/sign-in").status == 200 and self.database_answers():
                    self.back.append(time.monotonic() - began)
                    return
            time.sleep(0.02)
        raise AssertionError("nobody is answered any more")

    def database_answers(self) -> bool:
        try:
            with self.ground.window() as session:
                session.scalar(select(Referral.id).limit(1))
        except DBAPIError:
            return False
        return True

    def left(self) -> list[int]:
        """Helpers of processes that were ended, which still run."""
        return [pid for pid in self.gone if PRINTER in command(pid) or CAGE in command(pid)]

    # ------------------------------------------------------------------------------ ways

    def kill_worker(self) -> bool:
        ids = self.server.worker_ids()
        if not ids:
            return False
        os.kill(self.chance.choice(ids), signal.SIGKILL)
        return True

    def kill_master(self) -> bool:
        self.server.process.kill()
        self.server.start_again()
        return True

    def kill_all(self) -> bool:
        os.killpg(self.server.process.pid, signal.SIGKILL)
        self.server.start_again()
        return True

    def kill_helper(self, name: str) -> bool:
        """End a printer or a cage while it works; tell whether there was one within a while."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            found = [pid for pid in family(self.server.process.pid) if name in command(pid)]
            if found:
                time.sleep(self.chance.uniform(0, 0.2))
                with suppress(ProcessLookupError):
                    os.kill(self.chance.choice(found), signal.SIGKILL)
                    return True
            time.sleep(0.01)
        return False

    def back_up(self) -> "subprocess.Popen[bytes]":
        command = [
            sys.executable,
            "-m",
            "flask",
            "--app",
            "tests.proofs.serving:make",
            "backup",
            str(self.backups),
        ]
        with self.ground.log.open("ab") as out:
            return subprocess.Popen(command, cwd=ROOT, env=self.ground.environment, stdout=out, stderr=out)

    @property
    def backups(self) -> Path:
        folder = self.ground.folder / "backups"
        folder.mkdir(exist_ok=True)
        return folder

    def kill_backup(self) -> bool:
        """End a backup in its midst: nothing that looks like one is left."""
        whole = set(self.backups.glob("pons-*.backup"))
        process = self.back_up()
        while process.poll() is None and not any(self.backups.glob(".pons-*")):
            time.sleep(0.005)
        time.sleep(self.chance.uniform(0, 0.1))
        process.kill()
        in_time = process.wait() == -signal.SIGKILL
        new = set(self.backups.glob("pons-*.backup")) - whole
        for each in self.backups.glob(".pons-*"):  # what it was writing, which nobody takes for a backup
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        must(not (in_time and new and not self.opens(new.pop())), "half a backup looks like a whole one")
        return in_time

    def opens(self, backup: Path) -> bool:
        """Whether a backup is whole: each of its parts is held against what it says of itself."""
        with tempfile.TemporaryDirectory() as folder, suppress(PonsError, OSError):
            unpack(backup, Path(folder), self.ground.settings.backup_key, self.ground.settings.audit_key)
            return True
        return False

    def kill_backend(self) -> bool:
        """End one process of PostgreSQL; the others are ended by the server, which recovers."""
        assert self.database is not None
        found = [
            pid
            for pid in family(self.database.process.pid)[1:]
            if "pons" in command(pid) or "[local]" in command(pid)
        ]
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(found), signal.SIGKILL)
        return True

    def kill_database(self) -> bool:
        assert self.database is not None
        old = family(self.database.process.pid)
        self.database.process.kill()
        self.database.process.wait()
        while any(command(pid) for pid in old):  # they end by themselves once nobody is above them
            time.sleep(0.02)
        self.database.process = self.database.run()
        return True


# ------------------------------------------------------------------------------------------- afterwards


def check_told(session: Session, told: Told) -> None:
    """Each act that was acknowledged is there."""
    there = set(session.scalars(select(Message.text)))
    must(told.messages <= there, f"{len(told.messages - there)} acknowledged messages are lost")
    kept = set(session.scalars(select(Attachment.received_sha256)))
    must(told.files <= kept, f"{len(told.files - kept)} acknowledged files are lost")
    sent = set(session.scalars(select(ReferralVersion.referral_id)))
    must(told.sent <= sent, f"{len(told.sent - sent)} acknowledged submits are lost")
    signed = set(session.scalars(select(Decision.referral_id).where(Decision.signed_at.is_not(None))))
    must(told.signed <= signed, f"{len(told.signed - signed)} acknowledged signatures are lost")
    for draft, number in told.saves.items():
        (text,) = session.get_one(Referral, draft, populate_existing=True).typed["request"]["question"]
        found = int(text.rpartition(" ")[2]) if text.startswith("Question ") else 0
        must(found >= number, f"save {number} was acknowledged, and {found} is kept")


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something holds, and no longer than anybody should."""
    end = time.monotonic() + LONGEST_WAIT
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)


def write_meanwhile(
    ground: Ground,
    server: Server,
    kills: int,
    writers: int = 4,
    database: Database | None = None,
    first: int = 0,
) -> tuple[Killer, Told, dict[str, int]]:
    """Let people write, end something again and again, and look at everything afterwards. ``first``: wait for so
    many messages before anything is ended."""
    told = Told()
    killer = Killer(ground, server, told, Random(kills), database)  # noqa: S311  # no secret
    crowd = [Writer(ground, server.port, number, told) for number in range(writers)]
    for writer in crowd:
        writer.start()
    wait_for(lambda: len(told.messages) >= first)
    order = list(killer.ways)
    tried = 0
    while killer.kills.total() < kills:
        killer.kill(order[tried % len(order)], crowd)
        tried += 1
        must(tried < 3 * kills + 20, f"only {killer.kills} could be ended")
        if tried % 10 == 0:
            with ground.window() as session:
                check_told(session, told)
    for writer in crowd:
        writer.over = True
    for writer in crowd:
        writer.join(LONGEST_WAIT)
        must(not writer.failure, f"somebody could not go on: {writer.failure}")
        must(not writer.is_alive(), "somebody waits for ever")
    must(not told.refused, f"refused: {told.refused[:5]}")
    with ground.window() as session:
        check_told(session, told)
    seen = Invariants().check_all(ground)
    time.sleep(1)
    must(killer.back_up().wait() == 0, "no backup can be made afterwards")
    must(all(map(killer.opens, killer.backups.glob("pons-*.backup"))), "a backup is not whole")
    left = [pid for pid in killer.gone if PRINTER in command(pid) or CAGE in command(pid)]
    must(not left, f"left behind by those who were ended: {left}")
    return killer, told, seen
