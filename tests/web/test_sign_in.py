"""Coming in and going out."""

from collections.abc import Callable

import pytest

from referral.workflow import Role
from tests.browser import Browser


@pytest.mark.parametrize("role", Role)
def test_everybody_comes_in_and_sees_who_they_are(sign_in: Callable[[str], Browser], role: Role) -> None:
    page = sign_in(role).visit("/")

    assert role.words in page.text
