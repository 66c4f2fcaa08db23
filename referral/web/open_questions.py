"""Which blanks matter: what is not known and keeps an edition from a verdict, by the section that asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from forms import SECTIONS, Section, find_place
from referral.assessment import Assessment
from referral.criteria.edition import DECIDING
from referral.criteria.evaluate import EditionResult, Finding, Result, Verdict


@dataclass
class OpenSection:
    """One section of the form with what an answer there would settle: statements, each with its editions."""

    section: type[Section]
    asked: dict[str, list[str]] = field(default_factory=dict)


def open_questions(assessment: Assessment) -> list[OpenSection]:
    """List the sections in the order of the form. Blanks that change no verdict are not among them."""
    found = {section.key: OpenSection(section) for section in SECTIONS}
    for result in assessment.results:
        for finding in _that_matter(result):
            for key in dict.fromkeys(find_place(path).section.key for path in finding.answer.missing):
                editions = found[key].asked.setdefault(finding.criterion.statement, [])
                editions.append(edition_name(result.edition.id))
    return [section for section in found.values() if section.asked]


def edition_name(edition_id: str) -> str:
    """Give an edition a name short enough for a list: ``ebmt-2020`` is ``EBMT 2020``."""
    return edition_id.replace("-", " ").upper()


def _that_matter(result: EditionResult) -> Iterator[Finding]:
    """Give the findings that keep an edition open; on a route that fails anyway nothing does."""
    if result.verdict is not Verdict.CANNOT_SAY:
        return
    deciding = [finding for finding in result.findings if finding.criterion.kind in DECIDING]
    failed = {finding.criterion.route for finding in deciding if finding.result is Result.NOT_MET} - {None}
    for finding in deciding:
        if finding.result is Result.CANNOT_SAY and finding.criterion.route not in failed:
            yield finding
