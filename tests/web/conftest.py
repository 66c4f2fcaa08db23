"""Cases that the tests of the pages stand on."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import care
from referral.attachments import Store
from referral.models import Packet, Referral, ReferralVersion, User
from tests.at_hand import make_draft, send
from tests.caring import accept

People = dict[str, User]


@pytest.fixture
def draft(session: Session, people: People) -> Referral:
    found = make_draft(session, people)
    session.commit()
    return found


@pytest.fixture
def cabinet(app: Flask) -> Store:
    return Store(app.config["ATTACHMENTS"], app.config["DATA_KEYS"])


@pytest.fixture
def sent(session: Session, people: People, draft: Referral) -> Referral:
    send(session, draft, people["neurologist"])
    return draft


@pytest.fixture
def printed(session: Session, people: People, sent: Referral) -> bytes:
    """A packet of the case that was sent. What it holds is not looked at here."""
    version = session.scalars(select(ReferralVersion)).one()
    version.packet = Packet(pdf=b"%PDF-1.7 as issued", sha256="0" * 64, issued_by=people["neurologist"])
    session.flush()
    return version.packet.pdf


@pytest.fixture
def accepted(session: Session, people: People) -> Referral:
    return accept(session, people)


@pytest.fixture
def in_workup(session: Session, people: People, accepted: Referral) -> Referral:
    care.begin_workup(session, accepted, actor=people["coordinator"])
    session.commit()
    return accepted
