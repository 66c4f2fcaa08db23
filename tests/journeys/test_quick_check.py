"""The quick check in a real browser: without JavaScript, and on one sheet of paper."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from referral import demo
from referral.criteria import library
from tests.journeys.conftest import House, OpenBrowser

pytestmark = pytest.mark.journey


def test_every_edition_is_answered_without_javascript_and_prints_on_one_page(
    house: House, open_browser: OpenBrowser
) -> None:
    page = open_browser(scripts=False)
    page.goto(f"{house.address}/sign-in")
    page.locator("[name=email]").fill(house.email("farquhar"))
    page.locator("[name=password]").fill(demo.password())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Quick check").click()
    page.get_by_label("Age").fill("34")
    page.get_by_label("Course").select_option("RRMS")
    with page.expect_navigation():
        page.get_by_role("button", name="Check all editions").click()

    assert page.locator(".quick-line").count() == len(library())
    assert page.url == f"{house.address}/quick-check"
    paper = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) == 1
    said = " ".join(paper.pages[0].extract_text().split())
    assert "The multidisciplinary team decides" in said
    words = ("Cannot say", "Not met", "All tested criteria met")
    assert sum(said.count(word) for word in words) == len(library())

    with page.expect_response("**/quick-check.pdf") as printed:
        page.get_by_role("button", name="Print on one page (PDF)").first.click()
    assert printed.value.status == 200
    assert printed.value.headers["content-type"] == "application/pdf"
