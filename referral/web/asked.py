"""A question as a page shows it: each item with the field where it is typed, and whether something stands there."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from forms import ReadCase
from referral.actions import questions as actions
from referral.actions.evidence import DOCUMENT, catalogue, is_there
from referral.actions.versions import Changes, changes_between, changes_told, versions_of
from referral.auth import REFERRERS
from referral.models import Question, Referral, ReferralVersion, User
from referral.web.blanks import find_blank

STEP = re.compile(r"([a-z0-9_]+)(?:\[([0-9]+)\])?")


@dataclass(frozen=True)
class AskedItem:
    """One item of a question. ``address`` is its very field, for who may type there; ``there`` ``None``: not told."""

    words: str
    address: str | None
    there: bool | None


@dataclass(frozen=True)
class Asked:
    """A question with its items as they stand for the reader."""

    question: Question
    items: tuple[AskedItem, ...]
    escalated: bool


def asked_now(session: Session, referral: Referral, viewer: User, draft: ReadCase | None) -> Asked | None:
    """Give what is asked now; ``draft`` is what the clinic has typed meanwhile, and nobody else is told of it."""
    question = actions.find_open_question(session, referral)
    if question is None:
        return None
    item = partial(_item, referral, draft if viewer.role in REFERRERS else None)
    items = tuple(item(each) for each in question.items)
    return Asked(question, items, actions.was_escalated(session, question))


def _item(referral: Referral, draft: ReadCase | None, item: Any) -> AskedItem:
    path, words = item["path"], item["words"]
    if draft is None or not path:  # what a committee asks in its own words has no field of the form
        return AskedItem(words, None, None)
    choice = catalogue().get(path)
    if choice is not None and choice.section == DOCUMENT:
        return AskedItem(words, url_for("attachments.index", referral_id=referral.id), None)
    if choice is not None:
        return AskedItem(
            words, _field(referral, choice.section, choice.field_id), is_there(choice, draft.forms)
        )
    blank = find_blank(path, draft)
    return AskedItem(words, _field(referral, blank.section, blank.anchor), _known(path, draft))


def _field(referral: Referral, section: str, anchor: str) -> str:
    return url_for("drafts.edit_section", referral_id=referral.id, section=section, _anchor=anchor)


def _known(path: str, draft: ReadCase) -> bool | None:
    """Tell whether a fact of the record is known by now; of a whole list nobody can tell."""
    found: Any = draft.record.to_json()
    for name, place in STEP.findall(path):
        found = found.get(name) if isinstance(found, dict) else None
        if place and isinstance(found, list):
            found = found[int(place)] if int(place) < len(found) else None
    return None if isinstance(found, list) else found is not None


@dataclass(frozen=True)
class SignedAgain:
    """What is to be shown of a case that was signed more than once: its earlier versions, the latest changes."""

    earlier: tuple[ReferralVersion, ...]
    changes: Changes


def signed_again(session: Session, referral: Referral, newest: ReferralVersion | None) -> SignedAgain | None:
    """Give the earlier versions and what the newest changed; ``None`` where there is one version or none."""
    if newest is None or newest.version == 1:
        return None
    earlier = tuple(each for each in versions_of(session, referral) if each.version != newest.version)
    changes = changes_told(newest.snapshot) or changes_between(earlier[0].snapshot, newest.snapshot)
    return SignedAgain(earlier, changes)
