"""Deeds on a draft."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import drafts
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.models import AuditEntry, Referral, User
from referral.workflow import State

People = dict[str, User]


@pytest.fixture
def draft(session: Session, people: People) -> Referral:
    return drafts.open_draft(session, people["neurologist"])


def save(session: Session, person: User, draft: Referral, opened: str | None = None, **typed: str) -> bool:
    opened = drafts.fingerprint(draft, "diagnosis") if opened is None else opened
    return drafts.save_section(
        session, person, draft, "diagnosis", {name: [text] for name, text in typed.items()}, opened
    )


def deeds(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_a_draft_belongs_to_the_neurologist_and_their_clinic(draft: Referral, people: People) -> None:
    assert draft.state is State.DRAFT
    assert draft.referrer_id == people["neurologist"].id
    assert draft.organisation_id == people["neurologist"].organisation_id


def test_a_delegate_opens_in_the_name_of_their_neurologist(session: Session, people: People) -> None:
    draft = drafts.open_draft(session, people["delegate"])

    assert draft.referrer_id == people["neurologist"].id


@pytest.mark.parametrize("who", ["other_delegate", "coordinator", "auditor", "administrator"])
def test_who_refers_for_nobody_opens_nothing(session: Session, people: People, who: str) -> None:
    with pytest.raises(ForbiddenError):
        drafts.open_draft(session, people[who])


def test_numbers_count_on_within_the_year(session: Session, people: People) -> None:
    numbers = [drafts.open_draft(session, people["neurologist"]).number for _ in range(3)]

    year = numbers[0].split("-")[1]
    assert numbers == [f"P-{year}-0001", f"P-{year}-0002", f"P-{year}-0003"]


def test_saving_keeps_the_text_as_typed_and_who_saved_it_but_is_no_history(
    session: Session, draft: Referral, people: People
) -> None:
    before = clock.now()

    assert save(session, people["delegate"], draft, symptom_onset="31/02/2016", phenotype="RRMS")

    assert draft.typed["diagnosis"] == {"symptom_onset": ["31/02/2016"], "phenotype": ["RRMS"]}
    kept = drafts.find_last_save(session, draft, "diagnosis")
    assert kept is not None
    assert kept.by is people["delegate"]
    assert before <= kept.at <= clock.now()
    assert drafts.find_last_save(session, draft, "mri") is None
    assert [entry.deed for entry in deeds(session)] == ["draft_opened"]


def test_saving_the_same_again_changes_nothing(session: Session, draft: Referral, people: People) -> None:
    save(session, people["neurologist"], draft, phenotype="RRMS")
    before, version = draft.saves, draft.draft_version

    assert not save(session, people["delegate"], draft, opened="an old mark", phenotype="RRMS")
    assert (draft.saves, draft.draft_version) == (before, version)


def test_what_was_saved_elsewhere_is_not_overwritten(
    session: Session, draft: Referral, people: People
) -> None:
    opened = drafts.fingerprint(draft, "diagnosis")
    save(session, people["delegate"], draft, opened, phenotype="SPMS")

    with pytest.raises(drafts.StaleSectionError):
        save(session, people["neurologist"], draft, opened, phenotype="RRMS")
    assert draft.typed["diagnosis"] == {"phenotype": ["SPMS"]}


def test_other_sections_may_change_meanwhile(session: Session, draft: Referral, people: People) -> None:
    opened = drafts.fingerprint(draft, "diagnosis")
    drafts.save_section(
        session, people["delegate"], draft, "mri", {"mri-0-date": ["2026"]}, drafts.fingerprint(draft, "mri")
    )

    assert save(session, people["neurologist"], draft, opened, phenotype="RRMS")
    assert set(draft.typed) == {"mri", "diagnosis"}


def test_lists_learn_who_the_person_is(session: Session, draft: Referral, people: People) -> None:
    typed = {"family_name": ["Kowalczyk"], "given_name": ["Jan"], "birth_date": ["9/4/1989"]}
    drafts.save_section(
        session, people["neurologist"], draft, "person", typed, drafts.fingerprint(draft, "person")
    )

    assert (draft.family_name, draft.given_name, draft.birth_date) == ("Kowalczyk", "Jan", "1989-04-09")


@pytest.mark.parametrize("who", ["other_neurologist", "coordinator", "auditor", "administrator"])
def test_a_draft_is_not_found_by_whom_it_is_not_for(
    session: Session, draft: Referral, people: People, who: str
) -> None:
    with pytest.raises(NotFoundError):
        drafts.get_draft(session, people[who], draft.id)


def test_what_was_sent_can_no_longer_be_edited(session: Session, draft: Referral, people: People) -> None:
    draft.state = State.WITHDRAWN
    session.flush()

    with pytest.raises(ConflictError, match="withdrawn and can no longer be edited"):
        drafts.get_draft(session, people["neurologist"], draft.id)


def test_nobody_opens_a_draft_for_a_neurologist_who_has_left(
    session: Session, people: dict[str, User]
) -> None:
    people["neurologist"].active = False
    with pytest.raises(ForbiddenError):
        drafts.new_draft(session, people["delegate"])
