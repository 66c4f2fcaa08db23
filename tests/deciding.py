"""Cases before a committee, and committees that decide as they are told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forms.decision import Said
from referral import clock
from referral.actions import decisions, moves
from referral.actions.referrals import get_referral, newest_version
from referral.models import Decision, Referral, ReferralVersion, User
from tests.at_hand import make_draft, send

People = Mapping[str, User]


def list_case(session: Session, people: People, **how: Any) -> Referral:
    """A case that was sent, made ready, and stands on an agenda."""
    case = make_draft(session, people, **how)
    send(session, case, people["neurologist"], reason="The committee should see it.")
    for deed in ("start_review", "make_ready", "list"):
        moves.move(session, case, deed, actor=people["coordinator"])
    session.commit()
    return case


def version_of(session: Session, case: Referral) -> ReferralVersion:
    version = newest_version(session, case)
    assert version is not None
    return version


def reasons_for(version: ReferralVersion) -> dict[str, dict[str, dict[str, Any]]]:
    """Agreement with everything that the software found."""
    reasons: dict[str, dict[str, dict[str, Any]]] = {}
    for each in decisions.asked_of(version.snapshot):
        reasons.setdefault(each.edition, {})[each.criterion] = {
            "result": each.result, "agrees": True, "holds": None, "code": None, "why": "", "ground": None,
        }  # fmt: skip
    return reasons


def said(session: Session, people: People, case: Referral, **changes: Any) -> Said:
    """What a committee says of a case: accepted today, in agreement with the software, unless told otherwise."""
    chair = people["chair"]
    usual = Said(
        outcome="accepted",
        decided_on=clock.today().isoformat(),
        text="",
        conditions="",
        comes_back_on=None,
        comes_back_for=None,
        reasons=reasons_for(version_of(session, case)),
        took_part=({"user": str(chair.id), "name": chair.name, "specialty": "neurology"},),
    )
    return replace(usual, **changes)


def resting_on(
    session: Session, case: Referral, ground: str = "not_met"
) -> dict[str, dict[str, dict[str, Any]]]:
    """Reasons that rest on the first criterion of the first edition."""
    reasons = reasons_for(version_of(session, case))
    edition = next(iter(reasons))
    criterion = next(iter(reasons[edition]))
    reasons[edition][criterion]["ground"] = ground
    return reasons


def write(
    session: Session, people: People, case: Referral, actor: str = "coordinator", **changes: Any
) -> Decision:
    """Draft a decision as somebody who has just opened the page."""
    held = get_referral(session, case.id, people[actor], to_change=True)
    seen = decisions.mark_of(decisions.find_draft(session, held))
    version = version_of(session, held).version
    words = said(session, people, held, **changes)
    return decisions.draft_decision(session, held, words, actor=people[actor], seen=seen, version=version)


def signature(session: Session, case: Referral, **changes: Any) -> decisions.Signature:
    """What somebody enters who has read the draft back."""
    identity = version_of(session, case).snapshot["identity"]
    usual = decisions.Signature(
        seen=decisions.mark_of(decisions.find_draft(session, case)),
        initials=decisions.initials_of(identity),
        birth_year=identity["birth_date"][:4],
        confirmed=True,
    )
    return replace(usual, **changes)


def decide(
    session: Session, people: People, case: Referral, *, at: datetime | None = None, **changes: Any
) -> Decision:
    """Draft and sign a decision."""
    write(session, people, case, **changes)
    held = get_referral(session, case.id, people["chair"], to_change=True)
    signed = decisions.sign_decision(session, held, signature(session, held), actor=people["chair"], at=at)
    session.commit()
    return signed
