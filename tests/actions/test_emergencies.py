"""Reading a case from outside in an emergency: who may, for how long, who is told, what is counted, who reviews."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.actions import emergencies, emergency_reviews
from referral.actions.emergencies import NOT_FOUND, NotOpenedError, TooManyTriesError
from referral.actions.referrals import get_referral
from referral.errors import ConflictError, NotFoundError
from referral.models import (
    AuditEntry,
    EmergencyAccess,
    EmergencyOutcome,
    EmergencyReason,
    Mail,
    Referral,
    User,
)
from referral.workflow import Role
from tests.at_hand import make_draft, send

People = dict[str, User]
WHY = "She was brought to our ward unconscious."


@pytest.fixture
def case(session: Session, people: People) -> Referral:
    """A case that went from the one clinic to the one programme."""
    found = make_draft(session, people)
    send(session, found, people["neurologist"])
    session.commit()
    return found


@pytest.fixture
def open_it(session: Session, people: People, case: Referral) -> Callable[..., EmergencyAccess]:
    def do(who: str = "other_coordinator", number: str | None = None) -> EmergencyAccess:
        return emergencies.open_case(
            session, people[who], number or case.number, EmergencyReason.TREATING_NOW, WHY
        )

    return do


def deeds(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))


def seen(session: Session, user: User, *, with_emergencies: bool) -> set[str]:
    wanted = select(Referral.number).where(auth.scope(user, with_emergencies=with_emergencies))
    return set(session.scalars(wanted))


@pytest.mark.parametrize(
    "who", ["other_coordinator", "other_neurologist", "other_committee_member", "other_chair"]
)
def test_who_answers_for_care_reads_it_and_nothing_lists_it(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess], who: str
) -> None:
    access = open_it(who)

    assert access.until - access.opened_at == timedelta(minutes=60)
    assert seen(session, people[who], with_emergencies=True) == {case.number}
    assert seen(session, people[who], with_emergencies=False) == set()
    assert emergencies.read_case(session, people[who], access.id, "case")[1].id == case.id
    with pytest.raises(NotFoundError):
        get_referral(session, case.id, people[who])


def test_nobody_changes_what_they_opened_in_an_emergency(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    open_it()

    with pytest.raises(NotFoundError):
        get_referral(session, case.id, people["other_coordinator"], to_change=True, in_emergency=True)


@pytest.mark.parametrize("who", ["auditor", "administrator", "other_delegate"])
def test_who_answers_for_no_care_opens_nothing(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess], who: str
) -> None:
    with pytest.raises(NotOpenedError):
        open_it(who)

    assert seen(session, people[who], with_emergencies=True) == set()


def test_a_draft_a_wrong_number_and_ones_own_are_refused_in_the_same_words(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    draft = make_draft(session, people)
    session.commit()

    refusals = []
    for who, number in (
        ("other_coordinator", draft.number),
        ("other_coordinator", "P-1999-0000"),
        ("other_coordinator", "%"),
        ("coordinator", case.number),
    ):
        with pytest.raises(NotOpenedError) as refused:
            open_it(who, number)
        refusals.append(str(refused.value))

    assert refusals == [NOT_FOUND] * 4
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.deed, last.referral_id, last.detail) == ("emergency_refused", None, {})


def test_tries_are_counted_right_or_wrong_and_the_next_hour_begins_anew(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    emergencies.end(session, people["other_coordinator"], open_it().id)
    for _ in range(4):
        with pytest.raises(NotOpenedError):
            open_it(number="P-1999-0000")

    with pytest.raises(TooManyTriesError):
        open_it()
    assert open_it("other_chair"), "another person is not held up"

    later = clock.now() + timedelta(hours=1, seconds=1)
    again = emergencies.open_case(
        session, people["other_coordinator"], case.number, EmergencyReason.SAFETY, WHY, at=later
    )
    assert again.opened_at == later


def test_it_is_over_after_an_hour_and_when_it_is_ended(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    who, access = people["other_coordinator"], open_it()
    stranger = people["other_chair"]
    with pytest.raises(NotFoundError):
        emergencies.read_case(session, stranger, access.id, "case")

    access.opened_at -= timedelta(minutes=61)
    access.until -= timedelta(minutes=61)
    session.flush()
    assert emergencies.open_now(session, who) == []
    with pytest.raises(NotFoundError):
        emergencies.read_case(session, who, access.id, "case")

    emergencies.end(session, who, open_it().id)
    assert seen(session, who, with_emergencies=True) == set()


def test_opening_twice_is_one_opening(
    session: Session, people: People, open_it: Callable[..., EmergencyAccess]
) -> None:
    assert open_it().id == open_it().id
    assert deeds(session).count("emergency_opened") == 1


def test_programme_and_clinic_are_told_at_once_without_a_word_of_the_case(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    before = set(session.scalars(select(Mail.id)))
    open_it()

    sent = [mail for mail in session.scalars(select(Mail)) if mail.id not in before]
    told = {mail.to_user_id for mail in sent}
    assert {people[who].id for who in ("coordinator", "chair", "neurologist", "delegate")} == told
    for mail in sent:
        assert case.number in mail.subject
        assert WHY not in mail.body
        assert (case.family_name or "?") not in mail.subject + mail.body


def test_the_opening_and_each_reading_are_an_entry(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    access = open_it()
    before = len(deeds(session))
    emergencies.read_case(session, people["other_coordinator"], access.id, "case")
    emergencies.read_case(session, people["other_coordinator"], access.id, "packet")

    assert deeds(session)[before - 1 :] == ["emergency_opened", "emergency_read", "emergency_read"]
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.detail == {"access": str(access.id), "what": "packet"}
    assert WHY not in str([each.detail for each in session.scalars(select(AuditEntry))])


def test_the_chair_of_the_record_or_an_auditor_reviews_once_and_nobody_else(
    session: Session, people: People, open_it: Callable[..., EmergencyAccess]
) -> None:
    access = open_it("other_chair")
    session.commit()

    with pytest.raises(NotFoundError):
        emergency_reviews.review(
            session, people["other_chair"], access.id, EmergencyOutcome.JUSTIFIED, "It was I."
        )
    assert emergency_reviews.waiting(session, people["other_chair"]) == 0
    assert [emergency_reviews.waiting(session, people[who]) for who in ("chair", "auditor")] == [1, 1]

    emergency_reviews.review(session, people["chair"], access.id, EmergencyOutcome.NOT_JUSTIFIED, "No ward.")
    with pytest.raises(ConflictError):
        emergency_reviews.review(session, people["auditor"], access.id, EmergencyOutcome.JUSTIFIED, "")

    (told,) = emergency_reviews.uses(session, people["auditor"]).reviewed
    assert (told.access.outcome, told.access.reviewed_by_id) == (
        EmergencyOutcome.NOT_JUSTIFIED,
        people["chair"].id,
    )
    assert deeds(session)[-1] == "emergency_reviewed"


def test_the_database_lets_nobody_review_their_own(
    session: Session, people: People, open_it: Callable[..., EmergencyAccess]
) -> None:
    access = open_it()
    access.reviewed_by_id, access.reviewed_at = access.user_id, clock.now()
    access.outcome = EmergencyOutcome.JUSTIFIED

    with pytest.raises(IntegrityError, match="nobody_reviews_their_own"):
        session.flush()


def test_what_nobody_has_reviewed_in_time_is_named_every_day(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess]
) -> None:
    access = open_it()
    session.commit()
    on_time = access.opened_at + timedelta(hours=71, minutes=59)
    late = access.opened_at + timedelta(hours=72)

    assert emergency_reviews.due_reviews(session, on_time) == 0
    assert emergency_reviews.due_reviews(session, late) == 1
    assert emergency_reviews.due_reviews(session, late + timedelta(minutes=1)) == 0, "once a day"
    told = {
        mail.to_user_id for mail in session.scalars(select(Mail)) if "emergency unreviewed" in mail.occasion
    }
    assert told == {people[who].id for who in ("chair", "auditor", "other_auditor")}
    assert emergency_reviews.due_reviews(session, late + timedelta(days=1)) == 1

    emergency_reviews.review(session, people["chair"], access.id, EmergencyOutcome.JUSTIFIED, "")
    assert emergency_reviews.due_reviews(session, late + timedelta(days=2)) == 0


def test_a_review_while_the_list_is_looked_at_is_not_named_late(
    session: Session, people: People, open_it: Callable[..., EmergencyAccess]
) -> None:
    access = open_it()
    session.commit()
    engine = session.get_bind()
    assert isinstance(engine, Engine)

    reviewed: list[bool] = []

    def review(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "JOIN referral" in statement and not reviewed:
            reviewed.append(True)
            with Session(engine) as other:
                chair = other.get_one(User, people["chair"].id)
                emergency_reviews.review(other, chair, access.id, EmergencyOutcome.JUSTIFIED, "")
                other.commit()

    event.listen(engine, "after_cursor_execute", review)
    assert emergency_reviews.due_reviews(session, access.opened_at + timedelta(hours=80)) == 0
    assert reviewed
    assert session.scalar(select(Mail).where(Mail.occasion.contains("unreviewed"))) is None
    assert deeds(session)[-1] == "emergency_reviewed"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.DELEGATE])
def test_who_has_another_role_now_reads_no_longer(
    session: Session, people: People, case: Referral, open_it: Callable[..., EmergencyAccess], role: Role
) -> None:
    access = open_it()
    people["other_coordinator"].role = role
    session.flush()

    with pytest.raises(NotFoundError):
        emergencies.read_case(session, people["other_coordinator"], access.id, "case")
