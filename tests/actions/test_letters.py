"""Letters: made from what is recorded, held so that they can be taken back, released by time."""

import io
from datetime import datetime, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import letters
from referral.actions.decisions import find_current
from referral.actions.moves import move
from referral.errors import ConflictError, ForbiddenError, MoveRefusedError, NotFoundError
from referral.models import Decision, Letter, LetterKind, Mail, Referral, User
from referral.packet.decided import decided
from referral.packet.letters import default_template, examples
from referral.packet.sandbox import TemplateFault
from tests.at_hand import NOT_MET, deeds
from tests.deciding import decide, list_case, resting_on, version_of

People = dict[str, User]
LETTER, SUMMARY = LetterKind.REFERRER, LetterKind.PLAIN_SUMMARY
WHY = "Another treatment is to be tried first."


@pytest.fixture
def case(session: Session, people: People) -> Referral:
    return list_case(session, people, name=NOT_MET)


@pytest.fixture
def declined(session: Session, people: People, case: Referral) -> Decision:
    return decide(
        session, people, case, outcome="declined", text=WHY, reasons=resting_on(session, case, "not_met")
    )


def hold(
    session: Session, people: People, case: Referral, body: str = "A letter.", kind: LetterKind = LETTER
) -> Letter:
    current = find_current(session, case)
    assert current is not None
    return letters.hold_letter(session, case, kind, body, actor=people["coordinator"], seen=str(current.id))


def later(minutes: int) -> datetime:
    return clock.now() + timedelta(minutes=minutes)


def texts_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_reasons_really_are_in_the_letter(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    body, fault = letters.compose(session, case, declined, LETTER)

    (ground,) = decided(declined, version_of(session, case).snapshot).rests_on
    assert not fault
    assert WHY in body
    assert f"“{ground.statement}” It is not met. Recorded: {ground.sentence}" in body
    assert "The multidisciplinary team decided: declined" in body
    assert "eligible" not in body.lower()


def test_on_paper_the_reasons_follow_even_where_somebody_took_them_out(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    letter = hold(session, people, case, "Dear colleague,\n\nNo.")
    session.commit()
    assert letters.due_letters(session, later(11)) == 1

    session.refresh(letter)
    assert letter.pdf is not None
    text = texts_of(letter.pdf)
    assert WHY in text
    assert "It is not met" in text
    assert "page 1 of 1" in text
    assert case.number in text
    assert str(case.family_name) in text


def test_a_letter_is_held_ten_minutes_and_then_released_once(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    letter = hold(session, people, case)
    session.commit()

    assert letters.due_letters(session, later(9)) == 0
    assert letters.letters_of(session, case, people["neurologist"]) == []
    assert [letters.due_letters(session, later(11)), letters.due_letters(session, later(11))] == [1, 0]

    assert letters.letters_of(session, case, people["neurologist"]) == [letter]
    assert deeds(session, case)[-1] == "letter_released"
    notices = session.scalars(select(Mail).where(Mail.occasion.startswith("letter"))).all()
    assert {each.to_user for each in notices} == {people["neurologist"], people["delegate"]}
    assert {each.subject for each in notices} == {f"A letter has arrived: referral {case.number}"}


def test_what_is_taken_back_never_goes_out_and_its_text_is_kept(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    letter = hold(session, people, case, "The wrong letter.")
    letters.take_back(session, case, letter.id, actor=people["coordinator"])
    session.commit()

    assert letters.due_letters(session, later(60)) == 0
    kept = letters.taken_back(session, declined, LETTER)
    assert kept is not None
    assert kept.body == "The wrong letter."
    with pytest.raises(NotFoundError):
        letters.read_letter(session, case, letter.id, people["neurologist"])


def test_what_has_gone_out_is_not_taken_back(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    letter = hold(session, people, case)
    session.commit()
    letters.due_letters(session, later(11))

    with pytest.raises(ConflictError, match="gone out"):
        letters.take_back(session, case, letter.id, actor=people["coordinator"])


def test_a_correction_stops_the_letters_about_what_it_replaces(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    letter = hold(session, people, case)
    decide(session, people, case, outcome="advice_given", text="The outcome was typed wrongly.")

    assert letters.due_letters(session, later(60)) == 0
    session.refresh(letter)
    assert letter.cancelled_at is not None
    assert "letter_taken_back" in deeds(session, case)
    with pytest.raises(ConflictError, match="Another decision"):
        letters.hold_letter(session, case, LETTER, "x", actor=people["coordinator"], seen=str(declined.id))


def test_the_same_letter_handed_in_twice_is_one_and_another_waits(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    assert hold(session, people, case) is hold(session, people, case)
    hold(session, people, case, kind=SUMMARY)

    with pytest.raises(ConflictError, match="held already"):
        hold(session, people, case, "Another letter.")


@pytest.mark.parametrize("who", ["chair", "committee_member"])
def test_the_coordinator_writes_letters(
    session: Session, people: People, case: Referral, declined: Decision, who: str
) -> None:
    with pytest.raises(MoveRefusedError):
        letters.hold_letter(session, case, LETTER, "x", actor=people[who], seen=str(declined.id))


def test_without_a_decision_there_is_no_letter(session: Session, people: People, case: Referral) -> None:
    with pytest.raises(NotFoundError):
        letters.decision_to_tell(session, case, people["coordinator"])


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 50_000])
def test_a_letter_says_something_and_not_too_much(
    session: Session, people: People, case: Referral, declined: Decision, body: str
) -> None:
    with pytest.raises(letters.NotWrittenError):
        hold(session, people, case, body)


def test_hostile_text_in_a_letter_is_printed_as_text(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    body = '<img src="file:///etc/passwd"> {{ 7 * 7 }} <style>@import url(http://evil.example)</style>'
    letter = hold(session, people, case, body)
    session.commit()
    assert letters.due_letters(session, later(11)) == 1

    session.refresh(letter)
    assert letter.pdf is not None
    assert "{{ 7 * 7 }}" in texts_of(letter.pdf)
    assert "/etc/passwd" in texts_of(letter.pdf)


# Templates


def test_a_programme_writes_its_own_template_and_the_one_before_is_kept(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    first = letters.change_template(session, people["chair"], LETTER, "One: {{ text }}", seen="")
    second = letters.change_template(
        session, people["coordinator"], LETTER, "Two: {{ text }}", seen=str(first.id)
    )

    assert letters.find_template(session, people["chair"].organisation_id, LETTER) is second
    assert letters.find_template(session, people["other_chair"].organisation_id, LETTER) is None
    assert letters.compose(session, case, declined, LETTER) == (f"Two: {WHY}\n", "")
    with pytest.raises(ConflictError):
        letters.change_template(session, people["chair"], LETTER, "Three", seen=str(first.id))


def test_a_template_that_cannot_be_used_is_not_saved(session: Session, people: People) -> None:
    with pytest.raises(TemplateFault):
        letters.change_template(session, people["chair"], LETTER, "{{ person.__class__ }}", seen="")
    with pytest.raises(ForbiddenError):
        letters.change_template(session, people["committee_member"], LETTER, "x", seen="")
    with pytest.raises(NotFoundError):
        letters.change_template(session, people["neurologist"], LETTER, "x", seen="")


def test_the_invented_case_has_every_name_of_a_real_one(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    template = "\n".join(
        f"{{{{ {name} }}}}" for name, value in next(iter(examples())).items() if isinstance(value, str)
    )
    letters.change_template(session, people["chair"], LETTER, template, seen="")

    assert letters.compose(session, case, declined, LETTER)[1] == ""
    reasons = "{% for r in rests_on %}" + " ".join(
        f"{{{{ r.{name} }}}}" for name in next(iter(examples()))["rests_on"][0]
    ) + "{% endfor %}"  # fmt: skip
    kept = letters.find_template(session, case.programme_id, LETTER)
    letters.change_template(session, people["chair"], LETTER, reasons, seen=letters.mark_of(kept))
    assert letters.compose(session, case, declined, LETTER)[1] == ""


def test_a_plain_summary_names_no_clinical_words_of_ours(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    body, _ = letters.compose(session, case, declined, SUMMARY)

    assert WHY in body
    assert "A transplant was not agreed at this time." in body
    assert "EDSS" not in default_template("plain_summary")


def test_nothing_goes_out_about_what_should_never_have_been_there(
    session: Session, people: People, case: Referral, declined: Decision
) -> None:
    letter = hold(session, people, case)
    move(session, case, "mark_entered_in_error", actor=people["coordinator"], reason="Another patient's.")
    session.commit()

    assert letters.due_letters(session, later(60)) == 0
    session.refresh(letter)
    assert letter.cancelled_at is not None
    assert "letter_taken_back" in deeds(session, case)
