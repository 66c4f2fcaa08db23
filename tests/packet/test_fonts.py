"""The fonts of papers: shipped, used alone, and with a letter for every name."""

import re
import subprocess

import pytest

from referral.packet import PacketError, contents, render_pdf
from referral.printing.fonts import CONFIGURATION, FOLDER, spell_out
from referral.printing.job import Job
from referral.printing.worker import printer
from tests.packet.snapshots import IDENTITY, signed

NAMES = {
    "Devanagari": "श्रीलक्ष्मी क्षत्रिय",
    "Tamil": "தமிழ்ச்செல்வி",
    "Arabic": "محمد عبد الرحمن",
    "Hebrew": "מרים",
    "Greek": "Ἀλέξανδρος Παπαδόπουλος",
    "Cyrillic": "Святослав Щукін",
    "Vietnamese": "Nguyễn Thị Phượng",
    "Yoruba": "Ọláńrewájú",
    "Latvian": "Ķēniņš",
    "Lithuanian": "Ru\u0328\u0301ta",  # a mark on a mark
}


def paper(text: str) -> bytes:
    html = f"<html lang=en><title>x</title><p>{text}</p><p><b>{text}</b></p>"
    return printer.print(Job(html=html, styles=("packet.css",), identifier=b"x"))


def families(pdf: bytes) -> set[str]:
    told = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return {name.partition("+")[2].replace("-", "") for name in re.findall(r"^(\S+)", told, re.MULTILINE)[2:]}


def told(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_drawn_letter_by_letter_in_our_fonts_alone(name: str) -> None:
    pdf = paper(name)

    assert families(pdf) <= {
        path.stem.removesuffix("-Regular").replace("-", "") for path in FOLDER.rglob("*.ttf")
    }


def test_the_printer_refuses_to_draw_a_box() -> None:
    with pytest.raises(PacketError, match="notdef"):
        paper("中")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_name_needs_to_be_spelt_out(name: str) -> None:
    assert spell_out(name) == name


def test_what_no_font_has_is_printed_as_its_number() -> None:
    pdf = render_pdf(contents(signed({"record": "1"}, identity=IDENTITY | {"family_name": "中村"})))

    assert "[U+4E2D][U+6751]" in told(pdf)


def test_whatever_is_typed_can_be_printed() -> None:
    everything = [chr(code) for code in (*range(1, 0x3001), *range(0xFE00, 0xFE10), 0xFEFF, 0xE0061, 0x1F600)]
    shown = spell_out("x".join(sign for sign in everything if sign not in "<&"))

    assert "[U+0001]" in shown
    assert "[U+200D]" not in shown  # joins letters, and is not drawn
    assert paper(shown).startswith(b"%PDF-")


def test_the_printer_is_told_of_no_folder_of_the_machine() -> None:
    folders = re.findall(r"<dir[^>]*>(.*?)</dir>|<include", CONFIGURATION.read_text())
    assert folders == ["../../static/vendor", "../../static/fonts"]


def test_a_number_beside_what_is_written_from_right_to_left_is_not_turned_round() -> None:
    identity = IDENTITY | {"identifiers": [{"type": "رقم", "value": "943 476 5870"}]}
    packet = contents(signed({"record": "1"}, identity=identity))

    assert packet.running.person.endswith("\u2068رقم\u2069 943 476 5870")
    assert "\u2068" not in contents(signed({"record": "1"})).running.person
