"""The same person in two cases: who is told of it, and who is not."""

from collections.abc import Callable
from time import perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import drafts, duplicates, submission
from referral.actions.duplicates import fold, keys_of
from referral.columns import ring_of
from referral.models import PersonKey, Referral, SamePerson, SamePersonAnswer, User
from referral.workflow import State
from tests.at_hand import deeds, make_draft, page_of, read, send, sign
from tests.browser import Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]
WORDS = "another case of this person"


def keyed(session: Session, people: People, **how: str) -> Referral:
    """A draft whose person was typed as a person types it."""
    draft = make_draft(session, people, **how)
    duplicates.remember(session, draft, drafts.name_for_lists(draft))
    session.flush()
    return draft


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ångström-Lee", "ANGSTROM LEE"), ("Łucja Żelazowska", "lucja zelazowska"), ("O’Neill", "o'neill"),
     ("Weiß", "WEISS"), ("Søren", "soren"), ("943 476 5870", "943-476-5870")],
)  # fmt: skip
def test_spelling_does_not_make_two_people_of_one(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


def test_a_number_counts_by_its_kind_and_a_name_only_with_the_date_of_birth() -> None:
    named = {"family_name": "Berg", "given_name": "Ida"}

    assert keys_of(named) == set()
    assert keys_of(named | {"birth_date": "1988-05-17"}) == {"name berg ida 1988-05-17"}
    nhs = keys_of({"identifiers": [{"type": "NHS number", "value": "943 476 5870"}]})
    chi = keys_of({"identifiers": [{"type": "CHI number", "value": "943 476 5870"}]})
    assert nhs
    assert nhs.isdisjoint(chi)
    assert keys_of({"identifiers": [{"type": "Other number", "value": "–"}]}) == set()


def test_keys_follow_what_is_typed(session: Session, people: People) -> None:
    draft = drafts.open_draft(session, people["neurologist"])
    typed = {"family_name": ["Berg"], "given_name": ["Ida"], "birth_date": ["17/5/1988"]}
    opened = drafts.fingerprint(draft, "person")
    drafts.save_section(session, people["neurologist"], draft, "person", typed, opened)
    keys = select(PersonKey.key).where(PersonKey.referral_id == draft.id)
    assert set(session.scalars(keys)) == duplicates.as_kept(ring_of(session), ["name berg ida 1988-05-17"])

    opened = drafts.fingerprint(draft, "person")
    typed = typed | {"given_name": ["Ada"]}
    drafts.save_section(session, people["neurologist"], draft, "person", typed, opened)
    assert set(session.scalars(keys)) == duplicates.as_kept(ring_of(session), ["name berg ada 1988-05-17"])


def test_the_clinic_is_told_of_its_own_case_with_a_link(
    session: Session, people: People, sign_in: SignIn
) -> None:
    earlier, draft = keyed(session, people), keyed(session, people)
    browser = sign_in("delegate")

    page = browser.visit(page_of(draft, "/edit/diagnosis"))

    assert WORDS in page.text
    assert earlier.number in page.text
    assert page_of(earlier) in [link.get("href") for link in page.all(".//a")]


def test_another_clinics_case_is_not_hinted_at_anywhere(
    session: Session, people: People, sign_in: SignIn
) -> None:
    foreign = keyed(session, people, referrer="other_neurologist")
    draft = keyed(session, people)
    send(session, foreign, people["other_neurologist"])
    browser = sign_in("neurologist")

    for rest in ("", "/edit/person", "/submission", "/same-person"):
        page = browser.visit(page_of(draft, rest))
        assert foreign.number not in page.html
        assert str(foreign.id) not in page.html
        assert "it seems" not in page.text
    assert submission.obstacles(session, draft, read(session, draft), people["neurologist"]) == ()
    answer = browser.send(page_of(draft, "/same-person"), {str(foreign.id): "another_person"})
    assert answer.status == 200
    assert session.scalars(select(SamePerson)).all() == []


def test_the_programme_sees_that_two_clinics_sent_the_same_person(
    session: Session, people: People, sign_in: SignIn
) -> None:
    first = keyed(session, people, referrer="other_neurologist")
    second = keyed(session, people)
    send(session, first, people["other_neurologist"])
    send(session, second, people["neurologist"])
    coordinator, clinic = sign_in("coordinator"), sign_in("neurologist")

    assert f"Same person, it seems: {first.number}" in coordinator.visit("/inbox").text
    assert f"{first.number} (submitted)" in coordinator.visit(page_of(second)).text
    assert first.number not in clinic.visit(page_of(second)).html
    assert first.number not in sign_in("other_coordinator").visit("/inbox").html


def test_a_second_case_is_sent_only_after_the_clinic_has_said_what_it_is(
    session: Session, people: People, sign_in: SignIn
) -> None:
    earlier, draft = keyed(session, people), keyed(session, people)
    send_it = sign_in("neurologist")
    assert "Say whether your clinic" in send_it.visit(page_of(draft, "/submission")).text
    with pytest.raises(submission.NotSentError, match="Say whether"):
        send(session, draft, people["neurologist"])
    session.rollback()

    send_it.send(page_of(draft, "/same-person"), {str(earlier.id): "on_purpose"})

    answer = session.scalars(select(SamePerson)).one()
    assert answer.answer is SamePersonAnswer.ON_PURPOSE
    assert "answered_whether_same_person" in deeds(session, draft)
    sign(send_it, draft, declared="yes")
    session.refresh(draft)
    assert draft.state is State.SUBMITTED


def test_an_answer_may_be_changed_and_holds_for_both_cases(
    session: Session, people: People, sign_in: SignIn
) -> None:
    earlier, draft = keyed(session, people), keyed(session, people)
    browser = sign_in("neurologist")

    browser.send(page_of(draft, "/same-person"), {str(earlier.id): "on_purpose"})
    browser.send(page_of(earlier, "/same-person"), {str(draft.id): "another_person"})

    assert [each.answer for each in session.scalars(select(SamePerson))] == [SamePersonAnswer.ANOTHER_PERSON]


def test_a_case_that_is_over_or_was_an_error_stands_in_nobodys_way(session: Session, people: People) -> None:
    earlier, draft = keyed(session, people), keyed(session, people)

    earlier.state = State.WITHDRAWN
    session.flush()
    (found,) = duplicates.find_alike(session, draft, people["neurologist"])
    assert (found.id, found.open) == (earlier.id, False)
    earlier.state = State.ENTERED_IN_ERROR
    session.flush()
    assert duplicates.find_alike(session, draft, people["neurologist"]) == ()


def test_a_case_older_than_the_keys_gets_them_at_the_next_setup(session: Session, people: People) -> None:
    draft = make_draft(session, people)
    assert session.scalars(select(PersonKey)).all() == []

    duplicates.catch_up(session)

    draft_keys = set(session.scalars(select(PersonKey.key).where(PersonKey.referral_id == draft.id)))
    assert draft_keys == duplicates.as_kept(ring_of(session), keys_of(read(session, draft).identity)) != set()


def test_a_person_is_found_among_fifty_thousand_cases_at_once(session: Session, people: People) -> None:
    draft = keyed(session, people)
    keys = list(session.scalars(select(PersonKey.key)))
    clinic, now = people["neurologist"], clock.now()
    ids = [uuid4() for _ in range(50_000)]
    session.execute(
        insert(Referral),
        [{"id": id_, "number": f"P-1999-{n:05}", "organisation_id": clinic.organisation_id, "saves": {},
          "referrer_id": clinic.id, "state": State.DRAFT, "typed": {}, "created_at": now, "updated_at": now}
         for n, id_ in enumerate(ids)],
    )  # fmt: skip
    session.execute(
        insert(PersonKey),
        [
            {"referral_id": id_, "key": f"{kind} {n}"}
            for n, id_ in enumerate(ids)
            for kind in ("name x", "number y")
        ],
    )
    session.execute(insert(PersonKey), [{"referral_id": ids[-1], "key": keys[0]}])
    session.commit()

    duplicates.find_alike(session, draft, clinic)
    began = perf_counter()
    for _ in range(20):
        found = duplicates.find_alike(session, draft, clinic)
    took = (perf_counter() - began) / 20

    assert [each.id for each in found] == [ids[-1]]
    assert took < 0.1  # a few ms on a quiet machine; a walk through all cases takes half a second
