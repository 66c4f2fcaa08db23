"""Asking the clinic in one act, its answer as a new version, and the reminders in between."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import drafts, moves, packets, questions, submission
from referral.actions.versions import changes_between, changes_told, versions_of
from referral.errors import ConflictError, MoveRefusedError
from referral.facts import digest
from referral.models import (
    AuditEntry,
    EvidenceItem,
    Mail,
    Question,
    Referral,
    ReferralVersion,
    StandingVerdict,
    User,
)
from referral.packet.make import House
from referral.workflow import Role, State
from tests.at_hand import COMPLETE, deeds, make_draft, read, retype, seen, send

People = dict[str, User]
VAGUE = "fallowfield_jun"  # almost nothing is known: every edition cannot say
ANSWER = "The onset is in the old letter; the rest cannot be had."


@pytest.fixture
def sent(session: Session, people: People) -> Referral:
    draft = make_draft(session, people, VAGUE)
    retype(draft, "person", birth_date="1985-05-17")
    drafts.name_for_lists(draft)
    send(session, draft, people["neurologist"])
    return draft


def listed(session: Session, people: People, *items: str) -> None:
    """Put items on the list of what the coordinator's programme asks every case for."""
    coordinator = people["coordinator"]
    session.add_all(
        EvidenceItem(
            programme_id=coordinator.organisation_id,
            item=item,
            asked_since=clock.now(),
            asked_by_id=coordinator.id,
        )
        for item in items
    )
    session.flush()


def answer(
    session: Session, referral: Referral, actor: User, text: str = ANSWER, **said: object
) -> ReferralVersion:
    """Answer as a careful neurologist does."""
    signature = submission.Signature(
        seen=str(said.get("seen") or seen(session, referral)),
        declared=bool(said.get("declared", True)),
        reason="",
    )
    draft = read(session, referral)
    return questions.answer(session, referral, draft, signature, text, actor=actor, at=clock.now())


def test_what_the_programme_lists_and_the_case_lacks_comes_first_then_what_would_settle_an_edition(
    session: Session, people: People, sent: Referral
) -> None:
    listed(
        session,
        people,
        "diagnosis.symptom_onset",
        "diagnosis.phenotype",
        "document.mri_report",
        "workup.heart",
    )
    (version,) = versions_of(session, sent)

    offered = questions.askable(session, sent, version)

    by_why = [(each.why, each.path) for each in offered]
    assert ("evidence", "diagnosis.symptom_onset") in by_why
    assert ("evidence", "workup.heart") in by_why
    assert ("decides", "treatments.complete") in by_why
    assert [why for why, _ in by_why] == sorted((why for why, _ in by_why), reverse=True)
    deciding = next(each for each in offered if each.path == "treatments.complete")
    assert deciding.words == "Whether every treatment is listed"
    assert len(deciding.editions) == 1


def test_what_is_there_is_not_asked_for(session: Session, people: People) -> None:
    case = make_draft(session, people, COMPLETE)
    send(session, case, people["neurologist"])
    listed(session, people, "diagnosis.symptom_onset")
    (version,) = versions_of(session, case)

    assert questions.askable(session, case, version) == []


def test_what_the_clinic_types_meanwhile_changes_nothing_of_what_the_programme_is_offered(
    session: Session, people: People, sent: Referral
) -> None:
    listed(session, people, "diagnosis.symptom_onset")
    retype(sent, "diagnosis", symptom_onset="2019")
    (version,) = versions_of(session, sent)

    assert "diagnosis.symptom_onset" in {each.path for each in questions.askable(session, sent, version)}


def test_asking_parks_the_case_keeps_the_words_and_tells_the_clinic(
    session: Session, people: People, sent: Referral
) -> None:
    listed(session, people, "diagnosis.symptom_onset")

    question = questions.ask(
        session,
        sent,
        ["diagnosis.symptom_onset", "not.offered"],
        " And the letter? ",
        actor=people["coordinator"],
    )

    assert sent.state is State.AWAITING_REPLY
    items: Any = question.items
    assert [item["path"] for item in items] == ["diagnosis.symptom_onset"]
    assert question.text == "And the letter?"
    assert question.remind_at == question.asked_at + timedelta(days=7)
    assert deeds(session, sent)[-1] == "asked"
    told = session.scalars(select(Mail.to_user_id).where(Mail.subject.contains("question"))).all()
    assert set(told) == {people["neurologist"].id, people["delegate"].id}


@pytest.mark.parametrize(("text", "why"), [("", "Tick"), ("  \n", "Tick"), ("x" * 4001, "Shorten")])
def test_nothing_and_too_much_are_not_asked(
    session: Session, people: People, sent: Referral, text: str, why: str
) -> None:
    with pytest.raises(questions.NotAskedError, match=why):
        questions.ask(session, sent, [], text, actor=people["coordinator"])

    assert sent.state is State.SUBMITTED


@pytest.mark.parametrize("who", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_a_coordinator_asks(session: Session, people: People, sent: Referral, who: str) -> None:
    with pytest.raises(MoveRefusedError):
        questions.ask(session, sent, [], "Why?", actor=people[who])


def test_a_second_question_is_not_asked_while_one_is_open(
    session: Session, people: People, sent: Referral
) -> None:
    questions.ask(session, sent, [], "Why?", actor=people["coordinator"])

    with pytest.raises(MoveRefusedError, match="awaiting reply"):
        questions.ask(session, sent, [], "And why?", actor=people["coordinator"])
    assert len(questions.questions_of(session, sent)) == 1


def test_the_clinic_may_type_again_while_a_question_is_open_and_not_before_or_after(
    session: Session, people: People, sent: Referral
) -> None:
    neurologist = people["neurologist"]
    with pytest.raises(ConflictError):
        drafts.get_draft(session, neurologist, sent.id)
    questions.ask(session, sent, [], "Why?", actor=people["coordinator"])

    assert drafts.get_draft(session, people["delegate"], sent.id) is sent
    answer(session, sent, neurologist)

    with pytest.raises(ConflictError):
        drafts.get_draft(session, neurologist, sent.id)


def test_lists_name_a_case_as_it_was_signed_until_the_answer_is(
    session: Session, people: People, sent: Referral
) -> None:
    signed = sent.family_name
    questions.ask(session, sent, [], "Is the name right?", actor=people["coordinator"])
    typed = dict(sent.typed["person"]) | {"family_name": ["Fallowfield-Reed"]}

    drafts.save_section(
        session, people["delegate"], sent, "person", typed, drafts.fingerprint(sent, "person")
    )
    assert sent.family_name == signed
    answer(session, sent, people["neurologist"])

    assert sent.family_name == "Fallowfield-Reed"


def test_an_answer_is_a_new_version_and_the_first_stays_byte_for_byte(
    session: Session, people: People, sent: Referral, house: House
) -> None:
    (first,) = versions_of(session, sent)
    before = digest(first.snapshot)
    packet = packets.issue_packet(session, first, actor=people["neurologist"], house=house).sha256
    question = questions.ask(session, sent, [], "Since when?", actor=people["coordinator"])
    retype(sent, "diagnosis", symptom_onset="2019-03")

    second = answer(session, sent, people["neurologist"])

    assert second.version == 2
    assert sent.state is State.IN_REVIEW
    assert second.snapshot["referral"]["version"] == 2
    assert second.snapshot["record"]["diagnosis"]["symptom_onset"] == "2019-03"
    assert digest(first.snapshot) == first.snapshot_sha256 == before
    assert first.packet is not None
    assert first.packet.sha256 == packet
    assert (question.answer, question.answered_version) == (ANSWER, 2)
    assert question.closed_by_id == people["neurologist"].id
    assert deeds(session, sent)[-1] == "answered"
    assert session.scalars(select(Mail).where(Mail.subject.contains("answered"))).all()


def test_what_changed_between_versions_is_told_field_by_field_with_the_verdicts(
    session: Session, people: People, sent: Referral
) -> None:
    questions.ask(session, sent, [], "Since when?", actor=people["coordinator"])
    retype(sent, "person", birth_date="1946-05-17")
    signature = submission.Signature(seen(session, sent), declared=True, reason="All the same.")
    draft = read(session, sent)
    second = questions.answer(
        session, sent, draft, signature, ANSWER, actor=people["neurologist"], at=clock.now()
    )
    first = versions_of(session, sent)[-1]

    changes = changes_between(first.snapshot, second.snapshot)
    assert changes_told(second.snapshot) == changes, "what was signed with it says the same"
    assert changes_told(first.snapshot) is None

    rows = [row for part in changes.sections for row in part["rows"]]
    assert [row["field_id"] for row in rows] == ["birth_date"]
    assert all(row["before"] != row["after"] for row in rows)
    assert ("cannot_say", "not_met") in {(each.before, each.after) for each in changes.verdicts}
    standing = select(StandingVerdict.edition, StandingVerdict.verdict).where(
        StandingVerdict.referral_id == sent.id
    )
    assert sorted(map(tuple, session.execute(standing))) == sorted(second.verdicts.items())


def test_an_answer_needs_words_a_declaration_and_what_was_on_the_screen(
    session: Session, people: People, sent: Referral
) -> None:
    questions.ask(session, sent, [], "Why?", actor=people["coordinator"])
    neurologist = people["neurologist"]

    with pytest.raises(questions.NotAnsweredError):
        answer(session, sent, neurologist, " ")
    with pytest.raises(questions.NotAnsweredError):
        answer(session, sent, neurologist, "x" * 4001)
    with pytest.raises(submission.NotSentError, match="checked"):
        answer(session, sent, neurologist, declared=False)
    with pytest.raises(submission.NotSentError):
        answer(session, sent, neurologist, seen="something else")
    assert [each.version for each in versions_of(session, sent)] == [1]
    assert sent.state is State.AWAITING_REPLY


def test_an_answer_goes_to_the_programme_that_asked(session: Session, people: People, sent: Referral) -> None:
    questions.ask(session, sent, [], "Why?", actor=people["coordinator"])
    retype(sent, "request", programme_id=str(people["other_coordinator"].organisation_id))

    with pytest.raises(submission.NotSentError, match="the same programme"):
        answer(session, sent, people["neurologist"])


def test_a_delegate_prepares_and_does_not_answer(session: Session, people: People, sent: Referral) -> None:
    questions.ask(session, sent, [], "Why?", actor=people["coordinator"])

    with pytest.raises(MoveRefusedError):
        answer(session, sent, people["delegate"])


def test_a_second_click_answers_nothing_twice(session: Session, people: People, sent: Referral) -> None:
    questions.ask(session, sent, [], "Why?", actor=people["coordinator"])
    first = answer(session, sent, people["neurologist"])

    assert answer(session, sent, people["neurologist"], seen="of the first click") is first
    with pytest.raises(MoveRefusedError):
        answer(session, sent, people["neurologist"], "something new")
    assert deeds(session, sent).count("answered") == 1


@pytest.mark.parametrize(("deed", "who"), [("stop_waiting", "coordinator"), ("withdraw", "neurologist")])
def test_whatever_ends_the_waiting_closes_the_question(
    session: Session, people: People, sent: Referral, deed: str, who: str
) -> None:
    question = questions.ask(session, sent, [], "Why?", actor=people["coordinator"])

    moves.move(session, sent, deed, actor=people[who], reason="It is settled.")

    assert question.closed_at is not None
    assert question.closed_by_id == people[who].id
    assert (question.answer, question.answered_version) == (None, None)
    assert questions.find_open_question(session, sent) is None


# What time does


def ask(session: Session, people: People, sent: Referral) -> Question:
    question = questions.ask(session, sent, [], "Why?", actor=people["coordinator"])
    session.commit()
    return question


def test_a_clinic_is_reminded_once_a_week_whatever_the_number_of_runs(
    session: Session, people: People, sent: Referral
) -> None:
    question = ask(session, people, sent)

    done = [
        questions.due_reminders(session, question.asked_at + timedelta(days=days))
        for days in (1, 6.9, 7, 7, 7.1, 13.9)
    ]

    assert done == [0, 0, 1, 0, 0, 0]
    assert question.reminders == 1
    assert deeds(session, sent).count("reminded") == 1
    entry = session.scalars(select(AuditEntry).where(AuditEntry.deed == "reminded")).one()
    assert entry.actor_id is None
    reminders = select(Mail).where(Mail.subject.contains("still waits"))
    assert len(session.scalars(reminders).all()) == 2  # the neurologist and the delegate


def test_the_owner_is_told_once_when_it_waits_long(session: Session, people: People, sent: Referral) -> None:
    question = ask(session, people, sent)

    for days in (13, 14, 15, 16):
        questions.due_reminders(session, question.asked_at + timedelta(days=days))

    assert deeds(session, sent).count("escalated") == 1
    told = session.scalars(select(Mail).where(Mail.subject.contains("waited long"))).all()
    assert [mail.to_user_id for mail in told] == [sent.owner_id]


def test_nobody_is_reminded_of_what_is_closed(session: Session, people: People, sent: Referral) -> None:
    question = ask(session, people, sent)
    answer(session, sent, people["neurologist"])

    assert questions.due_reminders(session, question.asked_at + timedelta(days=30)) == 0
