"""A case whose time may come, and the place of its files."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from referral.attachments import Store
from referral.models import Referral
from tests.at_hand import make_draft, send
from tests.ended import People, end_long_ago


@pytest.fixture
def cabinet(app: Flask) -> Store:
    return Store(app.config["ATTACHMENTS"], app.config["DATA_KEYS"])


@pytest.fixture
def ended(session: Session, people: People) -> Referral:
    """A case that its clinic took back eleven years ago."""
    case = make_draft(session, people)
    send(session, case, people["neurologist"])
    end_long_ago(session, people, case)
    return case
