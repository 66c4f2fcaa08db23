"""The passwords that are tried first are refused, from a list that comes with the application."""

import pytest
from sqlalchemy.orm import Session

from referral import auth
from referral.actions import invitations, people
from referral.actions.invitations import BETTER, NotTakenError
from referral.auth.frequent import FILE, SIGNS
from referral.models import User
from referral.workflow import Role

People = dict[str, User]


def test_the_list_is_long_enough_sorted_and_names_its_source_and_licence() -> None:
    text = FILE.read_text(encoding="ascii")
    lines = [line for line in text.splitlines() if not line.startswith("#")]

    assert len(lines) >= 12_900
    assert lines == sorted(set(lines))
    assert {len(line) for line in lines} == {SIGNS}
    assert "Source: SecLists" in text
    assert "Licence of SecLists: MIT." in text


@pytest.mark.parametrize(
    "password",
    [
        "qwerty123456",
        "qazwsxedcrfv",
        "QWERTYqwerty",
        "1qaz2wsx3edc4rfv",
        "finalfantasy",
        "FinalFantasy2026",
        "michael123456789",
    ],
)
def test_what_is_tried_first_is_frequent_whatever_its_capitals_and_last_digits(password: str) -> None:
    assert auth.is_frequent(password)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Fenster Ziegel Anorak 7", "2026", "", "ß" * 200, "𝔭𝔞𝔰𝔰 wort kahn"]
)
def test_what_is_not_on_the_list_is_not_frequent(password: str) -> None:
    assert not auth.is_frequent(password)


@pytest.mark.parametrize(
    "password", ["finalfantasy", "FinalFantasy2026", "pons-neurology-transplant", "Somebody Invited 26"]
)
def test_a_person_is_told_what_to_choose_instead(session: Session, people_: People, password: str) -> None:
    invited, token = people.invite(
        session, people_["administrator"], email="invited@example.org", name="Somebody Invited",
        role=Role.AUDITOR, organisation_id=people_["auditor"].organisation_id,
    )  # fmt: skip

    with pytest.raises(NotTakenError) as refused:
        invitations.choose_password(session, token, password, password)

    assert refused.value.field == "password"
    assert str(refused.value).endswith(BETTER)
    invitations.choose_password(session, token, "Fenster Ziegel Anorak", "Fenster Ziegel Anorak")
    assert invited.active


@pytest.fixture(name="people_")
def everybody(people: People) -> People:
    return people
