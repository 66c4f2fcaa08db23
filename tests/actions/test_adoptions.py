"""A programme adopts editions: who may, in which wording, and what its cases are then put against."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import adoptions
from referral.assessment import assess
from referral.auth import RECEIVERS
from referral.criteria import Edition, first_shown, library
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.facts import digest
from referral.models import Adoption, AuditEntry, OrganisationKind, User
from referral.packet import contents, render_pdf
from referral.workflow import Role
from tests.at_hand import deeds, make_draft, read, seen, send

People = dict[str, User]
NOTE = "Read with the pharmacist."
NOT_SHOWN_FIRST = tuple(edition for edition in library().values() if edition not in first_shown())
WANTED = NOT_SHOWN_FIRST[1]


def adopt(session: Session, chair: User, edition: Edition = WANTED, note: str = NOTE) -> Adoption:
    return adoptions.adopt(session, chair, edition.id, seen=edition.sha256, confirmed=True, note=note)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Adoption)) or 0


def reworded(*editions: Edition) -> Mapping[str, Edition]:
    """The library after these editions were worded anew."""
    new = {edition.id: replace(edition, sha256="f" * 64) for edition in editions}
    return MappingProxyType(dict(library()) | new)


@pytest.fixture
def chair(people: People) -> User:
    return people["chair"]


# Adopting


def test_an_adoption_names_who_when_and_in_which_wording(session: Session, chair: User) -> None:
    made = adopt(session, chair, note=f"  {NOTE} ")

    assert (made.programme_id, made.edition_id) == (chair.organisation_id, WANTED.id)
    assert (made.edition_sha256, made.adopted_by, made.note) == (WANTED.sha256, chair, NOTE)
    assert abs((clock.now() - made.adopted_at).total_seconds()) < 60


@pytest.mark.parametrize("who", [f"{there}{role}" for role in Role for there in ("", "other_")])
def test_nobody_adopts_or_withdraws_but_a_chair_for_the_own_programme(
    session: Session, people: People, chair: User, who: str
) -> None:
    adopt(session, chair)
    actor = people[who]

    if actor.role is Role.CHAIR:
        made = adopt(session, actor, NOT_SHOWN_FIRST[-1])
        assert made.programme_id == actor.organisation_id
        return
    refusal = ForbiddenError if actor.role in RECEIVERS else NotFoundError
    with pytest.raises(refusal):
        adopt(session, actor)
    with pytest.raises(refusal):
        adoptions.withdraw(session, actor, WANTED.id)
    assert deeds(session) == ["edition_adopted"]


def test_a_chair_withdraws_nothing_of_another_programme(
    session: Session, people: People, chair: User
) -> None:
    made = adopt(session, chair)

    with pytest.raises(ConflictError, match="not adopted here"):
        adoptions.withdraw(session, people["other_chair"], WANTED.id)
    assert made.withdrawn_at is None


def test_a_chair_who_works_at_a_clinic_has_nothing_to_adopt_for(
    session: Session, people: People, chair: User
) -> None:
    chair.organisation = people["neurologist"].organisation
    assert chair.organisation.kind is OrganisationKind.CLINIC

    with pytest.raises(NotFoundError):
        adopt(session, chair)


def test_a_wording_that_was_not_read_is_not_adopted(session: Session, chair: User) -> None:
    for digest_seen in ("", "f" * 64, first_shown()[0].sha256):
        with pytest.raises(ConflictError, match="has changed"):
            adoptions.adopt(session, chair, WANTED.id, seen=digest_seen, confirmed=True)

    assert count(session) == 0
    assert deeds(session) == []


def test_who_does_not_say_that_it_was_read_adopts_nothing(session: Session, chair: User) -> None:
    with pytest.raises(adoptions.NotAdoptedError, match="have read it") as refused:
        adoptions.adopt(session, chair, WANTED.id, seen=WANTED.sha256, confirmed=False)

    assert refused.value.field == "confirmed"
    assert count(session) == 0


def test_a_note_too_long_is_refused_not_cut(session: Session, chair: User) -> None:
    with pytest.raises(adoptions.NotAdoptedError, match="Shorten"):
        adopt(session, chair, note="x" * (adoptions.LONGEST_NOTE + 1))
    assert len(adopt(session, chair, note="x" * adoptions.LONGEST_NOTE).note) == adoptions.LONGEST_NOTE


def test_there_is_no_adopting_what_the_library_does_not_hold(session: Session, chair: User) -> None:
    with pytest.raises(NotFoundError):
        adoptions.adopt(session, chair, "no-such-edition", seen=WANTED.sha256, confirmed=True)


def test_a_second_click_adopts_nothing_twice(session: Session, chair: User) -> None:
    first = adopt(session, chair)

    assert adopt(session, chair) is first
    assert deeds(session) == ["edition_adopted"]


def test_what_is_adopted_already_is_not_adopted_over_it(session: Session, chair: User) -> None:
    adopt(session, chair)

    with pytest.raises(ConflictError, match="already"):
        adopt(session, chair, note="Another note.")
    assert count(session) == 1


def test_the_database_itself_holds_one_current_adoption_of_an_edition(session: Session, chair: User) -> None:
    adopt(session, chair)
    twice = Adoption(
        programme_id=chair.organisation_id,
        edition_id=WANTED.id,
        edition_sha256="f" * 64,
        adopted_by_id=chair.id,
        note="",
    )
    session.add(twice)

    with pytest.raises(
        IntegrityError, match=r"adoption\.programme_id, adoption\.edition_id|ix_adoption_current"
    ):
        session.flush()


# Withdrawing, and adopting anew


def test_adopting_again_after_a_withdrawal_is_a_new_row(session: Session, chair: User) -> None:
    first = adopt(session, chair)
    adoptions.withdraw(session, chair, WANTED.id)
    second = adopt(session, chair)

    assert first is not second
    assert first.withdrawn_by_id == chair.id
    assert second.withdrawn_at is None
    assert count(session) == 2
    assert deeds(session) == ["edition_adopted", "adoption_withdrawn", "edition_adopted"]


def test_what_is_withdrawn_is_not_withdrawn_twice(session: Session, chair: User) -> None:
    adopt(session, chair)
    adoptions.withdraw(session, chair, WANTED.id)

    with pytest.raises(ConflictError):
        adoptions.withdraw(session, chair, WANTED.id)
    assert deeds(session).count("adoption_withdrawn") == 1


def test_a_new_wording_has_to_be_read_anew_and_the_old_row_stays(
    session: Session, chair: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = adopt(session, chair)
    shelf = reworded(WANTED)
    monkeypatch.setattr(adoptions, "library", lambda: shelf)

    (standing,) = (
        each for each in adoptions.standings(session, chair.organisation_id) if each.edition.id == WANTED.id
    )
    assert standing.earlier
    assert not standing.adopted
    assert adoptions.editions_for(session, chair.organisation_id) == first_shown()
    assert adoptions.adopted_json(session, chair.organisation_id) == {}

    second = adopt(session, chair, shelf[WANTED.id])
    assert (first.edition_sha256, second.edition_sha256) == (WANTED.sha256, "f" * 64)
    assert first.withdrawn_at == second.adopted_at
    assert adoptions.editions_for(session, chair.organisation_id) == (shelf[WANTED.id],)


def test_a_deed_and_its_trail_come_and_go_together(session: Session, chair: User) -> None:
    session.commit()
    adopt(session, chair)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.deed, entry.actor_id) == ("edition_adopted", chair.id)
    assert entry.detail["edition"] == WANTED.id
    assert NOTE not in str(entry.detail)
    session.rollback()

    assert (count(session), deeds(session)) == (0, [])


# What cases are put against


def test_cases_are_put_against_what_their_programme_adopted_in_the_order_of_the_library(
    session: Session, people: People, chair: User
) -> None:
    last, first = NOT_SHOWN_FIRST[-1], NOT_SHOWN_FIRST[0]
    adopt(session, chair, last)
    adopt(session, chair, first)

    assert adoptions.editions_for(session, chair.organisation_id) == (first, last)
    assert adoptions.editions_for(session, people["other_chair"].organisation_id) == first_shown()
    assert adoptions.editions_for(session, None) == first_shown()


def test_what_is_signed_holds_the_adopted_editions_and_by_whom(
    session: Session, people: People, chair: User
) -> None:
    adopt(session, chair)
    version = send(session, make_draft(session, people), people["neurologist"])

    (edition,) = version.snapshot["editions"]
    assert set(version.verdicts) == {edition["id"]} == {WANTED.id}
    today = clock.today().isoformat()
    assert edition["adopted"] == {"by": chair.name, "on": today, "note": NOTE}


def test_without_adoption_the_editions_first_shown_are_marked_as_not_reviewed(
    session: Session, people: People
) -> None:
    version = send(session, make_draft(session, people), people["neurologist"])

    assert [edition["adopted"] for edition in version.snapshot["editions"]] == [None] * len(first_shown())
    printed = contents(version.snapshot)
    assert {part.adopted for part in printed.editions} == {"not reviewed here"}


def test_an_adoption_between_reading_and_signing_is_noticed(
    session: Session, people: People, chair: User
) -> None:
    draft = make_draft(session, people)
    on_screen = seen(session, draft)
    adopt(session, chair)

    with pytest.raises(ConflictError, match="not sent"):
        send(session, draft, people["neurologist"], on_screen=on_screen)


def test_nothing_that_is_adopted_or_withdrawn_later_changes_what_was_signed(
    session: Session, people: People, chair: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(session, chair)
    version = send(session, make_draft(session, people), people["neurologist"])
    session.commit()
    session.refresh(version)
    before, paper = digest(version.snapshot), render_pdf(contents(version.snapshot))

    shelf = reworded(WANTED)
    monkeypatch.setattr(adoptions, "library", lambda: shelf)
    adopt(session, chair, shelf[WANTED.id], note="Read anew.")
    adoptions.withdraw(session, chair, WANTED.id)
    adopt(session, chair, NOT_SHOWN_FIRST[-1])
    session.commit()
    session.expire_all()

    assert digest(version.snapshot) == before == version.snapshot_sha256
    assert set(version.verdicts) == {WANTED.id}
    assert render_pdf(contents(version.snapshot)) == paper


def test_a_snapshot_older_than_adoption_is_printed_without_a_word_on_it(
    session: Session, people: People
) -> None:
    version = send(session, make_draft(session, people), people["neurologist"])
    editions = [dict(edition) for edition in version.snapshot["editions"]]
    for edition in editions:
        del edition["adopted"]

    old = contents({**version.snapshot, "editions": editions})

    assert {part.adopted for part in old.editions} == {None}


def test_asked_for_now_only_the_verdicts_are_the_same_and_nothing_looks_ahead(
    session: Session, people: People
) -> None:
    record = read(session, make_draft(session, people)).record
    whole = assess(record, library().values(), clock.today())
    now = assess(record, library().values(), clock.today(), ahead=False)

    assert [each.to_json() for each in now.results] == [each.to_json() for each in whole.results]
    assert any(each.changes for each in whole.answers)
    assert not any(each.changes or each.decides for each in now.answers)
