"""Signing and sending a case: what was signed is frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from referral import clock
from referral.actions.drafts import programmes
from referral.actions.duplicates import find_alike, remember
from referral.actions.finding import let_lists_find
from referral.actions.mail import notify_programme
from referral.actions.moves import LONGEST_REASON, least_busy, move
from referral.actions.referrals import ReadDraft, assess_draft, make_snapshot, newest_version, verdicts
from referral.actions.versions import changes_json
from referral.errors import ConflictError
from referral.facts import digest
from referral.models import Referral, ReferralVersion, User
from referral.workflow import SENT, State, check_move

FIRST = 1


class Obstacle(NamedTuple):
    """What stands in the way of sending: the section where it can be mended, the field, and what to do."""

    section: str
    field_id: str
    message: str


class NotSentError(ConflictError):
    """A case that was not sent, with everything that stands in the way. ``changed``: it is not what was read."""

    def __init__(self, obstacles: Sequence[Obstacle] = (), *, changed: bool = False) -> None:
        """Keep what stands in the way."""
        super().__init__("The case was not sent. " + " ".join(each.message for each in obstacles))
        self.obstacles = tuple(obstacles)
        self.changed = changed

    def lacks(self, field_id: str) -> str:
        """Say what a field of the page lacks; empty where it lacks nothing."""
        return next((each.message for each in self.obstacles if each.field_id == field_id), "")


@dataclass(frozen=True)
class Signature:
    """What somebody who sends a case says with it."""

    seen: str
    """The digest of the snapshot that was on the screen."""
    declared: bool
    reason: str


def obstacles(session: Session, referral: Referral, draft: ReadDraft, viewer: User) -> tuple[Obstacle, ...]:
    """List what a case lacks to be sent at all. No criterion is among it: whatever the grid says may be sent."""
    alike = any(other.open for other in find_alike(session, referral, viewer))
    found = [
        Obstacle("request", "programme_id", "Choose the programme that it goes to.")
        if (draft.request.get("programme_id") or "") not in programmes(session)
        else None,
        Obstacle(
            "request", "programme_id", "The case was sent already: an answer goes to the same programme."
        )
        if referral.programme_id and draft.request.get("programme_id") != str(referral.programme_id)
        else None,
        _unless(draft.request.get("question"), "request", "question", "Write the question to the committee."),
        _unless(draft.identity.get("family_name"), "person", "family_name", "Give the family name."),
        _unless(draft.identity.get("birth_date"), "person", "birth_date", "Give the date of birth."),
        _unless(
            not alike, "person", "alike", "Say whether your clinic's other case is about the same person."
        ),
    ]
    return tuple(each for each in found if each is not None)


def _unless(value: Any, section: str, field_id: str, message: str) -> Obstacle | None:
    return None if value else Obstacle(section, field_id, message)


def not_met(snapshot: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the editions of which a tested requirement is not met: sending then needs a reason."""
    against = {name for name, verdict in verdicts(snapshot).items() if verdict == "not_met"}
    return tuple(edition["title"] for edition in snapshot["editions"] if edition["id"] in against)


def submit(
    session: Session, referral: Referral, draft: ReadDraft, signature: Signature, *, actor: User, at: datetime
) -> ReferralVersion:
    """Sign a case and send it. What is signed is what was on the screen, and it never changes again.

    What the same person has sent already is given back as it is: a second click sends nothing twice.

    Raises:
        MoveRefusedError: it is not theirs to send, or not in this state.
        NotSentError: something stands in the way; nothing was changed.

    """
    sent = newest_version(session, referral)
    if sent and sent.signed_by_id == actor.id and referral.state in SENT:
        return sent
    check_move("submit", actor.role, referral.state)
    version = sign_version(session, referral, draft, signature, actor=actor, at=at, state=State.SUBMITTED)
    referral.programme_id = UUID(draft.request["programme_id"])
    referral.owner_id = least_busy(session, referral.programme_id)
    referral.submitted_at = referral.waiting_since = at
    move(session, referral, "submit", actor=actor, at=at, version=FIRST, snapshot=version.snapshot_sha256)
    notify_programme(session, referral, f"sent {referral.id}", "A referral was sent", at=at)
    return version


def sign_version(
    session: Session,
    referral: Referral,
    draft: ReadDraft,
    signature: Signature,
    *,
    actor: User,
    at: datetime,
    state: State,
) -> ReferralVersion:
    """Freeze what was on the screen as the next version of a case, which is in ``state`` from then on.

    Lists and filters name and find the case by its newest version.

    Raises:
        NotSentError: something stands in the way; nothing was changed.

    """
    earlier = newest_version(session, referral)
    number = earlier.version + 1 if earlier else FIRST
    assessment = assess_draft(session, draft, clock.local(at).date())
    snapshot = make_snapshot(session, referral, draft, assessment)
    lacking = obstacles(session, referral, draft, actor)
    _refuse_what_is_not_ready(lacking, draft, snapshot, signature)
    reason = signature.reason.strip() if not_met(snapshot) else ""
    signed = _sign(snapshot, actor, at, reason or None, number, state)
    if earlier:
        signed["since"] = changes_json(earlier.snapshot, snapshot)
    version = ReferralVersion(
        referral_id=referral.id,
        version=number,
        snapshot=signed,
        snapshot_sha256=digest(signed),
        verdicts=verdicts(signed),
        signed_by=actor,
        signed_at=at,
        reason=reason or None,
    )
    session.add(version)
    for name in ("family_name", "given_name", "birth_date", "sex"):
        setattr(referral, name, draft.identity.get(name))
    if earlier:
        remember(session, referral, draft.identity)
    let_lists_find(session, referral, version)
    return version


def _refuse_what_is_not_ready(
    lacking: Sequence[Obstacle], draft: ReadDraft, snapshot: Mapping[str, Any], signature: Signature
) -> None:
    """Refuse a case that lacks something, or is not the one that was read before signing."""
    found = list(lacking)
    if draft.problems:
        found.append(
            Obstacle("", "", "Mend what is listed as wrong, or it would be left out without a word.")
        )
    if not_met(snapshot) and not signature.reason.strip():
        found.append(Obstacle("", "reason", "Say why it is sent although a tested requirement is not met."))
    if len(signature.reason) > LONGEST_REASON:
        found.append(Obstacle("", "reason", f"Shorten the reason: at most {LONGEST_REASON:,} characters."))
    if not signature.declared:
        found.append(Obstacle("", "declared", "Say that you have checked the case."))
    changed = signature.seen != digest(snapshot)
    if found or changed:
        raise NotSentError(found, changed=changed)


def _sign(
    snapshot: Mapping[str, Any], actor: User, at: datetime, reason: str | None, number: int, state: State
) -> dict[str, Any]:
    """Put the signature under a snapshot."""
    return {
        **snapshot,
        "referral": {**snapshot["referral"], "version": number, "state": state.value},
        "reason": reason,
        "signed": {"by": actor.name, "at": at.isoformat()},
    }
