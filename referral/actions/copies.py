"""A new draft with the text of an earlier case, and what has changed since.

Only a case that is over is copied; the earlier one stays as it is. What held for the earlier referral alone is
left blank, so that a person confirms it anew: which, and why, stands in :data:`LEFT_BLANK`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from forms import SECTIONS, differences
from referral import audit
from referral.actions import drafts, duplicates
from referral.actions.acceptance import is_accepted
from referral.errors import ConflictError, ForbiddenError
from referral.models import Referral, User
from referral.workflow import State, find_move

OVER = find_move("copy_as_new").sources
"""The states of a case that may be copied: decided, withdrawn, closed, as the table of deeds says."""

Typed = Mapping[str, list[str]]


class LeftBlank(NamedTuple):
    """What is not copied, and why."""

    section: str
    what: str
    why: str


LEFT_BLANK = (
    LeftBlank(
        "judgements", "The dates of the judgements", "A judgement holds for the day on which it was made."
    ),
    LeftBlank("workup", "What was booked", "It has been done since, or cancelled."),
    LeftBlank("goals", "Consent", "It was given for the earlier referral."),
    LeftBlank("request", "The programme and the question", "They are asked anew, of whoever is asked now."),
)


def may_be_copied(session: Session, referral: Referral) -> bool:
    """Tell whether a case is over: as the table of deeds says, and where it was decided, not by an acceptance."""
    return referral.state in OVER and not (referral.state is State.DECIDED and is_accepted(session, referral))


def copy_as_new(session: Session, referral: Referral, *, actor: User) -> Referral:
    """Open a new draft with what was typed in this case, in the name of the actor's neurologist.

    Raises:
        ForbiddenError: this person opens no referrals.
        ConflictError: the case is not over.

    """
    if referral.organisation_id != actor.organisation_id:
        raise ForbiddenError("Only the clinic that wrote a referral can copy it.")
    if not may_be_copied(session, referral):
        how = "accepted" if referral.state in OVER else referral.state.words
        raise ConflictError(f"This case is {how}: it is still on its way, so it is not copied.")
    new = drafts.new_draft(session, actor)
    new.copied_from_id = referral.id
    new.demonstration = referral.demonstration
    new.typed = {
        key: kept for key, typed in referral.typed.items() if (kept := without_what_ended(key, typed))
    }
    duplicates.remember(session, new, drafts.name_for_lists(new))
    audit.record(session, actor, find_move("copy_as_new").past, new, copied_from=str(referral.id))
    return new


def without_what_ended(section: str, typed: Typed) -> dict[str, list[str]]:
    """Give the text of a section that may be copied."""
    if section == "request":
        return {}
    if section == "judgements":
        return {name: text for name, text in typed.items() if name != "on" and not name.endswith("-on")}
    if section == "goals":
        return {name: text for name, text in typed.items() if not name.startswith("beside-consent")}
    if section == "workup":
        booked = {name.removesuffix("-status") for name, text in typed.items() if text == ["booked"]}
        return {name: text for name, text in typed.items() if name.rpartition("-")[0] not in booked}
    return dict(typed)


def changed_json(referral: Referral) -> dict[str, Any] | None:
    """Give what a copied case says otherwise than the one it was copied from, as a snapshot carries it.

    The request is not compared: it is put anew. ``None`` for a case that is no copy.
    """
    original = referral.copied_from
    if original is None:
        return None
    return {
        "since": original.number,
        "sections": [
            {"section": section.key, "title": section.title, "rows": rows}
            for section in SECTIONS
            if section.key != "request"
            and (
                rows := changed_rows(
                    section, original.typed.get(section.key, {}), referral.typed.get(section.key, {})
                )
            )
        ],
    }


def changed_rows(section: Any, before: Typed, after: Typed) -> list[dict[str, str]]:
    """Give the fields of a section that two texts of it fill differently, each with both."""
    found = differences(section(before), section(after))
    return [
        {"field_id": each.field_id, "label": each.label, "before": each.stored, "after": each.mine}
        for each in found
    ]
