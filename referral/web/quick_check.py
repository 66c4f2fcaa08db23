"""The quick check: six answers about nobody in particular, put to every edition. Nothing is stored."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from forms.quick_check import QuickCheck
from referral import clock
from referral.auth import requires
from referral.criteria import library
from referral.criteria.edition import PURPOSES
from referral.criteria.evaluate import EditionResult, Finding, Result
from referral.criteria.quick import ask_all, deciding
from referral.packet import words
from referral.workflow import Role

quick = Blueprint("quick", __name__)


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
    """Put what was typed to every edition and show the answer with the form; nothing is kept of either.

    Where an answer cannot be read every fault is listed, and it counts as not known.
    """
    today = clock.today()
    form = QuickCheck(request.form.to_dict(flat=False))
    lines = [
        Line(result, deciding(result)) for result in ask_all(form.records(today), library().values(), today)
    ]
    groups = [
        (words.sentence_case(words.PURPOSES[purpose]), chosen)
        for purpose in PURPOSES
        if (chosen := [line for line in lines if line.result.edition.purpose == purpose])
    ]
    page = render_template("quick_check/index.html", form=form, groups=groups, today=today, words=words)
    return page, 422 if form.problems() else 200
