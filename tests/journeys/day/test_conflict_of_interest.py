"""A member whose own patient it is: declared, aside, kept from the opinions and from the decision, and on record."""

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from referral.models import Referral, Specialty, User
from tests.gathering import SEATS, call, give, make_ready, put_on
from tests.journeys.day.conftest import OpenDesk
from tests.journeys.day.deciding import FAMILY, draft_decision, sign_decision
from tests.journeys.day.desk import IN_THE_HAND

pytestmark = pytest.mark.journey
People = dict[str, User]

WHY = "I looked after him for two years."
SEALED = "I have seen worse courses do well."


@pytest.fixture
def case(session: Session, committee: People) -> Referral:
    """A case on an agenda; one member has given an opinion already."""
    case = make_ready(session, committee)
    seats = SEATS | {
        "second_member": Specialty.HAEMATOLOGY
    }  # so that the quorum is met without the one who is tied
    put_on(session, call(session, committee, seats=seats), case, actor=committee["coordinator"])
    give(session, case, committee["second_member"], SEALED)
    session.commit()
    return case


@pytest.mark.parametrize(
    "width", [pytest.param(1280, id="at a desk"), pytest.param(IN_THE_HAND, id="in the hand")]
)
def test_who_has_a_tie_stands_aside_and_it_is_on_record(
    case: Referral, committee: People, session: Session, open_desk: OpenDesk, width: int
) -> None:
    tied, coordinator = open_desk("committee_member", width=width), open_desk("coordinator", width=width)

    tied.open_case(FAMILY)
    tied.follow("Declare interest")
    tied.choose("tie", "conflict")
    tied.follow("Declare")
    tied.reads("Say what the conflict is.")
    tied.look()
    tied.choose("tie", "own_patient")
    tied.type_at("words", WHY)
    tied.follow("Declare")
    tied.reads("You stand aside from this case.")
    tied.look()

    give(session, case, committee["chair"])
    session.commit()
    tied.page.reload()
    opinions = tied.part("Committee: interests and opinions")
    expect(opinions).to_contain_text(f"Stands aside: own patient. {WHY}")
    expect(opinions).not_to_contain_text(SEALED)
    expect(tied.find("Give opinion")).to_have_count(0)
    tied.go(f"/referrals/{case.id}/opinion")
    tied.reads("You have declared a tie")
    tied.look()

    coordinator.open_case(FAMILY)
    expect(coordinator.part("Committee: interests and opinions")).to_contain_text(SEALED)
    draft_decision(coordinator, "accepted", "The team offers a transplant.", committee["chair"])
    coordinator.reads("Stood aside")
    tied.go(f"/referrals/{case.id}/decision")
    tied.reads("you stand aside and do not sign")
    expect(tied.field("initials")).to_have_count(0)
    tied.look()

    chair = open_desk("chair", width=width)
    sign_decision(chair, "accepted")
    decided, aside = "The multidisciplinary team decided: accepted", "Committee Member, own patient"
    expect(chair.part(decided)).to_contain_text(aside)
    neurologist = open_desk("neurologist", width=width)
    neurologist.go(f"/referrals/{case.id}")
    expect(neurologist.part(decided)).to_be_visible()
    neurologist.reads_nowhere(aside)
