"""A case for the promises about the tables."""

import pytest
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions import adoptions
from referral.criteria import first_shown
from referral.models import Packet, Referral, ReferralVersion, User
from referral.workflow import State

(EDITION, *_) = first_shown()


@pytest.fixture
def case(session: Session, people: dict[str, User]) -> Referral:
    """A case in every table."""
    neurologist, coordinator = people["neurologist"], people["coordinator"]
    case = Referral(
        number="P-2026-0001",
        organisation_id=neurologist.organisation_id,
        referrer_id=neurologist.id,
        programme_id=coordinator.organisation_id,
        state=State.SUBMITTED,
        typed={"person": {"family_name": ["Ångström"]}},
        submitted_at=clock.now(),
    )
    session.add(case)
    session.flush()
    version = ReferralVersion(
        referral_id=case.id,
        version=1,
        snapshot={"snapshot": "1"},
        verdicts={},
        snapshot_sha256="0",
        signed_by_id=neurologist.id,
    )
    session.add(version)
    session.flush()
    session.add(Packet(version_id=version.id, pdf=b"%PDF", sha256="0", issued_by_id=neurologist.id))
    adoptions.adopt(session, people["chair"], EDITION.id, seen=EDITION.sha256, confirmed=True, note="Read.")
    audit.record(session, neurologist, "submitted", case)
    session.commit()
    return case
