"""The reference page of the language: every word explained by examples that hold."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from referral.cli_criteria import protocols_group
from referral.criteria.case import Case
from referral.criteria.language import Mistake, manual, read_test, vocabulary
from referral.criteria.language.manual import PAGE, examples, page, settings_of
from referral.criteria.load import HERE, shared_vocabulary
from referral.facts import read_record
from referral.reference.files import read_yaml

AS_OF = date.fromisoformat(examples()["as_of"])
LISTED = [
    (word, number, example)
    for word, entry in examples()["words"].items()
    for number, example in enumerate(entry["examples"], start=1)
]


@pytest.mark.parametrize(
    ("word", "example"),
    [(word, example) for word, _, example in LISTED],
    ids=[f"{w}-{n}" for w, n, _ in LISTED],
)
def test_every_example_holds(word: str, example: dict[str, Any]) -> None:
    assert word in words_in(example["test"])
    case = Case.on(read_record({"record": "1", **example["facts"]}, AS_OF), AS_OF)

    found = case.answer(read_test(example["test"], shared_vocabulary()))

    assert found.truth.name.lower() == example["result"], found.tell()


def words_in(test: Any) -> Iterator[str]:
    """Every word and setting of a test."""
    if isinstance(test, dict):
        for name, inner in test.items():
            yield name
            yield from words_in(inner)
    elif isinstance(test, list):
        for inner in test:
            yield from words_in(inner)


def test_every_word_has_two_examples_or_more_and_one_that_is_not_known() -> None:
    assert set(examples()["words"]) == set(vocabulary())
    for word, entry in examples()["words"].items():
        results = [example["result"] for example in entry["examples"]]
        assert len(results) >= 2, word
        assert "unknown" in results, word


def settings_used(plain: Any) -> Iterator[tuple[str, str]]:
    """Every setting that stands under a word, wherever in an edition or an example."""
    if isinstance(plain, dict):
        for name, inner in plain.items():
            if name in vocabulary() and isinstance(inner, dict) and name != "not":
                yield from ((name, setting) for setting in inner)
            yield from settings_used(inner)
    elif isinstance(plain, list):
        for inner in plain:
            yield from settings_used(inner)


def test_every_setting_that_an_edition_uses_is_explained() -> None:
    used = set(settings_used([example["test"] for _, _, example in LISTED]))
    for path in (HERE / "protocols").glob("*.yaml"):
        for criterion in read_yaml(path.read_text(encoding="utf-8"))["criteria"]:
            used |= set(settings_used([criterion["test"], criterion.get("applies_if")]))
    for word, setting in used:
        assert setting in settings_of(word), (word, setting)


@pytest.mark.parametrize(
    ("word", "setting"), [(word, setting) for word in sorted(vocabulary()) for setting in settings_of(word)]
)
def test_no_setting_is_explained_that_the_language_does_not_have(word: str, setting: str) -> None:
    (given,) = (example["test"] for name, number, example in LISTED if (name, number) == (word, 1))
    with pytest.raises(Mistake) as refused:
        read_test(
            {word: {**given[word], "no_such_setting": 1, setting: given[word].get(setting, object())}},
            shared_vocabulary(),
        )

    assert repr(setting) not in str(refused.value).partition("there is no setting")[2]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: flask protocols language --write"


def test_the_command_prints_the_page() -> None:
    assert CliRunner().invoke(protocols_group, ["language"]).output == page()


def test_an_example_is_written_in_one_line_with_its_letters_and_days_as_they_are() -> None:
    plain = {
        "b": "2026-05-17",
        "a": [Decimal("0.5"), 2, None, True, "2026-05"],
        "µ": {"c": "2026"},
        "d": "x" * 200,
    }
    assert manual._in_one_line(plain) == (
        "{b: 2026-05-17, a: [0.5, 2, null, true, 2026-05], µ: {c: '2026'}, d: " + "x" * 200 + "}"
    )


def test_a_words_settings_are_its_own_after_those_it_shares() -> None:
    assert list(settings_of("edss_rise")) == [
        "within_months", "within_days", "since", "first_months", "min", "above", "min_from_5_5",
    ]  # fmt: skip
    assert settings_of("judgement") == {}
