"""The page of one case in a committee pack: who, what is asked, what each edition says, and room for the outcome.

It is made with the packet and kept beside it, so it says nothing of a meeting: its place on the agenda is written on
it when the pack is joined, and who stands aside is on the agenda itself.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from referral.packet.contents import DECIDES, contents
from referral.packet.render import print_pdf, render_template

STYLES = ("results.css", "pack-paper.css")
OUTCOMES = ("Accepted", "Declined", "Deferred", "More information needed", "Advice given")
LONGEST_QUESTION = 700


def make_summary(snapshot: Mapping[str, Any]) -> bytes:
    """Print the page of a signed case; the same snapshot gives the same bytes.

    Raises:
        RecordError: the record in the snapshot cannot be read.
        PacketError: it could not be printed whole.

    """
    html = render_template(
        "pack/summary.html",
        page=contents(snapshot),
        outcomes=OUTCOMES,
        longest=LONGEST_QUESTION,
        decides=DECIDES,
    )
    return print_pdf(html, STYLES, sha256(html.encode()).digest())
