"""What no database stores is answered like any other text: on each database, wherever somebody may type it."""

from collections.abc import Callable

import pytest
from werkzeug.datastructures import MultiDict

from forms.texts import whole_number
from referral.models import Referral
from referral.web.errors import typed_texts
from referral.workflow import Role
from tests.browser import Browser

SignIn = Callable[[str], Browser]
ODD = ("\x00", "a\x00b")


@pytest.mark.parametrize("text", ODD)
def test_a_sign_in_with_what_cannot_be_stored_is_only_wrong(browser: Browser, text: str) -> None:
    assert browser.sign_in(f"{text}@example.org", text).status == 401


@pytest.mark.parametrize("text", ODD)
def test_a_search_for_what_cannot_be_stored_finds_nothing(sign_in: SignIn, text: str) -> None:
    page = sign_in(Role.COORDINATOR).send("/inbox", {"text": text})

    assert page.status == 200


@pytest.mark.parametrize("path", [
    "/audit?before=" + "9" * 30, "/audit?before=" + "9" * 5000, "/audit?last=9999-12-31", "/audit?first=0001-01-01",
    "/audit?first=99999-01-01",
])  # fmt: skip
def test_numbers_and_days_beyond_all_bounds_are_answered(sign_in: SignIn, path: str) -> None:
    assert sign_in(Role.AUDITOR).visit(path).status == 200


def test_a_version_beyond_all_bounds_is_not_found(sign_in: SignIn, sent: Referral) -> None:
    browser = sign_in(Role.COORDINATOR)
    assert browser.visit(f"/referrals/{sent.id}/versions/{'9' * 30}/packet.pdf", 404).status == 404
    assert whole_number("9" * 5000) == whole_number("²") == whole_number("-1") == 0
    assert whole_number("12") == 12


def test_a_page_that_could_not_save_gives_back_reasons_and_no_secret() -> None:
    posted = MultiDict([
        ("code.ebmt-2020.age", "other_evidence"), ("text", "x" * 40), ("password", "p"), ("new_password", "n"),
        ("again", "n" * 40), ("code", "123456"), ("proof-code", "123456"), ("csrf_token", "t"), ("key", "{}"),
    ])  # fmt: skip
    assert [name for name, *_ in typed_texts(posted)] == ["code.ebmt-2020.age", "text"]
