"""Cases at hand: an invented person's case, typed as a draft, and sent as its neurologist does."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import ReadCase, read_case, typed_from
from referral import clock
from referral.actions import drafts, referrals, submission
from referral.demo import Course, read_people
from referral.facts import digest, read_record
from referral.models import AuditEntry, Organisation, Referral, ReferralVersion, User
from referral.workflow import State
from tests.browser import Browser, Page

COMPLETE = "whinfell_tadeusz"  # no edition has a requirement that he does not meet
NOT_MET = "ashdown_marigold"  # every edition has one that she does not meet
QUESTION = "Would the committee take the case?"
REASON = "The committee should see the case all the same."
INSIDE = ("neurologist", "delegate", "coordinator", "committee_member", "chair")  # who may see a sent case


@cache
def invented(name: str) -> Course:
    """An invented person as of today."""
    (found,) = (person for person in read_people(clock.today()) if person.name == name)
    return found


def make_draft(
    session: Session,
    people: Mapping[str, User],
    name: str = COMPLETE,
    *,
    question: str = QUESTION,
    programme: str = "coordinator",
    referrer: str = "neurologist",
) -> Referral:
    """Type an invented person's case into a draft of the neurologist, addressed to the coordinator's programme."""
    person = invented(name)
    referral = drafts.open_draft(session, people[referrer])
    request = {"programme_id": str(people[programme].organisation_id), "question": question}
    record = read_record(person.record, clock.today())
    referral.typed = dict(typed_from(record, person.who, request, person.beside))
    drafts.name_for_lists(referral)
    session.flush()
    return referral


def retype(referral: Referral, section: str, **fields: str | None) -> None:
    """Type over some fields of a section; ``None`` clears one. ``__`` in a name stands for the dash."""
    typed = dict(referral.typed.get(section, {}))
    for name, text in fields.items():
        field = name.replace("__", "-")
        typed.pop(field, None)
        if text is not None:
            typed[field] = [text]
    referral.typed = {**referral.typed, section: typed}


def read(session: Session, referral: Referral) -> ReadCase:
    return read_case(referral.typed, clock.today(), drafts.programmes(session))


def seen(session: Session, referral: Referral) -> str:
    """The digest of what the review page shows."""
    draft = read(session, referral)
    assessment = referrals.assess_draft(session, draft, clock.today())
    return digest(referrals.make_snapshot(session, referral, draft, assessment))


def send(
    session: Session,
    referral: Referral,
    actor: User,
    *,
    reason: str = "",
    at: datetime | None = None,
    on_screen: str | None = None,
    declared: bool = True,
) -> ReferralVersion:
    """Sign and send a draft as a careful person does, unless ``on_screen`` or ``declared`` say otherwise."""
    signature = submission.Signature(on_screen or seen(session, referral), declared, reason)
    draft = read(session, referral)
    return submission.submit(session, referral, draft, signature, actor=actor, at=at or clock.now())


def deeds(session: Session, referral: Referral | None = None) -> list[str]:
    """The trail, the oldest first; of one case or of all."""
    trail = select(AuditEntry.deed).order_by(AuditEntry.id)
    if referral is not None:
        trail = trail.where(AuditEntry.referral_id == referral.id)
    return list(session.scalars(trail))


def organisation(session: Session, name: str) -> Organisation:
    return session.scalars(select(Organisation).where(Organisation.name == name)).one()


def page_of(referral: Referral, rest: str = "") -> str:
    return f"/referrals/{referral.id}{rest}"


def stands(referral: Referral) -> State:
    """Where the case stands now, whatever was asserted of it before."""
    return referral.state


def sign(browser: Browser, referral: Referral, status: int = 200, **fields: str) -> Page:
    """Fill the form of the review page in and press its button."""
    form = browser.visit(page_of(referral, "/submission")).fields(page_of(referral, "/submission"))
    return browser.send(page_of(referral, "/submission"), form | fields, status)
