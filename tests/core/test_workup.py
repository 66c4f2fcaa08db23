"""The list of the work-up: traceable, and nothing of it on that nobody has checked."""

import re

from referral.reference.workup import workup, workup_source


def test_every_item_has_a_name_of_its_own_and_words() -> None:
    assert len(workup()) == 76
    assert len({item.words for item in workup().values()}) == len(workup())
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in workup())


def test_what_the_handbook_names_says_so_and_the_rest_has_no_source() -> None:
    sources = {item.source for item in workup().values()}

    assert "NBK553925" in workup_source()
    assert sources == {workup_source(), ""}
    assert sum(item.verified for item in workup().values()) == 32
