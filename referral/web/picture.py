"""The picture of the course on the page where it is typed: drawn anew only where it would look different."""

from datetime import date

from referral.criteria import Edition
from referral.facts import CaseRecord, digest
from referral.packet.course import course_on_screen
from referral.packet.drawing import Picture
from referral.remembered import Remembered

_pictures: Remembered[Picture] = Remembered(100)
DRAWN = ("diagnosis", "relapses", "edss", "mri", "treatments")
"""The parts of the record that are drawn; the windows of an edition may be counted from others."""


def mark_of(record: CaseRecord, as_of: date, shaded: Edition | None) -> str:
    """Give the mark of what is drawn: two pictures with the same mark look the same."""
    plain = record.to_json()
    drawn = plain if shaded else {name: plain.get(name) for name in DRAWN}
    return digest([drawn, as_of.isoformat(), shaded.sha256 if shaded else None])


def draw(mark: str, record: CaseRecord, as_of: date, shaded: Edition | None) -> Picture:
    """Draw the picture of this mark, or give it as it was drawn before."""
    return _pictures.get(mark, lambda: course_on_screen(record, as_of, shaded))
