"""The history of a case as a page tells it: what was done, and who has read it, without saying one thing ten times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from forms import SECTIONS
from referral.actions.auditing import PROGRAMMES_OWN, Seen
from referral.auth import RECEIVERS
from referral.models import AuditEntry, User

DEEDS = {
    "draft_opened": "Opened as a draft",
    "copied_as_new": "Opened as a copy of an earlier case",
    "draft_saved": "Saved",
    "submitted": "Signed and sent",
    "packet_issued": "Packet made",
    "review_started": "Review started",
    "made_ready": "Made ready for the committee",
    "withdrawn": "Withdrawn",
    "entered_in_error": "Marked as entered in error",
    "case_read": "Read",
    "packet_read": "Packet fetched",
    "packet_with_files_read": "Packet fetched with its files",
    "packet_checked": "Packet checked",
    "attachment_added": "File added",
    "attachment_replaced": "File replaced by a newer one",
    "attachment_described": "What a file is, said anew",
    "attachment_removed": "File removed from the draft",
    "attachment_read": "File read",
    "emergency_opened": "Opened from outside in an emergency",
    "emergency_read": "Read from outside in an emergency",
    "emergency_ended": "Emergency access ended before its time",
    "emergency_reviewed": "Emergency access reviewed",
    "emergency_review_overdue": "Told that the review of an emergency access is overdue",
}
TITLES = {section.key: section.title for section in SECTIONS}


@dataclass(frozen=True)
class Told:
    """One line of the history: what somebody did, how often in a row, and when last."""

    at: datetime
    what: str
    who: User | None
    times: int


def acts(trail: Iterable[AuditEntry], viewer: User) -> list[Told]:
    """Tell what was done, in the order of the trail; saves of one section in a row are one line.

    What the programme is about before it answers is told to the programme only.
    """
    done = [entry for entry in trail if viewer.role in RECEIVERS or entry.deed not in PROGRAMMES_OWN]
    groups = (list(group) for _, group in groupby(done, key=lambda entry: (_what(entry), entry.actor_id)))
    return [_told(group) for group in groups]


def readers(seen: Iterable[Seen]) -> list[Told]:
    """Tell who has read the case or fetched its packet: one line a person and kind."""
    return [Told(each.last, DEEDS[each.deed], each.who, each.times) for each in seen]


def _what(entry: AuditEntry) -> str:
    words = DEEDS.get(entry.deed, entry.deed.replace("_", " ").capitalize())
    section = TITLES.get(entry.detail.get("section", "")) if entry.deed == "draft_saved" else None
    return f"{words}: {section}" if section else words


def _told(group: list[AuditEntry]) -> Told:
    last = max(group, key=lambda entry: entry.at)
    return Told(last.at, _what(last), last.actor, len(group))
