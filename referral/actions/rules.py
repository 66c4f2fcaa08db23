"""What a programme has settled for itself: quorum, reminders, what referrers see of the waiting, wash-out, retention.

No figure here is a criterion or a guideline: each is the programme's own rule and is called so where it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions.evidence import check_reader
from referral.errors import ConflictError, ForbiddenError
from referral.facts import digest
from referral.models import ProgrammeRules, Specialty, User
from referral.workflow import Role

LONGEST_DAYS, LONGEST_YEARS, LONGEST_MONTHS, LONGEST_WASHOUT, LARGEST_QUORUM = 365, 100, 120, 3650, 20
RETENTION = ("keep_years", "keep_draft_months")


@dataclass(frozen=True)
class Rules:
    """One programme's rules. ``washout`` is in days by drug key; ``keep_…`` ``None``: kept for good."""

    quorum: Mapping[str, int] = field(default_factory=lambda: {"neurology": 1, "haematology": 1})
    remind_after_days: int = 7
    escalate_after_days: int = 14
    shows_waiting: bool = False
    keep_years: int | None = None
    keep_draft_months: int | None = None
    washout: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give the rules as plain data."""
        return {
            "quorum": dict(self.quorum),
            "remind_after_days": self.remind_after_days,
            "escalate_after_days": self.escalate_after_days,
            "shows_waiting": self.shows_waiting,
            "keep_years": self.keep_years,
            "keep_draft_months": self.keep_draft_months,
            "washout": dict(self.washout),
        }


def rules_for(session: Session, programme_id: UUID) -> Rules:
    """Give the rules of a programme; where it has settled none, ours."""
    kept = session.get(ProgrammeRules, programme_id)
    if kept is None:
        return Rules()
    return Rules(
        quorum=kept.quorum,
        remind_after_days=kept.remind_after_days,
        escalate_after_days=kept.escalate_after_days,
        shows_waiting=kept.shows_waiting,
        keep_years=kept.keep_years,
        keep_draft_months=kept.keep_draft_months,
        washout=kept.washout,
    )


def mark_of(rules: Rules) -> str:
    """Give the digest of the rules: what a page was opened with."""
    return digest(rules.to_json())


def change_rules(
    session: Session, actor: User, rules: Rules, *, seen: str, at: datetime | None = None
) -> bool:
    """Make these the rules of the actor's own programme; tell whether that changed anything.

    Raises:
        ForbiddenError: only the chair settles the rules.
        ConflictError: somebody else has changed them since the page was opened.
        ValueError: a figure out of its bounds; the page has said so before.

    """
    check_reader(actor)
    if actor.role is not Role.CHAIR:
        raise ForbiddenError("The chair settles the rules of the programme.")
    before = rules_for(session, actor.organisation_id)
    if rules == before:
        return False
    if seen != mark_of(before):
        raise ConflictError("The rules were changed by somebody else since you opened this page.")
    _check(rules)
    kept = session.get(ProgrammeRules, actor.organisation_id)
    new, old = rules.to_json(), before.to_json()
    if kept is None:
        kept = ProgrammeRules(programme_id=actor.organisation_id)
        session.add(kept)
    for name, value in new.items():
        setattr(kept, name, value)
    if any(new[name] != old[name] for name in RETENTION):
        kept.keep_since = at or clock.now()
    session.flush()
    changed = {name: {"was": old[name], "is": new[name]} for name in new if new[name] != old[name]}
    audit.record(
        session, actor, "rules_changed", at=at, programme=str(actor.organisation_id), changed=changed
    )
    return True


def _check(rules: Rules) -> None:
    if not set(rules.quorum) <= {each.value for each in Specialty} or not all(
        0 <= number <= LARGEST_QUORUM for number in rules.quorum.values()
    ):
        raise ValueError(f"a quorum is a number from 0 to {LARGEST_QUORUM} for each specialty")
    for days in (rules.remind_after_days, rules.escalate_after_days):
        if not 1 <= days <= LONGEST_DAYS:
            raise ValueError(f"days are from 1 to {LONGEST_DAYS}")
    if rules.keep_years is not None and not 1 <= rules.keep_years <= LONGEST_YEARS:
        raise ValueError(f"years are from 1 to {LONGEST_YEARS}")
    if rules.keep_draft_months is not None and not 1 <= rules.keep_draft_months <= LONGEST_MONTHS:
        raise ValueError(f"months are from 1 to {LONGEST_MONTHS}")
    if not all(0 <= days <= LONGEST_WASHOUT for days in rules.washout.values()):
        raise ValueError(f"wash-out is from 0 to {LONGEST_WASHOUT} days")
