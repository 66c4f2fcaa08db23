"""What a person may see: one filter for every query."""

from sqlalchemy import ColumnElement, false, select

from referral import clock
from referral.auth.roles import OPENERS, RECEIVERS, REFERRERS
from referral.models import EmergencyAccess, Referral, User
from referral.workflow import State


def scope(user: User, *, with_emergencies: bool = False) -> ColumnElement[bool]:
    """Give the filter for the referrals that a person may see. For everybody else they do not exist.

    ``with_emergencies`` lets in what the person has opened in an emergency, as long as that holds. It is for the
    pages that only show such a case, never for a list, a count or a change.
    """
    if with_emergencies and user.role in OPENERS:
        held = select(EmergencyAccess.referral_id).where(holds(user))
        return (_own(user) | Referral.id.in_(held)) & Referral.gone_at.is_(None)
    return _own(user) & Referral.gone_at.is_(None)


def scope_of_deleted(user: User) -> ColumnElement[bool]:
    """Give the filter for the referrals that a person could see until they were deleted: they are told so."""
    return _own(user) & Referral.gone_at.is_not(None)


def _own(user: User) -> ColumnElement[bool]:
    if user.role in REFERRERS:
        return Referral.organisation_id == user.organisation_id
    if user.role in RECEIVERS:
        return (
            (Referral.programme_id == user.organisation_id)
            & (Referral.state != State.DRAFT)
            & Referral.submitted_at.is_not(None)
        )
    return false()


def holds(user: User) -> ColumnElement[bool]:
    """Give the filter for the emergencies of a person that are neither ended nor over."""
    return (
        (EmergencyAccess.user_id == user.id)
        & EmergencyAccess.ended_at.is_(None)
        & (EmergencyAccess.until > clock.now())
    )


def openable(user: User) -> ColumnElement[bool]:
    """Give the filter for the referrals that a person may open in an emergency: signed and sent, and not theirs."""
    if user.role not in OPENERS:
        return false()
    sent = (Referral.state != State.DRAFT) & Referral.submitted_at.is_not(None)
    return ~_own(user) & sent & Referral.gone_at.is_(None)
