"""Whether a case was accepted, as its decision stands now."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.models import Decision, Outcome, Referral


def is_accepted(session: Session, referral: Referral) -> bool:
    """Tell whether the decision that stands is an acceptance."""
    standing = select(Decision.outcome).where(
        Decision.referral_id == referral.id, Decision.signed_at.is_not(None), Decision.superseded_at.is_(None)
    )
    return session.scalar(standing) is Outcome.ACCEPTED
