"""The main job in a real browser: a neurologist types a case and sends it, a coordinator opens and prints it."""

import re
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import SECTIONS, typed_from
from referral import clock, demo
from referral.actions import drafts
from referral.facts import read_record, say_date
from referral.models import AuditEntry, Packet, Referral, ReferralVersion
from tests.at_hand import QUESTION, invented
from tests.journeys.conftest import House, OpenBrowser
from tests.journeys.hands import Hands

pytestmark = pytest.mark.journey

REASON = "One protocol asks for six months without natalizumab; stopping it first would risk a rebound."
DISCUSSED = "Aims, risks and alternatives, with the person and a sister; nothing was promised."
VERDICT_WORDS = {
    "met": "All criteria met",
    "tested_met": "All tested criteria met",
    "cannot_say": "Cannot say",
    "not_met": "Not met",
}
NEW_NAME = {  # nobody else in the house is called so, or has this number
    "family_name": "Journeyman",
    "given_name": "Mateo",
    "identifiers": [{"type": "NHS number", "value": "943 476 5919"}],
}


def what_to_type(session: Session, name: str) -> dict[str, dict[str, list[str]]]:
    """What an invented person's case is as text, section by section, under a name and a number of its own."""
    person = invented(name)
    (programme,) = (
        key for key, found in drafts.programmes(session).items() if found == "Larkfield Transplant Programme"
    )
    session.commit()
    record = read_record(person.record, clock.today())
    request = {"programme_id": programme, "question": QUESTION}
    return typed_from(record, person.who | NEW_NAME, request, {"goals": {"discussed": DISCUSSED}})


def sign_in(page: Page, house: House, key: str) -> Hands:
    hands = Hands(page)
    page.goto(f"{house.address}/sign-in")
    hands.type_at("email", house.email(key))
    hands.type_at("password", demo.password())
    with page.expect_navigation():
        hands.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return hands


def verdicts_of(page: Page) -> list[str]:
    """The row of verdicts in the grid."""
    return [" ".join(text.split()) for text in page.locator(".grid-verdicts .verdict").all_inner_texts()]


def text_of(pdf: Path) -> str:
    """What can be read in a packet, blanks folded, without what stands on every page."""
    raw = subprocess.run(["pdftotext", "-raw", pdf, "-"], check=True, capture_output=True, text=True).stdout
    return " ".join(raw.split())


def check_packet(pdf: Path, snapshot: Mapping[str, Any]) -> None:
    """The packet names the person and says each verdict and every criterion's sentence."""
    text = text_of(pdf)
    identity = snapshot["identity"]
    for part in (
        f"{identity['given_name']} {identity['family_name']}",
        say_date(date.fromisoformat(identity["birth_date"])),
        *(identifier["value"] for identifier in identity["identifiers"]),
        snapshot["referral"]["number"],
        QUESTION,
        DISCUSSED,
    ):
        assert part in text, part
    titles = {edition["id"]: edition["title"] for edition in snapshot["editions"]}
    bare = re.sub(r"\s", "", text)
    for edition in snapshot["assessment"]["protocols"]:
        assert titles[edition["protocol"]] in text
        assert VERDICT_WORDS[edition["verdict"]] in text
        for criterion in edition["criteria"]:
            assert re.sub(r"\s", "", criterion["sentence"]) in bare, criterion["sentence"]


@pytest.mark.parametrize("width", [pytest.param(1280, id="at a desk"), pytest.param(375, id="in the hand")])
def test_a_case_goes_from_the_keyboard_to_the_committee(
    house: House, open_browser: OpenBrowser, trail: Session, tmp_path: Path, width: int
) -> None:
    typed = what_to_type(trail, "sorrelby_mateo")

    page = open_browser(width=width)
    hands = sign_in(page, house, "farquhar")
    hands.press_button("Start a referral")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Person")
    before = page.locator("#now").inner_text()
    for section in SECTIONS:
        expect(page.get_by_role("heading", level=1)).to_contain_text(section.title)
        hands.fill_section(typed[section.key])
    expect(page.get_by_role("heading", level=1)).to_contain_text("Referral P-")
    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Referral ")
    assert verdicts_of(page) == ["All tested criteria met"] * 3 + ["Not met"]
    assert before.count("Cannot say") == 4

    hands.press_button("Review and send")
    hands.type_at("reason", REASON)
    hands.walk_to(name="declared")
    hands.press("Space")
    hands.press_button("Sign and send")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent")
    expect(page.locator(".case-receipt__number")).to_have_text(number)
    hands.press_button("Sign out")
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.goto(f"{house.address}/referrals")
    expect(page).to_have_url(re.compile("/sign-in"))

    page = open_browser(width=width)
    hands = sign_in(page, house, "okonjo")
    hands.press_button("Open the inbox")
    hands.press_button("Journeyman, Mateo")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Referral {number}")
    expect(page.locator(".case-question")).to_contain_text(REASON)
    hands.walk_to(text="Packet (PDF)")
    with page.expect_download() as download:
        hands.press("Enter")
    assert download.value.suggested_filename == f"{number}-v1.pdf"
    pdf = tmp_path / "packet.pdf"
    download.value.save_as(pdf)
    hands.press_button("Start review")
    expect(page.locator(".case-head")).to_contain_text("In review")

    referral = trail.scalars(select(Referral).where(Referral.number == number)).one()
    version = trail.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    kept = trail.scalars(select(Packet).where(Packet.version_id == version.id)).one()
    assert pdf.read_bytes() == kept.pdf
    assert (
        version.snapshot["record"] == read_record(invented("sorrelby_mateo").record, clock.today()).to_json()
    )
    assert version.reason == REASON
    check_packet(pdf, version.snapshot)
    entries = select(AuditEntry.deed).where(AuditEntry.referral_id == referral.id).order_by(AuditEntry.id)
    done = [deed for deed in trail.scalars(entries) if deed not in ("case_read", "draft_saved")]
    assert done == ["draft_opened", "submitted", "packet_issued", "packet_read", "review_started"]


def test_the_same_without_javascript(
    house: House, open_browser: OpenBrowser, trail: Session, tmp_path: Path
) -> None:
    typed = what_to_type(trail, "nettlefold_astrid")

    page = open_browser(scripts=False)
    enter(page, house, "prydderch")
    page.get_by_role("button", name="Start a referral").click()
    for section in SECTIONS:
        expect(page.get_by_role("heading", level=1)).to_contain_text(section.title)
        fill(page, typed[section.key])
        page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Referral P-")
    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Referral ")
    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.locator(".case-sign")).to_contain_text("Dr Imogen Farquhar-Osei signs and sends it")
    leave(page)

    enter(page, house, "farquhar")
    page.get_by_role("link", name="All referrals").click()
    page.get_by_role("link", name="Journeyman, Mateo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Referral {number}")
    assert verdicts_of(page) == ["All tested criteria met"] * 3 + ["Cannot say"]
    page.get_by_role("link", name="Review and send").click()
    page.get_by_label("have checked this case").check()
    page.get_by_role("button", name="Sign and send").click()
    expect(page.locator(".case-receipt__number")).to_have_text(number)
    leave(page)

    enter(page, house, "sandquist")
    page.get_by_role("link", name="Open the inbox").click()
    page.get_by_label("Name or number").fill("journeyman")
    with page.expect_navigation():
        page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Journeyman, Mateo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Referral {number}")
    expect(page.get_by_role("button", name="Start review")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Packet (PDF)").click()
    pdf = tmp_path / "packet.pdf"
    download.value.save_as(pdf)

    referral = trail.scalars(select(Referral).where(Referral.number == number)).one()
    version = trail.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    check_packet(pdf, version.snapshot)


def enter(page: Page, house: House, key: str) -> None:
    page.goto(f"{house.address}/sign-in")
    page.locator("[name=email]").fill(house.email(key))
    page.locator("[name=password]").fill(demo.password())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def leave(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))


def fill(page: Page, typed: Mapping[str, list[str]]) -> None:
    """Fill a page of the form in, as far as it has the fields; then ask the server for another row."""
    left = dict(typed)
    while left:
        for name in list(left):
            fields = page.locator(f'#section-form [name="{name}"]')
            if fields.count():
                answer(fields, left.pop(name))
        if left:
            rows = {name.partition("-")[0] for name in left}
            with page.expect_navigation():
                page.locator(f'[name="add-{sorted(rows)[0]}"]').click()


def answer(fields: Any, given: list[str]) -> None:
    first = fields.first
    kind = first.get_attribute("type")
    if kind in ("radio", "checkbox"):
        for value in given:
            fields.and_(fields.page.locator(f'[value="{value}"]')).check()
    elif first.evaluate("element => element.tagName") == "SELECT":
        first.select_option(given[0])
    else:
        first.fill(given[0])
