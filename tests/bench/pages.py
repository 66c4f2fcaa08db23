"""The speeds of a packet and of each page, in a house with a thousand sent cases."""

from collections.abc import Iterator
from functools import partial

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import demo
from referral.models import Packet, Referral, ReferralVersion
from referral.packet import contents, render_pdf
from tests.bench.house import account, first_version, open_house
from tests.bench.measuring import Measure, measure
from tests.browser import Browser
from tests.many import insert_sent

CASES = 1000
PACKET, PAGE = 1500.0, 100.0  # milliseconds, as the median


def measure_pages() -> Iterator[Measure]:
    """Print one packet, open each page."""
    with open_house() as house, Session(house.engine, expire_on_commit=False) as session:
        fill(session)
        snapshot = first_version(session).snapshot
        yield measure("one packet, warm", lambda: render_pdf(contents(snapshot)), 5, PACKET)
        yield from pages(house.app, session)


def fill(session: Session) -> None:
    """Put in the sent cases beside the invented people, each with a real snapshot and real text."""
    version = first_version(session)
    clinic, programme = account(session, "farquhar"), account(session, "okonjo")
    insert_sent(
        session,
        clinic,
        programme,
        CASES,
        snapshot=version.snapshot,
        verdicts=version.verdicts,
        typed=version.referral.typed,
    )
    version.packet = Packet(pdf=b"%PDF-" + bytes(90_000), sha256="0" * 64, issued_by=version.signed_by)
    session.commit()


def pages(app: Flask, session: Session) -> Iterator[Measure]:
    """Open each page as somebody whom it is for."""

    def case(name: str) -> str:
        (found,) = (case.id for case in session.scalars(select(Referral)) if case.family_name == name)
        return f"/referrals/{found}"

    full, empty, sent = case("Thistlewood"), case("Fallowfield"), case("Underbough")
    printed = session.scalars(select(ReferralVersion.referral_id).join(Packet)).one()
    session.commit()
    visits = {
        "farquhar": {
            "home": "/",
            "the clinic's list": "/referrals",
            "the clinic's list, a late page": "/referrals?page=20",
            "a sent case": sent,
            "a full draft": full,
            "an almost empty draft": empty,
            "the review of a full draft": f"{full}/submission",
            "the review of an almost empty draft": f"{empty}/submission",
            "a section of the form": f"{full}/edit/relapses",
            "the longest section of the form": f"{full}/edit/judgements",
            "help": "/help",
            "a packet, as issued": f"/referrals/{printed}/packet.pdf",
        },
        "okonjo": {
            "the inbox": "/inbox",
            "the inbox, a late page": "/inbox?page=20&state=all",
            "a sent case, at the programme": sent,
        },
    }
    for key, wanted in visits.items():
        browser = Browser(app.test_client(), session)
        assert browser.sign_in(account(session, key).email, demo.password()).status == 200
        for what, address in wanted.items():
            yield measure(f"page: {what}", partial(get, browser, address), 10, PAGE)
        if key == "okonjo":
            form = {"csrf_token": browser.token(), "text": "Invented00777"}
            search = partial(browser.client.post, "/inbox", data=form)
            yield measure("page: the inbox, a search", search, 10, PAGE)


def get(browser: Browser, address: str) -> None:
    """Open a page, and expect it to come."""
    answer = browser.client.get(address)
    assert answer.status_code == 200, address
    assert answer.data
