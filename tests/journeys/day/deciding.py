"""What the journeys do alike: a decision is drafted at one desk and signed at another."""

from referral.models import User
from tests.journeys.day.desk import Desk

FAMILY, INITIALS, BORN = "Whinfell", "TW", "1989"  # of the invented person whom these journeys are about


def draft_decision(
    desk: Desk, outcome: str, words: str, took_part: User, *, button: str = "Draft decision"
) -> None:
    """Draft a decision from the page of the case, and come to where it is read back."""
    desk.open_case(FAMILY)
    desk.follow(button)
    write_decision(desk, outcome, words, took_part)
    desk.follow("Save the draft")
    desk.reads("The draft is saved.")


def write_decision(desk: Desk, outcome: str, words: str, took_part: User) -> None:
    """Write down what was decided, and who took part."""
    desk.choose("outcome", outcome)
    desk.type_at("text", words)
    desk.choose(f"member.{took_part.id}", "yes")
    desk.choose(f"specialty.{took_part.id}", "neurology")


def sign_decision(desk: Desk, outcome: str) -> None:
    """Read the draft back and sign it."""
    desk.open_case(FAMILY)
    desk.reads(f"A decision is drafted, not signed: {outcome}")
    desk.follow("Read the draft back")
    fill_signature(desk)
    desk.follow(f"Sign: {outcome}")
    desk.reads(f"The decision is signed: {outcome}.")


def fill_signature(desk: Desk) -> None:
    """Name the person once more, and confirm."""
    desk.type_at("initials", INITIALS)
    desk.type_at("birth_year", BORN)
    desk.choose("confirmed", "yes")
