"""How each deed of the table is done by a careful person: through the actions, as its page does it.

A deed of the table without a row here fails the tests, which say so. ``BEFORE`` is what has to lie ready for a deed,
whoever is to try it: so that a refusal is the guard's, and not for want of something.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import ReadCase, read_case
from referral import clock
from referral.actions import (
    agenda,
    care,
    copies,
    corrections,
    decisions,
    drafts,
    inbox,
    interests,
    letters,
    meetings,
    messages,
    moves,
    new_facts,
    opinions,
    questions,
    submission,
)
from referral.actions.referrals import assess_draft, make_snapshot, newest_version
from referral.errors import ConflictError, ForbiddenError, MoveRefusedError, NotFoundError
from referral.facts import digest
from referral.models import (
    Decision,
    FollowUp,
    LetterKind,
    Meeting,
    Outcome,
    Overall,
    Referral,
    Tie,
    Transplant,
    User,
)
from referral.workflow import MOVES, Role, check_move, find_move
from tests.matrix.world import OUTCOMES, hold, signature_on, words_of

REASON = "As was agreed on the telephone."


@dataclass(frozen=True)
class Act:
    """One try of a deed: by whom, on which case. ``meeting`` is one that is called and can take cases."""

    session: Session
    actor: User
    case: Referral
    meeting: UUID | None = None
    text: str = "A few words."


def plain(deed: str) -> Callable[[Act], object]:
    """A deed that is a button, or a button and a reason."""

    def do(act: Act) -> object:
        held = hold(act.session, act.case, act.actor)
        return moves.move(act.session, held, deed, actor=act.actor, reason=REASON)

    return do


def edit(act: Act) -> object:
    """Type another question into the request."""
    held = drafts.get_draft(act.session, act.actor, act.case.id, to_change=True)
    typed = {**held.typed.get("request", {}), "question": [f"{act.text} Would the committee take it?"]}
    opened = drafts.fingerprint(held, "request")
    return drafts.save_section(act.session, act.actor, held, "request", typed, opened)


def signing(act: Act, held: Referral, deed: str) -> tuple[ReadCase, submission.Signature]:
    """The draft as read on the screen, and the signature under it; of a case that is not to be signed now, neither."""
    if held.state not in find_move(deed).sources:
        return read_case({}, clock.today()), submission.Signature("", declared=True, reason=REASON)
    draft = read_case(held.typed, clock.today(), drafts.programmes(act.session))
    assessment = assess_draft(act.session, draft, clock.today())
    seen = digest(make_snapshot(act.session, held, draft, assessment))
    return draft, submission.Signature(seen, declared=True, reason=REASON)


def submit(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    draft, signature = signing(act, held, "submit")
    return submission.submit(act.session, held, draft, signature, actor=act.actor, at=clock.now())


def answer(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    draft, signature = signing(act, held, "answer")
    return questions.answer(act.session, held, draft, signature, act.text, actor=act.actor, at=clock.now())


def bring_facts(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    draft, signature = signing(act, held, "bring_facts")
    return new_facts.bring_facts(act.session, held, draft, signature, actor=act.actor, at=clock.now())


def copy_as_new(act: Act) -> object:
    return copies.copy_as_new(act.session, hold(act.session, act.case, act.actor), actor=act.actor)


def ask(act: Act) -> object:
    return questions.ask(act.session, hold(act.session, act.case, act.actor), (), act.text, actor=act.actor)


def assign(act: Act) -> object:
    """Give the case to another coordinator of its programme."""
    held = hold(act.session, act.case, act.actor)
    here = inbox.coordinators(act.session, held.programme_id)
    other = next((each.id for each in here if each.id != held.owner_id), act.actor.id)
    return inbox.assign(act.session, held, other, seen=held.owner_id, actor=act.actor)


def write_message(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    record = read_case(held.typed, clock.today()).record
    return messages.write(act.session, held, record, act.text, "both", "", actor=act.actor)


def declare_interest(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    return interests.declare(act.session, held, Tie.NONE, "", actor=act.actor)


def give_opinion(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    said = opinions.Said(Overall.IN_FAVOUR, act.text, {})
    version = opinions.newest_number(act.session, held)
    return opinions.give(act.session, held, said, version=version, actor=act.actor)


def meeting_of(act: Act) -> Meeting:
    return meetings.get_meeting(act.session, act.meeting or UUID(int=0), act.actor, to_change=True)


def list_case(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    check_move("list", act.actor.role, held.state)  # as its page does, before it asks which meeting
    return agenda.put_on(act.session, meeting_of(act), [held], actor=act.actor)


def list_unready(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    check_move("list_unready", act.actor.role, held.state)
    return agenda.put_on_unready(act.session, meeting_of(act), held, REASON, actor=act.actor)


def unlist(act: Act) -> None:
    agenda.take_off(act.session, hold(act.session, act.case, act.actor), actor=act.actor)


def draft_decision(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    version = decisions.version_to_decide(act.session, held, act.actor)
    seen = decisions.mark_of(decisions.find_draft(act.session, held))
    said = words_of(act.session, held, Outcome.ADVICE, act.actor)
    return decisions.draft_decision(
        act.session, held, said, actor=act.actor, seen=seen, version=version.version
    )


def sign(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    return decisions.sign_decision(act.session, held, signature_on(act.session, held), actor=act.actor)


def write_letter(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    decision = letters.decision_to_tell(act.session, held, act.actor)
    return letters.hold_letter(
        act.session, held, LetterKind.REFERRER, act.text, actor=act.actor, seen=str(decision.id)
    )


def begin_workup(act: Act) -> object:
    return care.begin_workup(act.session, hold(act.session, act.case, act.actor), actor=act.actor)


def plan_workup(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    seen = care.mark_of(care.steps_of(act.session, held))
    return care.plan_workup(act.session, held, [{"words": act.text}], actor=act.actor, seen=seen)


def record_transplant(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    return care.record_transplant(act.session, held, given_on=clock.today(), note=act.text, actor=act.actor)


def record_follow_up(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    still_open = [each.visit for each in care.follow_ups_of(act.session, held) if each.recorded_at is None]
    return care.record_follow_up(act.session, held, still_open[0] if still_open else "", {}, actor=act.actor)


def correct_transplant(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    found = care.find_transplant(act.session, held)
    stands = corrections.transplant_json(found) if found else {}
    said = {**stands, "note": act.text}
    seen = corrections.mark_of(stands)
    return corrections.correct_transplant(act.session, held, said, REASON, seen=seen, actor=act.actor)


def correct_follow_up(act: Act) -> object:
    held = hold(act.session, act.case, act.actor)
    recorded = [each for each in care.follow_ups_of(act.session, held) if each.recorded_at]
    visit, stands = (recorded[0].visit, recorded[0].facts) if recorded else ("", {})
    seen = corrections.mark_of(stands)
    return corrections.correct_follow_up(
        act.session, held, visit, {"note": act.text}, REASON, seen=seen, actor=act.actor
    )


DEEDS: Mapping[str, Callable[[Act], object]] = {
    **{move.deed: plain(move.deed) for move in MOVES if move.plain},
    **dict.fromkeys(OUTCOMES, sign),
    "edit": edit,
    "submit": submit,
    "answer": answer,
    "bring_facts": bring_facts,
    "copy_as_new": copy_as_new,
    "ask": ask,
    "assign": assign,
    "write_message": write_message,
    "declare_interest": declare_interest,
    "give_opinion": give_opinion,
    "list": list_case,
    "list_unready": list_unready,
    "unlist": unlist,
    "draft_decision": draft_decision,
    "write_letter": write_letter,
    "begin_workup": begin_workup,
    "plan_workup": plan_workup,
    "record_transplant": record_transplant,
    "record_follow_up": record_follow_up,
    "correct_transplant": correct_transplant,
    "correct_follow_up": correct_follow_up,
}


# What has to lie ready


def lay_draft(session: Session, case: Referral, outcome: Outcome, drafter: User) -> None:
    """Lay a drafted decision on a case, whatever its state, in the place of any that is there."""
    version = newest_version(session, case)
    old = decisions.find_draft(session, case)
    if old is not None:
        session.delete(old)
        session.flush()
    if version is None:
        return  # never signed: there is nothing to decide on
    said = words_of(session, case, outcome, drafter)
    current = decisions.find_current(session, case)
    session.add(
        Decision(
            referral_id=case.id, version=version.version, snapshot_sha256=version.snapshot_sha256,
            outcome=outcome, text=said.text, conditions=said.conditions, decided_on=said.decided_on,
            comes_back_on=said.comes_back_on, reasons=dict(said.reasons),
            editions={each["id"]: each["sha256"] for each in version.snapshot["editions"]},
            took_part={"people": [dict(person) for person in said.took_part]},
            drafted_by_id=drafter.id, replaces_id=current.id if current else None,
        )
    )  # fmt: skip
    session.flush()


def lay_visit(session: Session, case: Referral) -> None:
    """Have a visit in the diary."""
    if session.get(Transplant, case.id) is None:
        session.add(
            Transplant(
                referral_id=case.id, given_on=clock.today().isoformat(), recorded_by_id=case.referrer_id
            )
        )
    if session.scalar(select(FollowUp.id).where(FollowUp.referral_id == case.id).limit(1)) is None:
        session.add(FollowUp(referral_id=case.id, visit="day_100", due_on=clock.today().isoformat()))
    session.flush()


def lay_new_facts(session: Session, case: Referral) -> None:
    """Have the clinic change something that is not signed yet."""
    case.typed = {**case.typed, "request": {**case.typed["request"], "question": ["What now?"]}}
    session.flush()


def lay_no_acceptance(session: Session, case: Referral) -> None:
    """Have no acceptance stand: an accepted case is still on its way."""
    current = decisions.find_current(session, case)
    if current is not None:
        current.superseded_at = clock.now()
        session.flush()


def lay_ready(session: Session, deed: str, case: Referral, drafter: User) -> None:
    """Lay ready what a deed needs, whoever is to try it."""
    if deed in OUTCOMES:
        lay_draft(session, case, OUTCOMES[deed], drafter)
    elif deed == "record_follow_up":
        lay_visit(session, case)
    elif deed == "bring_facts":
        lay_new_facts(session, case)
    elif deed == "copy_as_new":
        lay_no_acceptance(session, case)


# What it leaves in the trail

ENTRIES: Mapping[str, tuple[str, ...]] = {
    "edit": (),  # saving a draft is not history: referral/decisions/0011
}
"""What a deed leaves in the trail where that is not its one entry in the past tense."""
BY_ITSELF = frozenset({"opinions_opened"})
"""What happens by itself in the course of a deed, with nobody as its actor: the last opinion opens all."""

REFUSALS = (NotFoundError, ForbiddenError, MoveRefusedError)
IN_OTHER_WORDS: Mapping[str, tuple[type[Exception], ...]] = {
    "edit": (ConflictError,),
    "copy_as_new": (ConflictError,),
    **dict.fromkeys(OUTCOMES, (decisions.DecidedMeanwhileError,)),
}
"""Deeds whose refusal has words of its own: of the state, or, where nothing was ever signed, that no draft is there."""


def entries_of(deed: str) -> tuple[str, ...]:
    """What a deed leaves in the trail."""
    return ENTRIES.get(deed, (find_move(deed).past,))


def refusals_of(deed: str) -> tuple[type[Exception], ...]:
    """How a deed is refused to whom it is not allowed, or in a state that does not allow it."""
    return REFUSALS + IN_OTHER_WORDS.get(deed, ())


def without_a_row() -> list[str]:
    """Deeds of the table that nobody does here."""
    return sorted({move.deed for move in MOVES} ^ set(DEEDS))


ROLES = tuple(Role)
