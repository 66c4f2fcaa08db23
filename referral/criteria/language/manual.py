"""The reference page of the language, made of the vocabulary and of the examples that the tests ask."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from referral.criteria.language.base import vocabulary
from referral.reference.files import read_file

EXAMPLES = Path(__file__).with_name("examples.yaml")
PAGE = Path(__file__).parents[3] / "docs" / "language.md"

INTRODUCTION = """# The language of criteria

Every criterion of an edition has a test in this language: one word with its settings. `all`, `any`, `not` and
`at_least` join tests. The answer is *yes*, *no* or *unknown*; what is not written down is not known.

This page is made of the vocabulary and of examples that the tests ask of the engine. Do not edit it:
edit `referral/criteria/language/examples.yaml`, then run `flask protocols language --write`.

The examples are asked on {as_of}.
"""


@cache
def examples() -> Mapping[str, Any]:
    """Give the examples: the day, the settings that words share, and each word with its own."""
    found: Mapping[str, Any] = read_file(EXAMPLES)
    return found


def settings_of(word: str) -> dict[str, str]:
    """Give every setting of a word with what it says, the shared ones first."""
    told = examples()["words"][word]
    shared = [examples()["settings"][name] for name in told.get("takes", ())]
    return {name: text for part in (*shared, told.get("settings", {})) for name, text in part.items()}


def page() -> str:
    """Give the whole page as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    told = examples()
    yield INTRODUCTION.format(as_of=told["as_of"])
    for word, kind in sorted(vocabulary().items()):
        entry = told["words"][word]
        yield f"## `{word}`"
        yield ""
        yield " ".join((kind.__doc__ or "").replace("``", "`").split())
        yield ""
        if "says" in entry:
            yield entry["says"]
            yield ""
        settings = settings_of(word)
        if settings:
            yield "| setting | says |"
            yield "|---|---|"
            yield from (f"| `{name}` | {text} |" for name, text in settings.items())
            yield ""
        for example in entry["examples"]:
            yield from _example(example)


def _example(example: Mapping[str, Any]) -> Iterator[str]:
    yield f"**{example['result']}**: {example['why']}"
    yield ""
    yield "```yaml"
    yield f"test: {_in_one_line(example['test'])}"
    yield f"record: {_in_one_line(example['facts'])}"
    yield "```"
    yield ""


def _in_one_line(plain: Any) -> str:
    """Write plain values as YAML in one line."""
    text = yaml.safe_dump(
        _plain(plain), default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True
    )
    return re.sub(r"'([0-9]{4}(-[0-9]{2}){1,2})'", r"\1", str(text).strip())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | str) else float(value)
