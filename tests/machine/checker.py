"""What holds of every case and of the trail after each step: the invariants, looked at where something was touched.

The checker asks the tables and the table of deeds, and none of the actions. It remembers the last link of the trail,
so that each entry is verified once, in its turn.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Text, func, select, type_coerce
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions.stays import clocks_of
from referral.facts import digest
from referral.models import (
    AgendaItem,
    AuditEntry,
    Decision,
    Outcome,
    Packet,
    Question,
    Referral,
    ReferralVersion,
    Stay,
    User,
)
from referral.workflow import MOVES, OPEN, PARKED, Move, Role, State, find_move
from tests.matrix import watch
from tests.matrix.world import RECEIVERS, REFERRERS

BY_PAST: Mapping[str, Move] = {move.past: move for move in MOVES}
SIGNED_FOR = {
    State.DECIDED: {Outcome.ACCEPTED, Outcome.DECLINED, Outcome.ADVICE},
    State.DEFERRED: {Outcome.DEFERRED},
    State.WORKUP: {Outcome.ACCEPTED},
    State.TRANSPLANTED: {Outcome.ACCEPTED},
    State.FOLLOW_UP: {Outcome.ACCEPTED},
}
"""The states in which one decision stands, on the newest version, and what it says."""
ON_THE_WAY = frozenset({State.IN_REVIEW, State.READY, State.LISTED, State.AWAITING_REPLY})
"""The states in which an earlier answer may stand, until the committee gives another."""
SIGNED = [find_move(deed).past for deed in ("submit", "answer", "bring_facts")]
"""The deeds that sign a version."""
NOT_YET = frozenset({State.DRAFT, State.SUBMITTED})
OURS = frozenset({State.SUBMITTED, State.IN_REVIEW, State.READY, State.LISTED})
BY_THE_CLOCK = frozenset(
    {
        "came_back", "opinions_opened", "reminded", "escalated", "stood_still", "stale_draft_warned", "owner_given",
        "letter_released", "packet_issued", "case_files_forgotten",
    }
)  # fmt: skip
"""What happens with nobody as its actor."""


class Broken(AssertionError):
    """Something that must hold does not."""


def must(holds: bool, what: str) -> None:
    """Raise where something does not hold."""
    if not holds:
        raise Broken(what)


@dataclass(frozen=True)
class Doer:
    """Somebody as they were when they did something."""

    id: UUID | None
    role: Role | None = None
    organisation: UUID | None = None
    active: bool = False

    @classmethod
    def of(cls, person: User) -> "Doer":
        return cls(person.id, person.role, person.organisation_id, person.active)


CLOCK = Doer(None)


@dataclass
class Checker:
    """Walks behind the deeds: where the notes and the trail stood, and the digest of the last entry."""

    mark: int = 0
    entry: int = 0
    digest: str = ""
    entries: int = 0
    looked_at: int = 0
    notes: list[watch.Noted] = field(default_factory=list)

    def begin(self, session: Session) -> None:
        """Walk the whole trail once, and start from where it stands."""
        must(audit.verify(session, {}).broken is None, "the trail does not hold before the first step")
        self.mark = watch.last(session)
        last = session.execute(
            select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)
        ).one()
        self.entry, self.digest = last.id, last.digest

    def look(
        self, session: Session, doer: Doer, *, refused: bool = False, door: bool = False
    ) -> list[AuditEntry]:
        """Look at what one step has left. ``door``: it came over HTTP, where a refusal is written down."""
        self.notes = watch.since(session, self.mark)
        entries = self._walk(session)
        self.mark = self.notes[-1].id if self.notes else self.mark
        changed = watch.changes(self.notes)
        if refused:
            must(
                not changed, f"a refusal changed {sorted({f'{each.deed} {each.table}' for each in changed})}"
            )
            must(len(entries) == (1 if door else 0), f"a refusal left {[each.deed for each in entries]}")
        self._check_actors(entries, doer)
        self._check_moves(session, entries, doer, changed)
        cases = {UUID(each.case) for each in changed if each.case}
        cases |= {each.referral_id for each in entries if each.referral_id and each.deed in BY_PAST}
        for case in sorted(cases):
            self.check_case(session, case)
        return entries

    # ------------------------------------------------------------------------------------ the trail

    def _walk(self, session: Session) -> list[AuditEntry]:
        """Verify what was added to the chain, link by link."""
        told = [
            type_coerce(getattr(AuditEntry, name), Text)
            for name in ("at", "actor_id", "deed", "referral_id", "detail", "digest")
        ]
        key: str = session.connection().get_execution_options()["audit_key"]
        added = select(AuditEntry.id, *told).where(AuditEntry.id > self.entry).order_by(AuditEntry.id)
        for row in session.execute(added).all():
            link = audit.Link(*tuple(row))
            self.digest = link.seal(key, self.digest)
            must(hmac.compare_digest(self.digest, link.digest or ""), f"entry {link.id} breaks the chain")
        found = session.scalars(select(AuditEntry).where(AuditEntry.id > self.entry).order_by(AuditEntry.id))
        entries = list(found)
        if entries:
            must(entries[0].id > self.entry, "the trail went back")
            self.entry = entries[-1].id
        self.entries += len(entries)
        return entries

    def _check_actors(self, entries: Iterable[AuditEntry], doer: Doer) -> None:
        for each in entries:
            if each.actor_id is None:
                must(each.deed in BY_THE_CLOCK, f"nobody did {each.deed}")
            else:
                must(each.actor_id == doer.id, f"{each.deed} stands in the name of somebody else")
                must(doer.active, f"{each.deed} by somebody whose account has ended")

    def _check_moves(
        self, session: Session, entries: list[AuditEntry], doer: Doer, changed: list[watch.Noted]
    ) -> None:
        """Each change of a state has one entry of the same case, which the table allows to whoever did it."""
        moved = [each for each in changed if each.table == "referral" and each.before != each.after]
        told = [each for each in entries if each.deed in BY_PAST and BY_PAST[each.deed].target is not None]
        for each in entries:
            if each.deed in BY_PAST and each.deed != "copied_as_new":
                self._check_allowed(session, each, doer)
        written = sorted(
            (str(each.referral_id), each.detail["came_from"], str(BY_PAST[each.deed].target)) for each in told
        )
        written = [each for each in written if each[1] != each[2]]
        happened = sorted((str(each.case), str(each.before), str(each.after)) for each in moved)
        must(written == happened, f"states changed as {happened}, and the trail says {written}")

    def _check_allowed(self, session: Session, entry: AuditEntry, doer: Doer) -> None:
        """Whoever did a deed of the table had the role, the house and the state for it at that moment."""
        row, state = BY_PAST[entry.deed], State(entry.detail["came_from"])
        must(state in row.sources, f"{row.deed} was done in the state {state.words}")
        if entry.actor_id is None:
            must(row.by_clock, f"{row.deed} does not happen by itself")
            return
        must(doer.role in row.roles, f"{row.deed} was done by a {doer.role}")
        case = session.get_one(Referral, entry.referral_id, populate_existing=True)
        here = case.organisation_id if doer.role in REFERRERS else case.programme_id
        must(doer.organisation == here, f"{row.deed} was done by somebody of another house")
        must(state is not State.DRAFT or doer.role not in RECEIVERS, "a programme did something with a draft")

    # ------------------------------------------------------------------------------------ one case

    def check_case(self, session: Session, case_id: UUID) -> None:
        """Look at all that is kept of one case."""
        self.looked_at += 1
        case = session.get_one(Referral, case_id, populate_existing=True)
        versions = self._check_versions(session, case)
        self._check_stays(session, case)
        self._check_decisions(session, case, versions)
        self._check_what_goes_with_the_state(session, case)

    def _check_versions(self, session: Session, case: Referral) -> list[tuple[int, str]]:
        rows = session.execute(
            select(ReferralVersion.version, ReferralVersion.snapshot_sha256, ReferralVersion.id)
            .where(ReferralVersion.referral_id == case.id)
            .order_by(ReferralVersion.version)
        ).all()
        numbers = [row.version for row in rows]
        must(numbers == list(range(1, len(rows) + 1)), f"versions {numbers}")
        must(bool(rows) == (case.submitted_at is not None), "signed and not sent, or sent and not signed")
        signed = select(func.count()).where(AuditEntry.referral_id == case.id, AuditEntry.deed.in_(SIGNED))
        must(session.scalar(signed) == len(rows), "a version has no entry in the trail, or one too many")
        new = {each.table for each in self.notes if each.case and UUID(each.case) == case.id}
        if "referral_version" in new or "packet" in {each.table for each in self.notes}:
            self._check_digests(session, [row.id for row in rows])
        return [(row.version, row.snapshot_sha256) for row in rows]

    def _check_digests(self, session: Session, ids: list[UUID]) -> None:
        for version in session.scalars(select(ReferralVersion).where(ReferralVersion.id.in_(ids))):
            must(digest(version.snapshot) == version.snapshot_sha256, "a snapshot is not what was signed")
            must(version.snapshot["referral"]["version"] == version.version, "a snapshot of another version")
        for packet in session.scalars(select(Packet).where(Packet.version_id.in_(ids))):
            must(sha256(packet.pdf).hexdigest() == packet.sha256, "a packet is not what was issued")

    def _check_stays(self, session: Session, case: Referral) -> None:
        """Stays follow each other without gap or overlap, one for each move, the last is open; both clocks say so."""
        stays = list(session.scalars(select(Stay).where(Stay.referral_id == case.id).order_by(Stay.id)))
        entries = session.scalars(
            select(AuditEntry.deed)
            .where(AuditEntry.referral_id == case.id, AuditEntry.deed.in_(list(BY_PAST)))
            .order_by(AuditEntry.id)
        )
        led = [target for deed in entries if (target := BY_PAST[deed].target) is not None]
        must(
            [stay.state for stay in stays] == led, f"stays {[stay.state.value for stay in stays]} after {led}"
        )
        must(case.state is (stays[-1].state if stays else State.DRAFT), "the last stay is not the state")
        for before, after in pairwise(stays):
            must(before.ended_at == after.began_at, "stays with a gap, or one over the other")
            must(before.ended_at is not None and before.ended_at >= before.began_at, "a negative stay")
        must(not stays or stays[-1].ended_at is None, "the last stay is over")
        self._check_clocks(session, case, stays)

    def _check_clocks(self, session: Session, case: Referral, stays: list[Stay]) -> None:
        now = clock.now()
        if not stays:
            return
        told = clocks_of(session, [case.id], now)[case.id]

        def spent(states: Iterable[State]) -> timedelta:
            nothing = timedelta()
            each = (
                max((stay.ended_at or now) - stay.began_at, nothing) for stay in stays if stay.state in states
            )
            return sum(each, nothing)

        must(told.total == spent(OPEN), "the clock of the whole is wrong")
        must(told.ours == spent(OURS), "the clock of the programme is wrong")
        must(timedelta() <= told.ours <= told.total, "the clocks contradict each other")
        must(len(told.pauses) == sum(stay.state in PARKED for stay in stays), "a pause is missing")

    def _check_decisions(self, session: Session, case: Referral, versions: list[tuple[int, str]]) -> None:
        """Decided if and only if one decision stands, on the newest version, signed by another than drafted it."""
        rows = list(session.scalars(select(Decision).where(Decision.referral_id == case.id)))
        signed = [row for row in rows if row.signed_at is not None]
        current = [row for row in signed if row.superseded_at is None]
        must(len(current) <= 1, "two decisions stand")
        must(len(rows) - len(signed) <= 1, "two decisions are being written")
        for row in signed:
            must(
                row.signed_by_id is not None and row.signed_by_id != row.drafted_by_id, "one hand signed both"
            )
            must((row.version, row.snapshot_sha256) in versions, "a decision on what was never signed")
            must(bool(row.editions) and bool(row.decided_on), "a decision without day or editions")
        replaced = sorted(str(row.replaces_id) for row in signed if row.replaces_id)
        must(
            replaced == sorted(str(row.id) for row in signed if row.superseded_at is not None),
            "a decision is gone and none is in its place",
        )
        stands = current[0] if current else None
        if case.state in SIGNED_FOR:
            must(stands is not None, f"{case.state.words}, and no decision stands")
            must(stands is not None and stands.outcome in SIGNED_FOR[case.state], "another decision stands")
            must(stands is not None and stands.version == len(versions), "decided on an older version")
        elif case.state in ON_THE_WAY:
            parked = {Outcome.DEFERRED, Outcome.MORE_NEEDED}
            must(
                stands is None or stands.outcome in parked,
                "a final answer stands, and the case is on its way",
            )
        elif case.state in NOT_YET:
            must(not signed, "decided before it was read")

    def _check_what_goes_with_the_state(self, session: Session, case: Referral) -> None:
        def count(table: Any, *wanted: Any) -> int:
            return session.scalar(select(func.count()).select_from(table).where(*wanted)) or 0

        asked = count(Question, Question.referral_id == case.id, Question.closed_at.is_(None))
        must(
            asked == (case.state is State.AWAITING_REPLY), f"{case.state.words}, with {asked} open questions"
        )
        listed = count(AgendaItem, AgendaItem.referral_id == case.id, AgendaItem.left_at.is_(None))
        must(listed == (case.state is State.LISTED), f"{case.state.words}, and on {listed} agendas")
        must(case.state not in OPEN or case.owner_id is not None, "an open case is nobody's")
