"""The blank form: every section, generated from the form itself, and nobody's data."""

import io
from collections.abc import Callable

from pypdf import PdfReader

from forms import SECTIONS
from referral.models import Referral
from referral.workflow import Role
from tests.browser import Browser

SignIn = Callable[[str], Browser]


def test_the_paper_has_every_section_and_knows_nobody(sign_in: SignIn, draft: Referral) -> None:
    answer = sign_in(Role.NEUROLOGIST).open("/blank-form.pdf")

    assert answer.status == 200
    assert answer.response.mimetype == "application/pdf"
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.response.data)).pages)
    text = " ".join(text.split())
    missing = [section.title for section in SECTIONS if section.title not in text]
    assert missing == []
    assert draft.family_name
    assert draft.family_name not in text


def test_list_and_help_lead_to_the_paper(sign_in: SignIn) -> None:
    browser = sign_in(Role.NEUROLOGIST)

    for path in ("/referrals", "/help"):
        assert "/blank-form.pdf" in [link.get("href") for link in browser.visit(path).all(".//a")]
