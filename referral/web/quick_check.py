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


@dataclass(frozen=True, slots=True)
class Line:
    """One edition with its verdict, what it rests on in a few words, and the criteria themselves."""

    result: EditionResult
    findings: tuple[Finding, ...]

    @property
    def short(self) -> str:
        """Name the groups of the deciding criteria; where there are none, say what was not tested."""
        if self.findings:
            groups = dict.fromkeys(words.GROUPS[finding.criterion.group] for finding in self.findings)
            return ", ".join(groups).lower()
        untested = sum(finding.result is Result.NOT_TESTED for finding in self.result.findings)
        part = f"{untested} not tested" if untested else "all stated criteria tested"
        return part if self.result.edition.list_complete else f"{part}; its list was not read whole"


@quick.get("/quick-check")
@requires(*Role)
def ask() -> ResponseReturnValue:
    """Show the six questions, all of them not known."""
    return render_template("quick_check/index.html", form=QuickCheck(), groups=None, today=clock.today())


@quick.post("/quick-check")
@requires(*Role)
def answer() -> ResponseReturnValue:
    """Put what was typed to every edition and show the answer with the form; nothing is kept of either."""
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
    return render_template("quick_check/index.html", form=form, groups=groups, today=today)
