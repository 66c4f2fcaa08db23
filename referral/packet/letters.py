"""Letters about a decision: the data for their templates, their text in blocks, and the paper."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from referral.packet.contents import DECIDES, Contents, contents
from referral.packet.decided import Decided
from referral.packet.render import print_pdf, render_template
from referral.packet.sandbox import render_text
from referral.printing.job import ROOT
from referral.reference.files import read_file

FOLDER = Path(ROOT) / "templates" / "letters"
STYLES = ("letter-paper.css",)
TITLES = {"referrer": "Letter to the referrer", "plain_summary": "Summary in plain words"}
PLAIN_OUTCOMES = {
    "accepted": "Your case was accepted for a transplant, with the steps named below.",
    "declined": "A transplant was not agreed at this time.",
    "deferred": "The decision was put off.",
    "more_information_needed": "More information is needed before a decision.",
    "advice_given": "The team gave advice to your neurologist.",
}


@dataclass(frozen=True)
class Block:
    """One piece of a letter: a heading, a list, or a paragraph with its lines."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """Who writes to whom, and when."""

    programme: str
    clinic: str
    referrer: str
    drafted_by: str
    signed_by: str
    signed_on: str
    written_on: str


def letter_data(said: Decided, snapshot: Mapping[str, Any], names: Names, *, replaces: str) -> dict[str, Any]:
    """Give the data of a letter: texts and lists of texts, all names always there, empty where nothing was said."""
    page = contents(snapshot)
    return {
        **asdict(names),
        "number": page.number or "",
        "version": page.version,
        "person": page.person.name or "",
        "birth_date": page.person.birth_date or "",
        "question": page.question or "",
        "outcome": said.outcome,
        "headline": said.headline,
        "plain_outcome": PLAIN_OUTCOMES[said.outcome],
        "decided_on": said.decided_on,
        "text": said.text,
        "conditions": said.conditions,
        "asked": list(said.asked),
        "comes_back": said.comes_back,
        "rests_on": [_texts(asdict(reason)) for reason in said.rests_on],
        "beyond": "yes" if said.beyond else "",
        "disagrees": [_texts(asdict(reason)) for reason in said.disagrees],
        "took_part": list(said.took_part),
        "editions": list(said.editions),
        "untested": list(said.untested),
        "replaces": replaces,
        "decides": DECIDES,
    }


def _texts(reason: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value) for name, value in reason.items()}


def default_template(kind: str) -> str:
    """Give the template that we ship for a kind of letter."""
    return (FOLDER / "defaults" / f"{kind}.txt").read_text(encoding="utf-8")


@cache
def _example() -> Mapping[str, Any]:
    plain: Mapping[str, Any] = read_file(FOLDER / "example.yaml")
    return plain


def examples() -> Iterator[dict[str, Any]]:
    """Give the data of an invented case, once for each outcome."""
    for outcome, words in PLAIN_OUTCOMES.items():
        headline = f"The multidisciplinary team decided: {outcome.replace('_', ' ')}"
        yield {**_example(), "outcome": outcome, "headline": headline, "plain_outcome": words}


def try_template(template: str) -> list[str]:
    """Fill a template with the invented case, once for each outcome.

    Raises:
        TemplateFault: it cannot be used.

    """
    return [render_text(template, data) for data in examples()]


def blocks(text: str) -> list[Block]:
    """Read the text of a letter: ``# `` begins a heading, ``- `` an item of a list, a blank line a new paragraph."""
    found: list[Block] = []
    lines: list[str] = []

    def close() -> None:
        if lines:
            listed = all(line.startswith("- ") for line in lines)
            kept = tuple(line[2:] if listed else line for line in lines)
            found.append(Block("list" if listed else "paragraph", kept))
            lines.clear()

    for line in (each.rstrip() for each in text.splitlines()):
        if line.startswith("# "):
            close()
            found.append(Block("heading", (line[2:],)))
        elif not line.strip():
            close()
        else:
            if lines and line.startswith("- ") != lines[-1].startswith("- "):
                close()
            lines.append(line)
    close()
    return found


def print_letter(
    kind: str, body: str, said: Decided, snapshot: Mapping[str, Any], names: Names, *, demonstration: bool
) -> bytes:
    """Print a letter as a tagged PDF; the same letter gives the same bytes.

    What is recorded of the decision follows a letter to the referrer, whatever was changed in its text, so the
    reasons are always in it.

    Raises:
        PacketError: it could not be printed whole.

    """
    page: Contents = contents(snapshot)
    html = render_template(
        "letters/letter.html",
        title=f"{TITLES[kind]}, referral {page.number}",
        kind=kind,
        names=names,
        contents=page,
        blocks=blocks(body),
        said=said,
        demonstration=demonstration,
        decides=DECIDES,
    )
    return print_pdf(html, STYLES, sha256(html.encode()).digest())
