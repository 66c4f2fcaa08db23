"""The page on which the clinic brings new facts to a case that was put off."""

from typing import Any
from uuid import UUID

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import clock
from referral.actions.decisions import find_current
from referral.actions.new_facts import bring_facts
from referral.actions.referrals import read_referral
from referral.actions.submission import Signature
from referral.auth import requires
from referral.extensions import db
from referral.models import Referral, ReferralVersion
from referral.packet.decided import decided
from referral.web.proof import confirmed
from referral.web.questions import draw_answer, sign_anew
from referral.web.referrals import read_draft
from referral.web.session import resumable
from referral.workflow import Role

new_facts = Blueprint("new_facts", __name__)


@new_facts.get("/referrals/<uuid:referral_id>/new-facts")
@requires(*Role)  # whom it is not for does not find it
def show(referral_id: UUID) -> ResponseReturnValue:
    """Show for what the case waits, what was changed since it was signed, and what would be signed now."""
    return draw(read_referral(db.session(), referral_id, g.person))


def draw(referral: Referral, typed: "MultiDict[str, str] | None" = None, **refusal: Any) -> str:
    """Draw the page with what stands in the way of signing."""
    return draw_answer(referral, typed, deed="bring_facts", comes_back=waits_for(referral), **refusal)


def waits_for(referral: Referral) -> str:
    """Say for which day or fact a case was put off; empty where it is not."""
    deferral = find_current(db.session(), referral)
    if deferral is None:
        return ""
    snapshot = next(each.snapshot for each in referral.versions if each.version == deferral.version)
    return decided(deferral, snapshot).comes_back


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was written before the session had ended."""
    return draw(read_referral(db.session(), referral_id, g.person), carried)


@new_facts.post("/referrals/<uuid:referral_id>/new-facts")
@requires(*Role)  # the table of moves decides, once the case is found
@confirmed()
@resumable(resume)
def bring(referral_id: UUID) -> ResponseReturnValue:
    """Sign the case anew; it is in review again."""

    def sign(referral: Referral, signature: Signature) -> ReferralVersion:
        draft = read_draft(referral)
        return bring_facts(db.session(), referral, draft, signature, actor=g.person, at=clock.now())

    return sign_anew(referral_id, sign, draw, "The new facts are sent, and the case is in review again.")
