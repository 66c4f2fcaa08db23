"""The picture of the course on a page: drawn anew only where it would look different."""

from datetime import date

from flask import Flask, current_app
from markupsafe import Markup

from referral.criteria import Edition
from referral.facts import CaseRecord, digest
from referral.packet.course import course_on_screen
from referral.packet.drawing import Picture
from referral.remembered import Remembered

MOST = 150
"""So many pictures are kept, some 100 kB each: of those who write now, and of a committee's next meeting."""
_pictures: Remembered[Picture] = Remembered(MOST)
_written: Remembered[Markup] = Remembered(MOST)
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


def register(app: Flask) -> None:
    """Give templates the picture as it stands on a page."""
    app.jinja_env.globals["course_picture"] = write


def write(picture: Picture) -> Markup:
    """Write a picture with what is said under it, or give it as it was written before."""
    return _written.get(picture, lambda: _write(picture))


def _write(picture: Picture) -> Markup:
    template = current_app.jinja_env.get_template("sections/course_picture.html")
    return Markup(template.render(contents={"course": picture}))  # noqa: S704  # written by our template, which escapes
