"""What somebody types who needs a case from outside in an emergency, and what is said of it afterwards."""

from collections.abc import Mapping
from typing import Any

from forms.fields import LongTextField, TextField
from forms.parts import Section
from forms.people import ListedField

LEAST = 10
"""Signs of a reason: less says nothing to whoever reviews it."""


class EmergencyForm(Section):
    """The case that is needed, and why."""

    key = "emergency"
    title = "Read a case in an emergency"

    number = TextField("Number of the case", "Exactly as you were given it, for example P-2026-0001", most=40)
    reason = ListedField("Reason", {})
    why = LongTextField(
        "What has happened",
        "A sentence or two for the reviewer, without the name of the person and without clinical facts",
        most=1000,
    )

    def read_request(self, reasons: Mapping[str, str]) -> dict[str, Any]:
        """Give what was typed; what is missing is among the problems of the page."""
        self.reason.offer(reasons)
        for name in ("number", "reason", "why"):
            if not self[name].touched:
                self[name].fault("This is missing.")
        if self.why.fact and len(self.why.fact) < LEAST:
            self.why.fault("This is too short for the reviewer. Say in a sentence what has happened.")
        return self.read("", {}) or {}


class FindingForm(Section):
    """What the review of an emergency found."""

    key = "finding"
    title = "Review"

    outcome = ListedField("Was there reason for it?", {})
    finding = LongTextField(
        "What was found",
        "How you know, and what follows from it. Needed where there was no reason",
        most=1000,
    )

    def read_finding(self, outcomes: Mapping[str, str]) -> dict[str, Any]:
        """Give what was typed; what is missing is among the problems of the page."""
        self.outcome.offer(outcomes)
        if not self.outcome.touched:
            self.outcome.fault("This is missing.")
        if self.outcome.fact == "not_justified" and not self.finding.touched:
            self.finding.fault("Say what was found, and what follows from it.")
        return self.read("", {}) or {}
