"""The packet reads as it was approved: a typical case, an empty one and a huge one."""

import os
from pathlib import Path

import pytest

from referral.packet import contents, render_html
from tests.packet.papers import PAPERS

APPROVED = Path(__file__).with_name("approved")


@pytest.mark.parametrize("name", PAPERS)
def test_the_packet_reads_as_it_was_approved(name: str) -> None:
    """Look at what changed; if it is meant, type ``make approve``, look at ``docs/pages`` and commit both."""
    html = render_html(contents(PAPERS[name]()))
    kept = APPROVED / f"{name}.html"
    if os.environ.get("APPROVE"):
        kept.write_text(html, encoding="utf-8")
    assert html.splitlines() == kept.read_text(encoding="utf-8").splitlines(), "meant? then: make approve"


def test_no_mark_that_turns_or_hides_text_is_printed() -> None:
    typed = PAPERS["typical"]()
    typed["identity"] = typed["identity"] | {"family_name": "He is \u202enot\u202c un\u200bfit\u2066"}
    html = render_html(contents(typed))
    assert "He is not unfit" in html
    assert not set("\u202e\u202c\u2066") & set(html)
