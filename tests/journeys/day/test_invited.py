"""An administrator invites a person, who chooses a password and signs in; taken out of use, they are out at once."""

import pytest
from playwright.sync_api import expect

from referral.models import User
from tests.conftest import PROGRAMME
from tests.journeys.day.conftest import OpenDesk

pytestmark = pytest.mark.journey
People = dict[str, User]

NAME, ADDRESS = "Dr Ottoline Brandvold", "ottoline.brandvold@example.org"
TOO_SHORT, PASSWORD = "short", "four words nobody guesses"


def test_somebody_is_invited_signs_in_and_is_out_when_taken_out_of_use(
    committee: People, open_desk: OpenDesk
) -> None:
    administrator, invited = open_desk("administrator"), open_desk()
    programme = str(committee["coordinator"].organisation_id)

    administrator.follow("people")
    administrator.follow("Invite a person")
    administrator.walk_to(name="name")
    administrator.page.keyboard.insert_text(NAME)
    administrator.walk_to(name="email")
    administrator.page.keyboard.insert_text("ottoline.brandvold")
    administrator.choose("organisation", programme)
    administrator.choose("role", "committee_member")
    administrator.follow("Invite")
    administrator.reads("an e-mail address")
    administrator.look()
    administrator.type_at("email", ADDRESS)
    administrator.follow("Invite")
    administrator.reads("Invited; not in use before a password is chosen")
    administrator.look()
    link = administrator.page.locator(".care-link").inner_text()

    invited.go(link)
    invited.reads(f"This account is for {NAME}, committee member, {PROGRAMME}")
    invited.type_at("password", TOO_SHORT)
    invited.type_at("again", TOO_SHORT)
    invited.follow("Keep this password")
    invited.look()
    invited.type_at("password", PASSWORD)
    invited.type_at("again", PASSWORD)
    invited.follow("Keep this password")
    invited.reads("Your password is kept.")
    invited.sign_in(ADDRESS, PASSWORD)
    invited.follow("Open the inbox")
    expect(invited.heading).to_contain_text("Inbox")

    another = open_desk()
    another.go(link)
    another.reads("This link does not hold")

    administrator.go("/people")
    administrator.type_at("text", "brandvold")
    administrator.follow("Find")
    administrator.follow(NAME)
    administrator.follow("Take out of use")
    administrator.reads("The account is out of use, and its sessions have ended.")
    administrator.look()

    invited.go("/meetings")
    expect(invited.heading).to_have_text("Sign in")
    invited.type_at("email", ADDRESS)
    invited.type_at("password", PASSWORD)
    invited.press_enter()
    invited.reads("The e-mail address or the password is not right.")
    invited.look()
