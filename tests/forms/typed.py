"""Typing into one section, and what is said of it."""

from datetime import date

from forms import ReadCase, read_case

TODAY = date(2026, 11, 22)


def read(section: str, **typed: str | list[str]) -> ReadCase:
    """Read one section; ``__`` in a name stands for the dash of the page."""
    names = {
        name.replace("__", "-"): [text] if isinstance(text, str) else text for name, text in typed.items()
    }
    return read_case({section: names}, TODAY)


def said(case: ReadCase) -> list[str]:
    return [f"{problem.label}: {problem.message}" for problem in case.problems]
