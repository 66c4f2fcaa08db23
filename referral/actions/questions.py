"""Asking the referring clinic for named items in one act, the reminders, and the answer that brings the case back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, joinedload

from forms import ReadCase
from referral import audit, clock, database
from referral.actions.evidence import asked_json
from referral.actions.mail import notify_clinic, notify_programme
from referral.actions.moves import move
from referral.actions.referrals import ReadDraft, newest_version
from referral.actions.rules import rules_for
from referral.actions.submission import Signature, sign_version
from referral.actions.versions import read_signed
from referral.errors import PonsError
from referral.models import AuditEntry, Question, Referral, ReferralVersion, User
from referral.packet.paths import path_words
from referral.workflow import State, check_move

LONGEST_TEXT = 4000


class NotAskedError(PonsError):
    """Nothing was asked: nothing is ticked and nothing written, or too much."""


class NotAnsweredError(PonsError):
    """What was to be sent says nothing or changes nothing, or is too long."""


@dataclass(frozen=True)
class Askable:
    """One item that may be asked for: where it stands in the case, what it is called, and why it is offered.

    ``why`` ``evidence``: the programme asks every case for it. ``decides``: it would settle ``editions``.
    """

    path: str
    words: str
    why: Literal["evidence", "decides"]
    says: str = ""
    editions: tuple[str, ...] = ()


def askable(session: Session, referral: Referral, version: ReferralVersion) -> list[Askable]:
    """List what a signed version lacks of the programme's list, then the blanks that would settle its editions."""
    snapshot = version.snapshot
    case = read_signed(snapshot)
    documents = {each["kind"] for each in snapshot.get("attachments") or ()}
    lacking = [
        Askable(each["item"], each["words"], "evidence", says=each["says"])
        for each in asked_json(session, referral.programme_id, case.forms, documents)
        if not each["there"]
    ]
    listed = {each.path for each in lacking}
    return lacking + [each for each in _deciding(snapshot, case) if each.path not in listed]


def _deciding(snapshot: Mapping[str, Any], case: ReadCase) -> list[Askable]:
    """Give the fewest blanks of each adopted edition; where the programme has adopted none, of each edition."""
    titles = {each["id"]: each["title"] for each in snapshot["editions"]}
    adopted = {each["id"] for each in snapshot["editions"] if each.get("adopted")} or titles.keys()
    settles: dict[str, list[str]] = {}
    for each in snapshot["assessment"]["protocols"]:
        if each["protocol"] in adopted and each["verdict"] == "cannot_say" and each["decides"]:
            for path in each["decides"][0]:
                settles.setdefault(path, []).append(titles[each["protocol"]])
    return [
        Askable(path, _sentence(path_words(path, case.record)), "decides", editions=tuple(editions))
        for path, editions in settles.items()
    ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def questions_of(session: Session, referral: Referral) -> list[Question]:
    """List what was ever asked of a case, the newest first; one that is open comes before all."""
    return list(
        session.scalars(
            select(Question)
            .where(Question.referral_id == referral.id)
            .order_by(Question.asked_at.desc())
            .options(joinedload(Question.asked_by), joinedload(Question.closed_by))
        )
    )


def find_open_question(session: Session, referral: Referral) -> Question | None:
    """Find what is asked now; ``None`` where nothing is."""
    return session.scalar(
        select(Question)
        .where(Question.referral_id == referral.id, Question.closed_at.is_(None))
        .options(joinedload(Question.asked_by))
    )


def ask(
    session: Session,
    referral: Referral,
    chosen: Collection[str],
    text: str,
    *,
    actor: User,
    at: datetime | None = None,
) -> Question:
    """Ask for the chosen items, in one act, and park the case until the clinic answers.

    Raises:
        MoveRefusedError: the case is not one that can be asked about now, or this is not the coordinator.
        NotAskedError: nothing is asked.

    """
    check_move("ask", actor.role, referral.state)
    version, at = newest_version(session, referral), at or clock.now()
    offered = askable(session, referral, version) if version else []
    items = [{"path": each.path, "words": each.words} for each in offered if each.path in chosen]
    question = put_question(session, referral, items, text, actor=actor, at=at)
    move(session, referral, "ask", actor=actor, at=at, question=str(question.id), items=len(items))
    return question


def put_question(
    session: Session,
    referral: Referral,
    items: list[dict[str, str]],
    text: str,
    *,
    actor: User,
    at: datetime,
) -> Question:
    """Write a question down and tell the clinic. The deed that parks the case is the caller's.

    Raises:
        NotAskedError: nothing is asked, or the text is too long.

    """
    text = text.strip()
    if not items and not text:
        raise NotAskedError("Tick what you ask for, or write it.")
    if len(text) > LONGEST_TEXT:
        raise NotAskedError(f"Shorten the text: at most {LONGEST_TEXT:,} characters.")
    days = rules_for(session, referral.programme_id).remind_after_days if referral.programme_id else 0
    question = Question(
        referral_id=referral.id,
        asked_by=actor,
        asked_at=at,
        items=items,
        text=text,
        remind_at=at + timedelta(days=days) if days else None,
    )
    session.add(question)
    session.flush()
    notify_clinic(session, referral, f"question {question.id}", "The programme has a question", at=at)
    return question


def answer(
    session: Session,
    referral: Referral,
    draft: ReadDraft,
    signature: Signature,
    text: str,
    *,
    actor: User,
    at: datetime,
) -> ReferralVersion:
    """Sign the case anew with what was changed in it, as its next version, and answer what was asked.

    A second click by the same person answers nothing twice.

    Raises:
        MoveRefusedError: nothing is asked, or it is not theirs to sign.
        NotAnsweredError: there are no words, or too many.
        NotSentError: something stands in the way; nothing was changed.

    """
    text = text.strip()
    if given := _given_already(session, referral, text, actor):
        return given
    check_move("answer", actor.role, referral.state)
    if not text:
        raise NotAnsweredError("Write a few words: what you changed, or why it cannot be had.")
    if len(text) > LONGEST_TEXT:
        raise NotAnsweredError(f"Shorten the answer: at most {LONGEST_TEXT:,} characters.")
    question = find_open_question(session, referral)
    version = sign_version(session, referral, draft, signature, actor=actor, at=at, state=State.IN_REVIEW)
    if question is not None:
        question.answer, question.answered_version = text, version.version
    move(
        session,
        referral,
        "answer",
        actor=actor,
        at=at,
        version=version.version,
        snapshot=version.snapshot_sha256,
    )
    occasion = f"answer {referral.id} version {version.version}"
    notify_programme(session, referral, occasion, "The clinic has answered", at=at)
    return version


def _given_already(session: Session, referral: Referral, text: str, actor: User) -> ReferralVersion | None:
    """Find the version that this very answer has made already."""
    newest = newest_version(session, referral)
    if newest is None or newest.signed_by_id != actor.id or referral.state is not State.IN_REVIEW:
        return None
    answers = select(Question.answer).where(
        Question.referral_id == referral.id, Question.answered_version == newest.version
    )
    return newest if text in session.scalars(answers).all() else None


# What time does


def due_reminders(session: Session, now: datetime) -> int:
    """Remind clinics whose answer is due, and tell the owner where it has been due for long; count what was done.

    Each case in its own transaction. Run twice, or twice at once, each is done once.
    """
    with database.looking(session):
        due = _due(session, now)
    done = 0
    for question_id in due:
        its_case = select(Referral).join(Question, Question.referral_id == Referral.id)
        referral = session.scalar(database.held(its_case.where(Question.id == question_id), Referral))
        question = session.get(Question, question_id, populate_existing=True)
        if referral is not None and question is not None and question.closed_at is None:
            done += _remind(session, referral, question, now) + _escalate(session, referral, question, now)
        session.commit()
    return done


def _due(session: Session, now: datetime) -> list[UUID]:
    """Find the open questions of which somebody is to be told; whoever holds one looks once more."""
    wanted = (
        select(Question, Referral.programme_id, _escalated(Question.referral_id, Question.asked_at))
        .join(Referral, Referral.id == Question.referral_id)
        .where(Question.closed_at.is_(None))
    )
    found = session.execute(wanted.order_by(Question.asked_at)).all()
    places = {row[1] for row in found if row[1] is not None}
    days = {each: timedelta(rules_for(session, each).escalate_after_days) for each in places}
    return [
        question.id
        for question, programme, told in found
        if programme is not None
        and (
            (question.remind_at is not None and question.remind_at <= now)
            or (not told and question.asked_at + days[programme] <= now)
        )
    ]


def _escalated(referral_id: Any, asked_at: Any) -> ColumnElement[bool]:
    return exists().where(
        AuditEntry.referral_id == referral_id, AuditEntry.deed == "escalated", AuditEntry.at >= asked_at
    )


def _remind(session: Session, referral: Referral, question: Question, now: datetime) -> bool:
    if question.remind_at is None or question.remind_at > now or referral.programme_id is None:
        return False
    question.reminders += 1
    question.remind_at = now + timedelta(days=rules_for(session, referral.programme_id).remind_after_days)
    audit.record(
        session, None, "reminded", referral, at=now, question=str(question.id), reminder=question.reminders
    )
    occasion = f"reminder {question.reminders} of question {question.id}"
    notify_clinic(session, referral, occasion, "A question still waits for your answer", at=now)
    return True


def _escalate(session: Session, referral: Referral, question: Question, now: datetime) -> bool:
    if referral.programme_id is None:
        return False
    days = rules_for(session, referral.programme_id).escalate_after_days
    if question.asked_at + timedelta(days=days) > now or was_escalated(session, question):
        return False
    audit.record(session, None, "escalated", referral, at=now, question=str(question.id), days=days)
    occasion = f"escalation of question {question.id}"
    notify_programme(session, referral, occasion, "A question has waited long for its answer", at=now)
    return True


def was_escalated(session: Session, question: Question) -> bool:
    """Tell whether the owner was told that a question has waited long."""
    return bool(session.scalar(select(_escalated(question.referral_id, question.asked_at))))
