"""Templates that people write: they print what is given, and can do nothing else."""

import pytest

from referral.packet.letters import TITLES, blocks, default_template, examples, try_template
from referral.packet.sandbox import LONGEST_TEMPLATE, TemplateFault, render_text

DATA = next(iter(examples()))


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ person.__class__.__mro__ }}",
        "{{ person['__class__'] }}",
        "{{ ''.__class__ }}",
        "{{ asked.append('x') }}",
        "{{ rests_on.items }}",
        "{{ self }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum }}",
        "{{ config }}",
        "{{ range(10) }}",
        "{{ person | attr('upper') }}",
        "{{ person | safe }}",
        "{{ person | format }}",
        "{{ person.format }}",
        "{{ asked | map('upper') | join }}",
        "{{ person | join(person) }}",
        "{{ asked | join(person * 9) }}",
        "{{ 'x' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ person ~ person }}",
        "{{ 1e999 }}",
        "{{ " + "9" * 5000 + " }}",
        "{% set a = person %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% include 'packet/packet.html' %}",
        "{% import 'packet/packet.html' as p %}",
        "{% extends 'base.html' %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call person() %}{% endcall %}",
        "{% for a in asked recursive %}{{ loop(asked) }}{% endfor %}",
        "{% for sign in text %}{{ sign }}{% endfor %}",
        "{% for a in asked %}{{ loop.cycle }}{% endfor %}",
        "{% for a, b in asked %}{{ a }}{% endfor %}",
        "{% for a in asked %}" * 25 + "x" + "{% endfor %}" * 25,
        "{% if person is defined %}x{% endif %}",
        "{{ " + "(" * 3000,
        "{{ " + "not " * 4000 + "person }}",
        "{% if person %}" * 900 + "{% endif %}" * 900,
        "{{ text }}" * 1500,
        "{{ nobody }}",
        "{{ asked }}",
        "{{ asked[0] }}",
        "{{ }}",
        "{% if %}",
        "{{ person",
        "x" * (LONGEST_TEMPLATE + 1),
    ],
)
def test_what_is_hostile_or_broken_is_refused_with_a_reason(hostile: str) -> None:
    with pytest.raises(TemplateFault) as refused:
        render_text(hostile, DATA)

    assert str(refused.value).strip()


def test_names_lists_and_conditions_are_possible() -> None:
    each = "{{ loop.index }} {{ a | upper }}{{ ', ' if not loop.last }}"
    text = "{% if asked and not replaces %}{% for a in asked %}" + each + "{% endfor %}{% endif %}"

    assert render_text(text, {"asked": ["x", "y"], "replaces": ""}) == "1 X, 2 Y\n"


def test_text_in_the_data_is_never_a_template() -> None:
    assert render_text("{{ text }}", {"text": "{{ 7 }} {% set a = 1 %}"}) == "{{ 7 }} {% set a = 1 %}\n"


@pytest.mark.parametrize("kind", TITLES)
def test_our_own_templates_hold_for_each_outcome_and_carry_the_reasons(kind: str) -> None:
    texts = try_template(default_template(kind))

    assert len(texts) == 5
    for text in texts:
        assert DATA["text"] in text
        assert DATA["rests_on"][0]["statement"] in text
        assert "eligible" not in text.lower()


def test_a_letter_is_read_in_blocks() -> None:
    found = blocks("# Why\nOne line\nand another\n- a\n- b\n\nLast\n")

    assert [(block.kind, block.lines) for block in found] == [
        ("heading", ("Why",)),
        ("paragraph", ("One line", "and another")),
        ("list", ("a", "b")),
        ("paragraph", ("Last",)),
    ]
