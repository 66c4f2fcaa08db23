"""What no database stores is answered like any other text: on each database, wherever somebody may type it."""

from collections.abc import Callable

import pytest

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
