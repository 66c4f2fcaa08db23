"""What comes back for each word of the language, to the letter: truth, reason, sentence, facts, what is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from referral.criteria.language import read_test, vocabulary
from referral.criteria.load import shared_vocabulary
from referral.reference.files import read_yaml
from tests.core.answers import told

ASKED = read_yaml(Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: str(asked["test"])[:60])
def test_an_answer_says_why_in_which_words_and_on_which_facts(asked: dict[str, Any]) -> None:
    test = read_test(asked["test"], shared_vocabulary())

    found = [{"facts": kept["facts"], **told(test, kept["facts"])} for kept in asked["answers"]]

    assert found == asked["answers"]
    json.dumps([answer["rests_on"] for answer in found])  # no value that JSON does not have


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: str(asked["test"])[:60])
def test_a_test_says_what_it_asks_for_and_what_its_opposite_asks_for(asked: dict[str, Any]) -> None:
    test = read_test(asked["test"], shared_vocabulary())

    assert (test.asks(), test.asks_not()) == (asked["asks"], asked["asks_not"])


def test_every_word_of_the_language_is_held_to_the_letter() -> None:
    assert {next(iter(asked["test"])) for asked in ASKED} == set(vocabulary())
