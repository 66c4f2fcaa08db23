"""The packet's HTML: escaped, named, and the picture as an image with its words."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from referral.packet import contents, render_html
from referral.packet.contents import DECIDES
from referral.printing.signs import SIGNS
from tests.packet.snapshots import IDENTITY, draft, signed, worked_case

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def html() -> str:
    return render_html(contents(worked_case("01-")))


def pictures(html: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)]  # noqa: S314 - our own page


def test_the_order_is_the_same_every_time(html: str) -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert headings == [
        "Question to the committee", "Person and referral", "Published criteria, side by side",
        "Course of the disease", "Criteria, edition by edition", "What is not known", "Facts as recorded", "Work-up",
        "Attachments", "History",
    ]  # fmt: skip


def test_every_verdict_ends_with_who_decides(html: str) -> None:
    assert html.count(DECIDES) == 1 + 1 + 4  # the purpose, the grid, each edition


def test_a_result_is_a_word_and_a_shape_of_its_own(html: str) -> None:
    marks = set(re.findall(r'class="result result-([a-z-]+)">(.) ([A-Z][a-z ]+)<', html))
    assert {(name.replace("-", "_"), sign) for name, sign, _ in marks} == {
        (name, sign) for name, (sign, _, _) in SIGNS.items() if name not in ("tested_met", "box")
    }
    assert '<span class="result result-not-met">☒ Not met</span>' in html
    assert '<span class="verdict verdict-tested-met">🗹 All tested criteria met</span>' in html


def test_every_picture_is_sound_and_carries_no_style(html: str) -> None:
    found = pictures(html)
    assert [picture.get("role") for picture in found] == ["img"]
    for picture in found:
        for element in picture.iter():
            assert element.tag not in (f"{SVG}style", f"{SVG}script")
            assert not any(name == "style" or name.startswith("on") for name in element.attrib)


def test_the_course_is_an_image_with_a_title_and_a_description(html: str) -> None:
    (picture,) = (each for each in pictures(html) if each.get("role") == "img")
    named = {each.get("id"): each.text for each in picture if each.tag in (f"{SVG}title", f"{SVG}desc")}
    assert set(named) == set((picture.get("aria-labelledby") or "").split())
    assert "EDSS scores: 2, relapses: 4, MRI studies: 1, treatments: 2" in str(named["course-description"])


def test_ids_are_unique(html: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_nothing_typed_becomes_markup() -> None:
    identity = IDENTITY | {"family_name": EVIL, "identifiers": [{"type": EVIL, "value": EVIL}]}
    record = {
        "record": "1",
        "treatments": {"courses": [{"drug": EVIL, "start": "2020"}]},
        "judgements": {"highly_active_ms": {"value": True, "by": EVIL, "why": EVIL}, EVIL: {"value": False}},
        "comorbidity": {"hct_ci": {EVIL: True}},
    }
    snapshot = signed(record, identity=identity, question=EVIL, reason=EVIL, referrer={"name": EVIL})
    html = render_html(contents(snapshot))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_source_with_another_scheme_is_text_and_no_link() -> None:
    snapshot = worked_case("01-")
    snapshot["editions"][0]["criteria"][0]["source"] = "javascript:alert(1)"
    html = render_html(contents(snapshot))
    assert "javascript:alert(1)" in html
    assert 'href="javascript' not in html


def test_why_a_case_was_sent_all_the_same_stands_beside_the_question() -> None:
    html = render_html(contents(worked_case("02-", reason="The disease is faster than the numbers.")))
    assert html.index("Is a transplant an option now?") < html.index(
        "The disease is faster than the numbers."
    )
    assert html.index("The disease is faster than the numbers.") < html.index("Person and referral")


def test_a_blank_is_said_to_be_not_recorded() -> None:
    html = render_html(contents(draft()))
    assert html.count("not recorded") > 20
    assert "no relapses" not in html.lower()


def test_words_that_we_never_say_are_not_there(html: str) -> None:
    for word in ("eligible", "suitable", "recommended", "priority"):
        assert word not in html.lower()
