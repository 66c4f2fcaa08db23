"""Signing and sending a case, and moving it on."""

from itertools import product

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forms import read_case
from referral import clock
from referral.actions import moves, packets, referrals, submission
from referral.criteria import first_shown
from referral.errors import MoveRefusedError, NotFoundError
from referral.facts import digest
from referral.models import AuditEntry, Packet, Referral, ReferralVersion, User
from referral.packet import contents
from referral.packet.make import House, make_packet
from referral.workflow import MOVES, SENT, Role, State, find_move
from tests.at_hand import COMPLETE, NOT_MET, deeds, invented, make_draft, read, retype, seen, send

People = dict[str, User]
REASON = "The committee should see the case all the same."


@pytest.fixture
def draft(session: Session, people: People) -> Referral:
    return make_draft(session, people)


@pytest.fixture
def neurologist(people: People) -> User:
    return people["neurologist"]


# Signing


def test_what_was_signed_is_what_was_on_the_screen(
    session: Session, draft: Referral, neurologist: User
) -> None:
    on_screen = seen(session, draft)
    version = send(session, draft, neurologist)

    signed = dict(version.snapshot)
    assert signed["signed"] == {"by": neurologist.name, "at": version.signed_at.isoformat()}
    assert signed["referral"]["version"] == 1
    signed |= {"signed": None, "referral": signed["referral"] | {"version": None, "state": "draft"}}
    assert digest(signed) == on_screen


def test_nothing_is_signed_of_a_draft_that_was_read_without_asking_where_it_may_go(
    session: Session, draft: Referral, neurologist: User
) -> None:
    blind = read_case(draft.typed, clock.today())
    signature = submission.Signature(seen(session, draft), declared=True, reason="")

    with pytest.raises(ValueError, match="read with the programmes"):
        submission.submit(session, draft, blind, signature, actor=neurologist, at=clock.now())


def test_the_frozen_version_carries_record_assessment_and_editions_with_their_digests(
    session: Session, draft: Referral, neurologist: User
) -> None:
    version = send(session, draft, neurologist)

    snapshot = version.snapshot
    assert version.snapshot_sha256 == digest(snapshot)
    assert snapshot["record"] == read(session, draft).record.to_json()
    assert {edition["id"]: edition["sha256"] for edition in snapshot["editions"]} == {
        edition.id: edition.sha256 for edition in first_shown()
    }
    verdicts = {each["protocol"]: each["verdict"] for each in snapshot["assessment"]["protocols"]}
    assert version.verdicts == verdicts
    assert set(verdicts) == {edition.id for edition in first_shown()}


def test_the_case_goes_to_its_programme_and_begins_to_wait(
    session: Session, draft: Referral, neurologist: User, people: People
) -> None:
    at = clock.now()
    send(session, draft, neurologist, at=at)

    assert draft.state is State.SUBMITTED
    assert draft.programme_id == people["coordinator"].organisation_id
    assert draft.submitted_at == draft.waiting_since == at
    assert draft.family_name == invented(COMPLETE).who["family_name"]


def test_sending_and_its_trail_come_and_go_together(
    session: Session, draft: Referral, neurologist: User
) -> None:
    session.commit()
    send(session, draft, neurologist)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.deed == "submitted")).one()
    assert entry.referral_id == draft.id
    assert entry.actor_id == neurologist.id
    session.rollback()

    session.refresh(draft)
    assert draft.state is State.DRAFT
    assert "submitted" not in deeds(session)
    assert not session.scalar(select(func.count()).select_from(ReferralVersion))


def test_a_second_click_sends_nothing_twice(session: Session, draft: Referral, neurologist: User) -> None:
    first = send(session, draft, neurologist)
    second = send(session, draft, neurologist, on_screen="from the page of the first click", declared=False)

    assert second is first
    assert deeds(session, draft).count("submitted") == 1


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_database_itself_counts_versions_without_a_gap(
    session: Session, draft: Referral, neurologist: User, number: int
) -> None:
    version = send(session, draft, neurologist)
    session.add(
        ReferralVersion(
            referral_id=draft.id,
            version=number,
            snapshot=version.snapshot,
            snapshot_sha256=version.snapshot_sha256,
            verdicts=version.verdicts,
            signed_by_id=neurologist.id,
        )
    )

    with pytest.raises(IntegrityError, match="without a gap"):
        session.flush()


def test_a_case_that_changed_since_it_was_read_is_not_sent(
    session: Session, draft: Referral, neurologist: User
) -> None:
    before = seen(session, draft)
    retype(draft, "edss", edss__0__score="2.0")

    with pytest.raises(submission.NotSentError) as refused:
        send(session, draft, neurologist, on_screen=before)

    assert refused.value.changed
    assert draft.state is State.DRAFT
    assert "submitted" not in deeds(session)


@pytest.mark.parametrize(
    ("section", "field", "word"),
    [
        ("request", "programme_id", "programme"),
        ("request", "question", "question"),
        ("person", "family_name", "family name"),
        ("person", "birth_date", "date of birth"),
    ],
)
def test_what_a_case_must_have_is_named_with_its_place(
    session: Session, draft: Referral, neurologist: User, section: str, field: str, word: str
) -> None:
    retype(draft, section, **{field: None})

    with pytest.raises(submission.NotSentError) as refused:
        send(session, draft, neurologist)

    (obstacle,) = refused.value.obstacles
    assert (obstacle.section, obstacle.field_id) == (section, field)
    assert word in obstacle.message
    assert draft.state is State.DRAFT


def test_text_that_cannot_be_read_is_never_left_out_without_a_word(
    session: Session, draft: Referral, neurologist: User
) -> None:
    retype(draft, "edss", edss__0__score="3.3")

    with pytest.raises(submission.NotSentError, match="left out"):
        send(session, draft, neurologist)


def test_who_has_not_said_that_it_was_checked_does_not_send(
    session: Session, draft: Referral, neurologist: User
) -> None:
    with pytest.raises(submission.NotSentError, match="checked"):
        send(session, draft, neurologist, declared=False)


# Reasons


def test_a_case_that_meets_no_set_may_be_sent_with_a_reason(
    session: Session, people: People, neurologist: User
) -> None:
    draft = make_draft(session, people, NOT_MET)
    version = send(session, draft, neurologist, reason=f"  {REASON} ")

    assert set(version.verdicts.values()) == {"not_met"}
    assert version.reason == version.snapshot["reason"] == REASON


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_without_a_reason_it_is_not_sent(
    session: Session, people: People, neurologist: User, reason: str
) -> None:
    draft = make_draft(session, people, NOT_MET)

    with pytest.raises(submission.NotSentError) as refused:
        send(session, draft, neurologist, reason=reason)

    assert refused.value.lacks("reason")
    assert draft.state is State.DRAFT


def test_a_reason_that_nobody_asked_for_is_not_kept(
    session: Session, draft: Referral, neurologist: User
) -> None:
    version = send(session, draft, neurologist, reason="Nobody asked.")

    assert version.reason is None
    assert version.snapshot["reason"] is None


def test_a_reason_too_long_is_refused_not_cut(session: Session, people: People, neurologist: User) -> None:
    draft = make_draft(session, people, NOT_MET)

    with pytest.raises(submission.NotSentError, match="Shorten"):
        send(session, draft, neurologist, reason="x" * (moves.LONGEST_REASON + 1))


@pytest.mark.parametrize("name", ["fallowfield_jun", "dunmarrow_aiyana", "pinchbeck_rosalind"])
def test_whatever_the_criteria_say_a_case_can_be_sent(
    session: Session, people: People, neurologist: User, name: str
) -> None:
    draft = make_draft(session, people, name)
    retype(draft, "person", birth_date="3 March 1990")

    assert send(session, draft, neurologist, reason=REASON).version == 1


# What was frozen


def test_the_frozen_version_stays_whatever_becomes_of_the_draft(
    session: Session, draft: Referral, neurologist: User
) -> None:
    version = send(session, draft, neurologist)
    before = digest(version.snapshot)
    draft.typed = {}
    draft.family_name = "Somebody else"
    session.commit()

    session.refresh(version)
    assert digest(version.snapshot) == before == version.snapshot_sha256
    assert contents(version.snapshot).person.name == "Tadeusz Whinfell"


def test_the_packet_is_made_once_and_would_come_out_the_same(
    session: Session, draft: Referral, neurologist: User, house: House
) -> None:
    version = send(session, draft, neurologist)
    packet = packets.issue_packet(session, version, actor=neurologist, house=house)
    session.commit()
    kept = packet.pdf

    draft.typed = {}
    assert packets.issue_packet(session, version, actor=neurologist, house=house) is packet
    assert make_packet(version.snapshot, house).pdf == kept
    assert session.scalar(select(func.count()).select_from(Packet)) == 1
    assert deeds(session, draft).count("packet_issued") == 1


def test_there_is_no_packet_of_what_nobody_signed(
    session: Session, draft: Referral, neurologist: User
) -> None:
    with pytest.raises(NotFoundError):
        packets.read_packet(session, draft, None, neurologist)


# Who may, and from where


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.NEUROLOGIST])
def test_nobody_but_a_neurologist_signs(
    session: Session, draft: Referral, people: People, role: Role
) -> None:
    with pytest.raises(MoveRefusedError):
        send(session, draft, people[role])

    assert draft.state is State.DRAFT
    assert "submitted" not in deeds(session)


def test_a_case_moves_exactly_as_the_table_says(session: Session, people: People, draft: Referral) -> None:
    send(session, draft, people["neurologist"])
    before = len(deeds(session))

    for deed, role, state in product(sorted(move.deed for move in MOVES), Role, State):
        rows = [move for move in MOVES if move.deed == deed and role in move.roles and state in move.sources]
        undone = session.begin_nested()
        draft.state = state
        session.flush()
        if rows:
            moves.move(session, draft, deed, actor=people[role], reason=REASON)
            assert draft.state is (rows[0].target or state)
            assert deeds(session)[before:] == [find_move(deed).past]
        else:
            with pytest.raises(MoveRefusedError):
                moves.move(session, draft, deed, actor=people[role], reason=REASON)
            assert draft.state is state
            assert len(deeds(session)) == before
        undone.rollback()


@pytest.mark.parametrize(
    ("deed", "role"), [("withdraw", Role.NEUROLOGIST), ("mark_entered_in_error", Role.COORDINATOR)]
)
def test_who_takes_a_case_aside_says_why(
    session: Session, people: People, draft: Referral, deed: str, role: Role
) -> None:
    send(session, draft, people["neurologist"])

    for reason in ("", "  ", "x" * (moves.LONGEST_REASON + 1)):
        with pytest.raises(moves.ReasonMissingError):
            moves.move(session, draft, deed, actor=people[role], reason=reason)
    assert draft.state in SENT

    moves.move(session, draft, deed, actor=people[role], reason=" Sent twice. ")
    assert draft.state_reason == "Sent twice."
    assert "Sent twice." not in str(session.scalars(select(AuditEntry.detail)).all())


# One way to a case


def test_what_is_not_yours_is_not_found(session: Session, draft: Referral, people: People) -> None:
    send(session, draft, people["neurologist"])
    inside = {"neurologist", "delegate", "coordinator", "committee_member", "chair"}

    for who, person in people.items():
        if who in inside:
            assert referrals.get_referral(session, draft.id, person) is draft
        else:
            with pytest.raises(NotFoundError):
                referrals.get_referral(session, draft.id, person)


def test_a_draft_is_seen_by_its_clinic_only(session: Session, draft: Referral, people: People) -> None:
    for who in ("coordinator", "committee_member", "chair", "other_neurologist", "auditor", "administrator"):
        with pytest.raises(NotFoundError):
            referrals.get_referral(session, draft.id, people[who])


def test_what_was_withdrawn_before_it_was_sent_is_seen_by_its_clinic_only(
    session: Session, draft: Referral, people: People
) -> None:
    draft.programme_id = people["coordinator"].organisation_id
    moves.move(session, draft, "withdraw", actor=people["neurologist"], reason=REASON)

    assert referrals.get_referral(session, draft.id, people["delegate"]) is draft
    with pytest.raises(NotFoundError):
        referrals.get_referral(session, draft.id, people["coordinator"])
