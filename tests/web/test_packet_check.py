"""The page on which a packet is checked: by its file, or by the seal on paper."""

import io
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions.packets import this_house
from referral.models import AuditEntry, Packet, Referral, ReferralVersion, User
from referral.packet.checking import check_packet
from referral.packet.make import House, Made, make_packet
from tests.at_hand import deeds, page_of
from tests.browser import Browser, Page
from tests.packet.snapshots import worked_case

People = dict[str, User]
SignIn = Callable[[str], Browser]


@cache
def printed_once(house: House) -> Made:
    """A packet of this house, of whatever case: printing is shown elsewhere."""
    return make_packet(worked_case("01-"), house)


@pytest.fixture
def packet(house: House, session: Session, people: People, sent: Referral) -> Packet:
    made = printed_once(house)
    packet = Packet(
        version=session.scalars(select(ReferralVersion)).one(),
        pdf=made.pdf,
        sha256=sha256(made.pdf).hexdigest(),
        seal=made.seal,
        issued_by=people["neurologist"],
    )
    session.add(packet)
    session.commit()
    return packet


def hand_in(browser: Browser, content: bytes) -> Page:
    form: dict[str, Any] = {**browser.visit("/check").fields("/check")}
    form["file"] = (io.BytesIO(content), "packet.pdf")
    page = browser.open("/check", method="POST", data=form, content_type="multipart/form-data")
    assert page.status == 200
    page.check()
    return page


def test_a_whole_file_is_told_from_an_altered_one_and_from_a_stranger(
    sign_in: SignIn, packet: Packet
) -> None:
    browser = sign_in("coordinator")
    page = hand_in(browser, packet.pdf)
    assert "Not a byte of the file was changed" in page.text
    assert "The key of this installation." in page.text
    assert "The same, byte for byte." in page.text
    assert "Nothing later was signed." in page.text

    altered = bytearray(packet.pdf)
    altered[1000] ^= 1
    assert "no longer as it was signed" in hand_in(browser, bytes(altered)).text
    assert "The file bears no seal." in hand_in(browser, b"%PDF-1.7 a letter").text


def test_under_a_new_key_older_packets_are_whole_and_known_and_newer_ones_bear_the_new(
    app: Flask, sign_in: SignIn, packet: Packet, tmp_path: Path
) -> None:
    before = packet.pdf
    app.config["PACKET_KEY"] = tmp_path / "another_key.pem"
    with app.app_context():
        new = this_house()
    seen, stranger = sign_in("coordinator"), sign_in("other_coordinator")

    old = hand_in(seen, before)
    assert "Not a byte of the file was changed" in old.text
    assert "The key that this installation had then: the same file is kept here." in old.text
    assert "Not a key that is known here" in hand_in(stranger, before).text, "as if it were nowhere"
    made = make_packet(worked_case("01-"), new).pdf
    assert "The key of this installation." in hand_in(seen, made).text
    assert check_packet(made).fingerprint != check_packet(before).fingerprint


@pytest.mark.parametrize("who", ["neurologist", "coordinator", "chair"])
def test_the_printed_seal_finds_the_packet_for_who_may_see_its_case(
    sign_in: SignIn, packet: Packet, sent: Referral, session: Session, who: str
) -> None:
    assert packet.seal is not None
    page = sign_in(who).visit(f"/check/{packet.seal[:16]}")
    assert "The newest version" in page.text
    assert page.all(f".//a[@href='{page_of(sent)}']")
    assert deeds(session, sent)[-1] == "packet_checked"


@pytest.mark.parametrize("who", ["other_neurologist", "other_coordinator", "auditor", "administrator"])
def test_for_everybody_else_it_is_as_if_it_were_nowhere(
    sign_in: SignIn, packet: Packet, sent: Referral, session: Session, who: str
) -> None:
    assert packet.seal is not None
    browser = sign_in(who)
    page = browser.visit(f"/check/{packet.seal[:16]}")
    missing = browser.visit(f"/check/{'0' * 16}")
    assert "Not known here" in page.text
    assert page.text == missing.text
    assert sent.number not in page.text
    whole = hand_in(browser, packet.pdf)
    assert "Not a byte of the file was changed" in whole.text
    assert "is not known here" in whole.text
    assert not whole.all(f".//a[@href='{page_of(sent)}']")


def test_a_later_version_is_named(sign_in: SignIn, packet: Packet, sent: Referral, session: Session) -> None:
    first = packet.version
    later = type(first)(
        referral_id=sent.id, version=2, snapshot=first.snapshot, snapshot_sha256=first.snapshot_sha256,
        verdicts=first.verdicts, signed_by_id=first.signed_by_id,
    )  # fmt: skip
    session.add(later)
    session.commit()
    page = hand_in(sign_in("chair"), packet.pdf)
    assert "Superseded by version 2" in page.text
    assert "Not a byte of the file was changed" in page.text


def test_the_seal_may_be_typed_in_groups_and_not_in_part(sign_in: SignIn, packet: Packet) -> None:
    assert packet.seal is not None
    browser = sign_in("neurologist")
    form = browser.visit("/check").fields("/check")
    short = packet.seal[:16].upper()
    typed = " ".join(short[place : place + 4] for place in range(0, 16, 4))
    assert "The newest version" in browser.send("/check", form | {"seal": typed}).text
    assert "Not known here" in browser.send("/check", form | {"seal": short[:12]}).text
    assert "Not known here" in browser.send("/check", form | {"seal": "%%%%%%%%%%%%%%%%"}).text


def test_nothing_given_is_asked_for_and_nothing_is_checked(sign_in: SignIn, session: Session) -> None:
    browser = sign_in("neurologist")
    page = browser.send("/check", browser.visit("/check").fields("/check"), 422)
    assert "Choose a file, or type the seal" in page.text
    assert "packet_checked" not in session.scalars(select(AuditEntry.deed)).all()


def test_nobody_checks_without_signing_in(app: Flask) -> None:
    answer = app.test_client().get("/check/0123456789abcdef")
    assert answer.status_code in (302, 303)
    assert "/sign-in" in answer.headers["Location"]
