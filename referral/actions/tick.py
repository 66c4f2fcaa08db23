"""All that time does, one topic after another. Safe to run every minute, and twice at once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from sqlalchemy.orm import Session

from referral import database
from referral.keeping.marks import is_shut

log = logging.getLogger(__name__)

Due = Callable[[Session, datetime], int]


@dataclass(frozen=True)
class Topic:
    """One thing that time does: what it is called once done, and the function, named so that none is forgotten."""

    words: str
    module: str
    function: str

    def find(self) -> Due:
        """Give the function."""
        found: Due = getattr(import_module(self.module), self.function)
        return found


TOPICS = (
    Topic("cases given an owner", "referral.actions.due", "due_owners"),
    Topic("deferred cases come back", "referral.actions.due", "due_deferrals"),
    Topic("reminders and escalations of questions", "referral.actions.questions", "due_reminders"),
    Topic("cases escalated that stood still", "referral.actions.due", "due_overdue"),
    Topic("old drafts brought to mind", "referral.actions.due", "due_stale_drafts"),
    Topic("cases with visits put into the diary", "referral.actions.due", "due_visits"),
    Topic("emergency accesses whose review is overdue", "referral.actions.emergency_reviews", "due_reviews"),
    Topic("people who read unusually much", "referral.actions.much_read", "due_much_read"),
    Topic("packets made", "referral.actions.packets", "due_packets"),
    Topic("committee packs made", "referral.actions.packs", "due_packs"),
    Topic("letters released", "referral.actions.letters", "due_letters"),
    Topic("notices sent", "referral.actions.mail", "due_mail"),
    Topic("files from elsewhere forgotten", "referral.actions.imports", "due_unconfirmed"),
    Topic("sessions and tries forgotten that are over", "referral.actions.forgetting", "due_sign_ins"),
    Topic("cases deleted whose time had come", "referral.actions.retention", "due_retention"),
    Topic("heads of the audit trail anchored", "referral.audit", "due_anchor"),
    Topic("tables looked through", "referral.actions.due", "due_statistics"),
    Topic("ticks", "referral.keeping.marks", "due_mark"),
)
"""In this order: whoever is given a case is told of it, and what is written in a tick is sent in it."""


@dataclass(frozen=True)
class Done:
    """How often something was done in one tick; ``None`` where it failed, which the log tells more of."""

    words: str
    times: int | None


def tick(session: Session, now: datetime) -> list[Done]:
    """Do all that is due. A topic that fails keeps no other from being looked after, and is tried again next time."""
    with database.looking(session):
        shut = is_shut(session)
    if shut:  # brought back from a backup, and nobody has looked yet
        return []
    return [Done(topic.words, _look_after(session, topic, now)) for topic in TOPICS]


def _look_after(session: Session, topic: Topic, now: datetime) -> int | None:
    try:
        times = topic.find()(session, now)
        session.commit()
    except Exception:  # whatever it fails with, the next topic has its turn
        session.rollback()
        log.exception("Time could not do its part: %s", topic.words)
        return None
    return times
