"""Whatever is written into the trail, the auditor reads it in words."""

import ast
from collections.abc import Iterator
from pathlib import Path

from referral.web.auditing import MORE_WORDS
from referral.web.trail import DEEDS
from referral.workflow import MOVES

ROOT = Path(__file__).resolve().parents[2] / "referral"
WRITES = {"record": 2, "write_down": 3}
"""The calls that write an entry, and which of their arguments names the deed."""


def written() -> Iterator[str]:
    """Every name of a deed that the code writes into the trail, whichever way it comes to it."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                named = node.args[WRITES[name] : WRITES[name] + 1] if name in WRITES else []
                yield from (word for each in named for word in words_of(each))


def words_of(argument: ast.expr) -> Iterator[str]:
    """The name that stands there, or the two between which a condition chooses."""
    if isinstance(argument, ast.IfExp):
        yield from words_of(argument.body)
        yield from words_of(argument.orelse)
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value


def test_each_deed_has_words_for_the_auditor() -> None:
    found = set(written()) | {move.past for move in MOVES}

    assert len(found) > 60
    assert sorted(found - set(DEEDS) - set(MORE_WORDS)) == []


def test_no_two_deeds_are_told_with_the_same_words() -> None:
    told = MORE_WORDS | DEEDS

    assert len(set(told.values())) == len(told)
