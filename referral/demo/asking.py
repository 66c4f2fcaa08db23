"""What the invented programme has asked, what a clinic answered, and what was said about a case."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from forms import read_case
from referral.actions import messages, packets, questions, referrals, submission
from referral.actions.drafts import programmes
from referral.actions.versions import read_signed
from referral.facts import digest
from referral.models import Referral, User

ASKED, ANSWERED = "dunmarrow_aiyana", "zelazowska_lucja"
COORDINATOR, CHAIR = "okonjo", "lindqvist"
NOON = time(12, tzinfo=UTC)
FIRST_SYMPTOM = ("diagnosis", "symptom_onset")

People = Mapping[str, User]
Cases = Mapping[str, Referral]


def ask(session: Session, people: People, cases: Cases, today: date, *, with_packets: bool) -> None:
    """Ask two clinics: one has not answered yet, one has, with a second version; talk about that one."""
    noon, coordinator = datetime.combine(today, NOON), people[COORDINATOR]
    waits, came_back = cases[ASKED], cases[ANSWERED]
    text = "Is there a newer MRI report than the one you mention? Please attach it if so."
    questions.ask(session, waits, _offered(session, waits)[:3], text, actor=coordinator, at=noon - _days(5))
    text = "Please look at the facts once more, and say what has changed since the summer."
    questions.ask(
        session, came_back, _offered(session, came_back)[:2], text, actor=coordinator, at=noon - _days(9)
    )
    _answer(session, came_back, noon - _days(5), with_packets=with_packets)
    _talk(session, came_back, people, noon - _days(4))


def _days(number: int) -> timedelta:
    return timedelta(days=number)


def _offered(session: Session, case: Referral) -> list[str]:
    version = referrals.newest_version(session, case)
    return [each.path for each in questions.askable(session, case, version)] if version else []


def _answer(session: Session, case: Referral, at: datetime, *, with_packets: bool) -> None:
    """Change one fact as its neurologist does, and sign."""
    signer, day = case.referrer, at.date()
    goals = dict(case.typed.get("goals", {})) | {
        "beside-discussed": ["The time away from work and the loss of fertility, with both partners."]
    }
    case.typed = {**case.typed, "goals": goals}
    draft = read_case(case.typed, day, programmes(session))
    assessment = referrals.assess_draft(session, draft, day)
    seen = digest(referrals.make_snapshot(session, case, draft, assessment))
    signature = submission.Signature(seen, declared=True, reason="The question to the committee stands.")
    text = "Nothing new since the summer but the talk at home, which is written down now."
    version = questions.answer(session, case, draft, signature, text, actor=signer, at=at)
    if with_packets:
        packets.issue_packet(session, version, actor=signer, at=at)


def _talk(session: Session, case: Referral, people: People, at: datetime) -> None:
    version = referrals.newest_version(session, case)
    if version is None:
        raise ValueError("nothing was signed of this case")
    record = read_signed(version.snapshot).record
    onset = ".".join(FIRST_SYMPTOM)
    fact = onset if onset in messages.facts_of(record) else ""
    said = (
        (
            people[COORDINATOR],
            "both",
            fact,
            "Thank you. The committee will ask how the first symptom was dated.",
        ),
        (case.referrer, "both", "", "From the patient and from the letter of the hospital at the time."),
        (people[CHAIR], "programme", "", "Good enough for me. Please keep it for one of the next meetings."),
    )
    for hours, (author, audience, about, text) in enumerate(said):
        messages.write(
            session, case, record, text, audience, about, actor=author, at=at + timedelta(hours=hours)
        )
