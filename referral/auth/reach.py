"""What a person may see: one filter for every query."""

from sqlalchemy import ColumnElement, false

from referral.auth.roles import RECEIVERS, REFERRERS
from referral.models import Referral, User
from referral.workflow import State


def scope(user: User) -> ColumnElement[bool]:
    """Give the filter for the referrals that a person may see. For everybody else they do not exist."""
    if user.role in REFERRERS:
        return Referral.organisation_id == user.organisation_id
    if user.role in RECEIVERS:
        return (
            (Referral.programme_id == user.organisation_id)
            & (Referral.state != State.DRAFT)
            & Referral.submitted_at.is_not(None)
        )
    return false()
