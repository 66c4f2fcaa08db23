"""The quick check: six answers about nobody in particular, put to every edition. Nothing is stored."""

import logging
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from forms.quick_check import QuickCheck
from referral import clock
from referral.auth import requires
from referral.criteria import library
from referral.criteria.edition import PURPOSES
from referral.criteria.evaluate import EditionResult, Finding, Result
from referral.criteria.quick import ask_all, deciding
from referral.packet import PacketError, render, words
from referral.web.errors import error_page
from referral.web.layout import day
from referral.workflow import Role

log = logging.getLogger(__name__)

quick = Blueprint("quick", __name__)

STYLES = ("quick-check-paper.css",)
NOT_PRINTED = "The paper is not made. {} Go back: what you typed is still there."
SHORT_GROUPS = {"diagnosis": "diagnosis", "age_and_duration": "age, duration", "activity": "activity"}
"""The groups of criteria in so few words that all editions go on one sheet; the others have one word anyway."""


@dataclass(frozen=True, slots=True)
class Line:
    """One edition with its verdict, the criteria on which that rests, and those that are not tested."""

    result: EditionResult
    findings: tuple[Finding, ...]

    @property
    def untested(self) -> tuple[Finding, ...]:
        """What the source states and the software does not test."""
        return tuple(finding for finding in self.result.findings if finding.result is Result.NOT_TESTED)

    @property
    def short(self) -> str:
        """Name the groups of the deciding criteria, and how much is not tested, in one line."""
        groups = dict.fromkeys(finding.criterion.group for finding in self.findings)
        parts = [", ".join(SHORT_GROUPS.get(group, group) for group in groups)]
        parts += [f"{len(self.untested)} not tested"] if self.untested else []
        parts += ["list read in part"] if not self.result.edition.list_complete else []
        return "; ".join(filter(None, parts))


@quick.get("/quick-check")
@requires(*Role)
def ask() -> ResponseReturnValue:
    """Show the six questions, all of them not known."""
    return render_template(
        "quick_check/index.html", form=QuickCheck(), groups=None, today=clock.today(), words=words
    )


@quick.post("/quick-check")
@requires(*Role)
def answer() -> ResponseReturnValue:
    """Put what was typed to every edition and show the answer with the form; nothing is kept of either."""
    return show(typed())


@quick.post("/quick-check.pdf")
@requires(*Role)
def on_paper() -> ResponseReturnValue:
    """Print the same answer on one page; what cannot be read is shown again instead. Nothing is kept of it."""
    form = typed()
    if form.problems():
        return show(form)
    try:
        pdf = print_answer(form, clock.today())
    except PacketError as jam:
        log.exception("A quick check could not be printed")
        return error_page(503, NOT_PRINTED.format(jam))
    response = Response(pdf, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename="quick-check.pdf")
    return response


def typed() -> QuickCheck:
    """Read the form that was sent."""
    return QuickCheck(request.form.to_dict(flat=False))


def show(form: QuickCheck) -> ResponseReturnValue:
    """Draw the answer with the form. Where an answer cannot be read every fault is listed; it counts as not known."""
    today = clock.today()
    page = render_template(
        "quick_check/index.html", form=form, groups=put(form, today), today=today, words=words
    )
    return page, 422 if form.problems() else 200


def print_answer(form: QuickCheck, today: date) -> bytes:
    """Print what the page says, on one page.

    Raises:
        PacketError: it could not be printed whole.

    """
    html = render.render_template(
        "quick_check/paper.html", form=form, groups=put(form, today), today=today, day=day, words=words
    )
    return render.print_pdf(html, STYLES, sha256(html.encode()).digest())


def put(form: QuickCheck, today: date) -> list[tuple[str, list[Line]]]:
    """Put what was typed to every edition; give the answers by what the editions are for."""
    lines = [
        Line(result, deciding(result)) for result in ask_all(form.records(today), library().values(), today)
    ]
    return [
        (words.sentence_case(words.PURPOSES[purpose]), chosen)
        for purpose in PURPOSES
        if (chosen := [line for line in lines if line.result.edition.purpose == purpose])
    ]
