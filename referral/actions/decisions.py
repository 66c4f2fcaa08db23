"""What the committee decided: drafted by one, signed by another, never edited, corrected by a new one.

The case is held for changing (``get_referral(to_change=True)``) whenever one of these deeds is done, so of two
people at once exactly one is first, and the other is told what happened.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from forms.decision import Asked, Said, read_items
from referral import audit, clock
from referral.actions.committee import check_no_tie, current_meeting, interests_in, tied
from referral.actions.mail import notify_clinic
from referral.actions.moves import move, take_letters_back
from referral.actions.questions import LONGEST_TEXT, put_question
from referral.actions.quorum import hold_standing, refusals
from referral.actions.referrals import newest_version
from referral.auth import RECEIVERS
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.models import (
    AgendaItem,
    Decision,
    Meeting,
    Outcome,
    Referral,
    ReferralVersion,
    Tie,
    User,
)
from referral.workflow import DECIDABLE, check_move

SPECIALTY_UNSAID = ""


class DecidedMeanwhileError(ConflictError):
    """Somebody else was first. ``now`` is what stands: their draft, or what they signed; ``None``: it is gone."""

    def __init__(self, message: str, now: Decision | None) -> None:
        """Keep what the other has done."""
        super().__init__(message)
        self.now = now


class NotSignedError(ConflictError):
    """A decision that was not signed, with everything that stands in the way, by field."""

    def __init__(self, obstacles: Sequence[tuple[str, str]]) -> None:
        """Keep what stands in the way."""
        super().__init__("The decision was not signed. " + " ".join(message for _, message in obstacles))
        self.obstacles = tuple(obstacles)


class StaleError(ConflictError):
    """A decision was drafted on a version of the case that is no longer the newest."""


@dataclass(frozen=True)
class Signature:
    """What somebody who signs a decision says with it."""

    seen: str
    """The mark of the draft that was read back."""
    initials: str
    birth_year: str
    confirmed: bool


# Reading


def find_draft(session: Session, referral: Referral) -> Decision | None:
    """Find the decision that is being written; there is one at most."""
    wanted = select(Decision).where(Decision.referral_id == referral.id, Decision.signed_at.is_(None))
    return session.scalar(wanted.options(joinedload(Decision.drafted_by)))


def find_current(session: Session, referral: Referral) -> Decision | None:
    """Find the decision that stands: signed, and replaced by no other."""
    wanted = select(Decision).where(
        Decision.referral_id == referral.id, Decision.signed_at.is_not(None), Decision.superseded_at.is_(None)
    )
    return session.scalar(wanted.options(joinedload(Decision.drafted_by), joinedload(Decision.signed_by)))


def signed_decisions(session: Session, referral: Referral) -> list[Decision]:
    """List what was decided of a case, the latest first, with what has been replaced."""
    wanted = select(Decision).where(Decision.referral_id == referral.id, Decision.signed_at.is_not(None))
    return list(
        session.scalars(
            wanted.order_by(Decision.signed_at.desc()).options(
                joinedload(Decision.drafted_by), joinedload(Decision.signed_by)
            )
        )
    )


def mark_of(draft: Decision | None) -> str:
    """Give the mark of a draft as it stands: what a page was opened with."""
    return f"{draft.id}:{draft.draft_version}" if draft else ""


def version_to_decide(session: Session, referral: Referral, viewer: User) -> ReferralVersion:
    """Give the version on which a decision would be taken now.

    Raises:
        NotFoundError: the viewer is no receiver: for them there is no such page.
        MoveRefusedError: nothing is decided in this state.

    """
    version = newest_version(session, referral)
    if viewer.role not in RECEIVERS or version is None:
        raise NotFoundError("This page does not exist, or it is not for you.")
    check_move("draft_decision", viewer.role, referral.state)
    return version


def editions_decided_on(snapshot: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the editions that the programme has adopted, as frozen in a snapshot; where it has none, all in it."""
    adopted = [edition for edition in snapshot["editions"] if edition.get("adopted")]
    return adopted or list(snapshot["editions"])


def asked_of(snapshot: Mapping[str, Any]) -> list[Asked]:
    """List the criteria that a committee is asked about, with what the software found."""
    chosen = {edition["id"] for edition in editions_decided_on(snapshot)}
    return [
        Asked(found["protocol"], criterion["id"], criterion["result"])
        for found in snapshot["assessment"]["protocols"]
        if found["protocol"] in chosen
        for criterion in found["criteria"]
    ]


@dataclass(frozen=True)
class Attendee:
    """Somebody with an account who may have taken part, and what is known of it."""

    user: User
    specialty: str
    came: bool
    stands_aside: str
    """Why they stand aside; empty where they do not."""


def attendees(session: Session, referral: Referral) -> list[Attendee]:
    """List who may have taken part: whom the meeting of the case asked, and whoever else of the programme decides."""
    meeting = current_meeting(session, referral) or last_meeting(session, referral)
    asked = {each.user_id: each for each in meeting.members} if meeting else {}
    house = select(User).where(
        User.organisation_id == referral.programme_id, User.role.in_(RECEIVERS), User.active
    )
    people = {user.id: user for user in session.scalars(house.order_by(User.name, User.id))}
    people |= {each.user_id: each.user for each in asked.values()}
    interests = interests_in(session, [referral.id])[referral.id]
    aside = tied(interests)
    return [
        Attendee(
            user=user,
            specialty=asked[user_id].specialty.value if user_id in asked else SPECIALTY_UNSAID,
            came=user_id in asked and asked[user_id].attended is True and user_id not in aside,
            stands_aside=interests[user_id].tie.value.replace("_", " ") if user_id in aside else "",
        )
        for user_id, user in people.items()
    ]


def last_meeting(session: Session, referral: Referral) -> Meeting | None:
    """Find the meeting that a case was last on, for correcting what was decided there."""
    return session.scalar(
        select(Meeting)
        .join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .where(AgendaItem.referral_id == referral.id)
        .order_by(AgendaItem.added_at.desc())
        .limit(1)
    )


# Drafting


def draft_decision(
    session: Session,
    referral: Referral,
    said: Said,
    *,
    actor: User,
    seen: str,
    version: int,
    at: datetime | None = None,
) -> Decision:
    """Write down what the committee decided, to be signed by another. Who saves it last has drafted it.

    ``seen`` is the mark of the draft that the page was opened with, ``version`` the case's version it showed.

    Raises:
        DecidedMeanwhileError: somebody else has saved, signed or thrown away a draft since.
        StaleError: a newer version of the case has come since.
        ForbiddenError: the actor, or somebody named as having taken part, stands aside.

    """
    at = at or clock.now()
    newest = version_to_decide(session, referral, actor)
    check_no_tie(session, referral, actor)
    draft = find_draft(session, referral)
    if mark_of(draft) != seen:
        raise DecidedMeanwhileError(*_what_happened(draft or find_current(session, referral)))
    if version != newest.version:
        raise StaleError(
            f"Version {newest.version} of the case has come since you opened this page. Read it before deciding."
        )
    _refuse_who_stands_aside(session, referral, said.took_part)
    draft = draft or _new_draft(session, referral)
    draft.outcome, draft.text, draft.conditions = Outcome(said.outcome), said.text, said.conditions
    draft.decided_on = said.decided_on
    draft.comes_back_on, draft.comes_back_for = said.comes_back_on, said.comes_back_for
    draft.reasons = {edition: dict(criteria) for edition, criteria in said.reasons.items()}
    people = {"people": [dict(person) for person in said.took_part]}
    draft.took_part = people | _who_stands_aside(session, referral)
    draft.version, draft.snapshot_sha256 = newest.version, newest.snapshot_sha256
    draft.editions = {each["id"]: each["sha256"] for each in editions_decided_on(newest.snapshot)}
    draft.drafted_by, draft.drafted_at = actor, at
    draft.draft_version = (draft.draft_version or 0) + 1
    session.add(draft)
    session.flush()
    move(
        session, referral, "draft_decision", actor=actor, at=at, decision=str(draft.id), version=draft.version
    )
    return draft


def _new_draft(session: Session, referral: Referral) -> Decision:
    """Begin a draft; it replaces what stands, if anything does."""
    current = find_current(session, referral)
    meeting = current_meeting(session, referral)
    return Decision(
        referral_id=referral.id,
        replaces_id=current.id if current else None,
        meeting_id=meeting.id if meeting else None,
        draft_version=0,
    )


def discard_draft(session: Session, referral: Referral, *, actor: User, seen: str) -> None:
    """Throw a draft away; that it was there stays in the trail.

    Raises:
        DecidedMeanwhileError: it is not the one that was seen, or it is gone.
        ForbiddenError: they stand aside.

    """
    version_to_decide(session, referral, actor)
    check_no_tie(session, referral, actor)
    draft = find_draft(session, referral)
    if draft is None or mark_of(draft) != seen:
        raise DecidedMeanwhileError(*_what_happened(draft or find_current(session, referral)))
    audit.record(session, actor, "decision_draft_discarded", referral, decision=str(draft.id))
    session.delete(draft)
    session.flush()


def _what_happened(now: Decision | None) -> tuple[str, Decision | None]:
    if now is None:
        return "The draft was thrown away by somebody else.", None
    if now.signed_by is not None:
        return f"{now.signed_by.name} has signed a decision: {now.outcome.words}.", now
    return f"{now.drafted_by.name} has saved a draft: {now.outcome.words}.", now


def _who_stands_aside(session: Session, referral: Referral) -> dict[str, Any]:
    """Give who has declared a tie by now, to be kept with the decision: it is for the programme to read."""
    interests = interests_in(session, [referral.id])[referral.id].values()
    ties = [each for each in interests if each.tie is not Tie.NONE]
    return {"aside": [{"name": each.member.name, "tie": each.tie.value} for each in ties]}


def _refuse_who_stands_aside(
    session: Session, referral: Referral, took_part: Sequence[Mapping[str, Any]]
) -> None:
    aside = {str(member) for member in tied(interests_in(session, [referral.id])[referral.id])}
    names = [person["name"] for person in took_part if person["user"] in aside]
    if names:
        raise ForbiddenError(f"Declared a tie to this case and so took no part: {', '.join(names)}.")


# Signing


def obstacles(decision: Decision, signed_on: date, today: date) -> list[tuple[str, str]]:
    """List what a drafted decision lacks to be signed, by field of the form."""
    found = []
    if decision.decided_on is None:
        found.append(("decided_on", "Give the day on which it was decided."))
    elif not signed_on <= date.fromisoformat(decision.decided_on) <= today:
        found.append(("decided_on", "The day decided lies before the case was sent, or after today."))
    if not decision.took_part.get("people"):
        found.append(("took_part", "Say who took part."))
    if not decision.text.strip() and (
        decision.outcome in (Outcome.DECLINED, Outcome.ADVICE) or decision.replaces_id is not None
    ):
        found.append(("text", "Give the reason or the advice in words."))
    if decision.outcome is Outcome.DECLINED and not any(rests_on(decision)):
        found.append(
            ("grounds", "Mark the criteria that it rests on, or that it rests on something beyond them.")
        )
    if decision.outcome is Outcome.MORE_NEEDED and not read_items(decision.conditions):
        found.append(("items", "Say what is asked, one thing a line."))
    if decision.outcome is Outcome.DEFERRED:
        if not (decision.comes_back_on or decision.comes_back_for):
            found.append(("comes_back_on", "Give the day, or the fact, for which it comes back."))
        elif decision.comes_back_on and date.fromisoformat(decision.comes_back_on) <= today:
            found.append(("comes_back_on", "The day on which it comes back lies after today."))
    return found


def rests_on(decision: Decision) -> list[tuple[str, str]]:
    """List the criteria that a decision rests on, by edition; an empty edition means something beyond them."""
    return [
        (edition, criterion)
        for edition, criteria in decision.reasons.items()
        for criterion, kept in criteria.items()
        if kept.get("ground")
    ]


def initials_of(identity: Mapping[str, Any]) -> str:
    """Give the initials of a person: the first letter of the given and of the family name."""
    names = (identity.get("given_name") or "", identity.get("family_name") or "")
    return "".join(plain_letters(name)[:1] for name in names)


def plain_letters(text: str) -> str:
    """Give plain capital letters, without accents, blanks and dots; a syllable of Hangul stays one letter."""
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return "".join(sign for sign in unicodedata.normalize("NFC", plain) if sign.isalpha()).upper()


def sign_decision(
    session: Session, referral: Referral, signature: Signature, *, actor: User, at: datetime | None = None
) -> Decision:
    """Sign the draft of another. It stands from now on, in the place of what stood before.

    Raises:
        DecidedMeanwhileError: the draft is not the one that was read back, or somebody else has signed it.
        MoveRefusedError: the outcome is not this person's to sign, or not in this state.
        ForbiddenError: they drafted it themselves, or stand aside.
        StaleError: it was drafted on a version that is no longer the newest.
        NotSignedError: something is missing, or the person was named wrongly. Nothing was changed.

    """
    at = at or clock.now()
    draft = find_draft(session, referral)
    if draft is None or mark_of(draft) != signature.seen:
        raise DecidedMeanwhileError(*_what_happened(draft or find_current(session, referral)))
    check_move(draft.outcome.deed, actor.role, referral.state)
    if draft.drafted_by_id == actor.id:
        raise ForbiddenError("You have drafted this decision: another member of the committee signs it.")
    check_no_tie(session, referral, actor)
    version = _check_newest(session, referral, draft)
    _refuse_who_stands_aside(session, referral, draft.took_part["people"])
    wrong = obstacles(draft, clock.local(version.signed_at).date(), clock.local(at).date())
    wrong += _misnamed(signature, version.snapshot["identity"])
    quorum = hold_standing(session, referral, actor)
    wrong += refusals(quorum)
    if wrong:
        raise NotSignedError(wrong)
    _replace(session, referral, draft, actor, at)
    draft.took_part = draft.took_part | _who_stands_aside(session, referral)
    if quorum is not None and quorum.waiver is not None:
        lacking = [f"{each.specialty.value} {each.there} of {each.needed}" for each in quorum.quorum.lacking]
        waived = {"lacking": lacking, "by": quorum.waiver.given_by.name}
        draft.took_part = {**draft.took_part, "without_quorum": waived}
    draft.signed_by, draft.signed_at = actor, at
    session.flush()
    move(
        session, referral, draft.outcome.deed, actor=actor, at=at,
        decision=str(draft.id), version=draft.version, replaces=str(draft.replaces_id or ""),
    )  # fmt: skip
    if draft.outcome is Outcome.MORE_NEEDED:
        _ask(session, referral, draft, actor, at)
    notify_clinic(session, referral, f"decided {draft.id}", "A decision is recorded", at=at)
    return draft


def _check_newest(session: Session, referral: Referral, draft: Decision) -> ReferralVersion:
    """Give the version that a draft stands on, if it is the newest and reads as it did."""
    version = newest_version(session, referral)
    if version is None or (version.version, version.snapshot_sha256) != (
        draft.version,
        draft.snapshot_sha256,
    ):
        raise StaleError(
            "The case has a newer version than the one this decision was drafted on. Draft it again on the newest."
        )
    return version


def _misnamed(signature: Signature, identity: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tell where the person was not named as the case names them: it may be the wrong case."""
    wrong = []
    if plain_letters(signature.initials) != initials_of(identity):
        wrong.append(
            ("initials", "These are not the initials of the person of this case. Is it the right case?")
        )
    if signature.birth_year.strip() != (identity.get("birth_date") or "")[:4]:
        wrong.append(
            ("birth_year", "This is not the year of birth of the person of this case. Is it the right case?")
        )
    if not signature.confirmed:
        wrong.append(("confirmed", "Confirm that this is what was decided."))
    return wrong


def _replace(session: Session, referral: Referral, draft: Decision, actor: User, at: datetime) -> None:
    """End what stood, if anything did, with the letters about it that have not gone out."""
    current = find_current(session, referral)
    draft.replaces_id = current.id if current else None
    if current is None:
        return
    current.superseded_at = max(at, current.signed_at or at)
    take_letters_back(session, referral, actor, at)
    session.flush()


def _ask(session: Session, referral: Referral, decision: Decision, actor: User, at: datetime) -> None:
    """Put what the committee asks as one question, so that the answer brings the case back."""
    items = [{"path": "", "words": item} for item in read_items(decision.conditions)]
    put_question(session, referral, items, decision.text[:LONGEST_TEXT], actor=actor, at=at)


def decidable(referral: Referral) -> bool:
    """Whether a decision can be drafted or corrected now."""
    return referral.state in DECIDABLE
