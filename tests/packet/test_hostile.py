"""Whatever is typed, wherever: no request, no local byte, no file of theirs, no element that is not ours."""

import io
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import tinyhtml5
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from referral.packet import contents, render_html
from referral.packet.checking import WHOLE, check_packet
from referral.packet.make import House, make_packet
from referral.packet.seal import make_seal
from tests.packet.hostile import TEXTS, texts
from tests.packet.snapshots import signed

SECRET = "a-canary-that-no-packet-may-hold"
AT_ONCE = 12
FORBIDDEN = frozenset(
    ("/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/SubmitForm", "/GoToR", "/RichMedia")
)


@cache
def harmless() -> dict[str, Any]:
    return signed(record("x"))


def record(evil: str) -> dict[str, Any]:
    short = evil[:100]
    return {
        "record": "1",
        "diagnosis": {"symptom_onset": "2019"},
        "treatments": {"courses": [{"drug": short, "start": "2021", "ongoing": True}]},
        "judgements": {"highly_active_ms": {"value": True, "by": short, "why": evil[:4000]}},
        "organ_function": {"lvef_pct": {"value": 60, "method": short}},
    }


def everywhere(evil: str) -> dict[str, Any]:
    """A snapshot with this text in every field that takes any text at all."""
    identity = {
        "family_name": evil, "given_name": evil, "birth_date": "1992-03-14",
        "identifiers": [{"type": evil, "value": evil}],
    }  # fmt: skip
    attached = {
        "id": "0", "kind": "letter", "label": evil, "dated": "2026-01", "pages": 1, "sha256": "0" * 64, "proves": [],
    }  # fmt: skip
    return harmless() | {
        "record": record(evil), "identity": identity, "attachments": [attached], "programme": {"name": evil},
        "question": evil, "reason": evil, "discussed": evil, "referrer": {"name": evil, "organisation": evil},
        "signed": {"by": evil, "at": "2026-11-22T09:30:00+00:00"},
        "referral": {"id": "0", "number": evil[-100:], "version": 1, "state": "submitted", "demonstration": False},
    }  # fmt: skip


def elements(html: str) -> Counter[str]:
    """Count the elements of a page and the names of their attributes, as the printer reads it."""
    tree = tinyhtml5.parse(html, namespace_html_elements=False)
    found: Counter[str] = Counter()
    for each in tree.iter():
        if isinstance(each.tag, str):
            found.update([each.tag, *(f"{each.tag} {name}" for name in each.attrib)])
    return found


def test_there_are_over_sixty_of_them() -> None:
    assert len(set(TEXTS)) == len(TEXTS) > 60


def test_what_is_typed_is_text_in_every_field_and_never_an_element() -> None:
    """The page with any of them has the elements of the page with a harmless word, one for one."""
    plain = elements(page_with("x"))
    for evil in batches(texts("http://127.0.0.1:9/x.png", "file:///etc/hostname"), 3):
        assert elements(page_with(evil)) == plain, evil


def page_with(evil: str) -> str:
    page = contents(everywhere(evil))
    return render_html(page, make_seal(page, house="https://referrals.example.org"))


def batches(all_of_them: Sequence[str], size: int) -> list[str]:
    return [" ".join(all_of_them[place : place + size]) for place in range(0, len(all_of_them), size)]


def names_in(found: Any) -> set[str]:
    """Give the names in an object of a PDF, as keys and as values, without following where it points."""
    if isinstance(found, Stream | Dictionary):
        plain: Any = found.stream_dict if isinstance(found, Stream) else found
        inner = [each for each in plain.values() if not getattr(each, "is_indirect", False)]
        return {str(key) for key in plain}.union(*map(names_in, inner))
    if isinstance(found, Array):
        return set().union(*(names_in(each) for each in found if not getattr(each, "is_indirect", False)))
    return {str(found)} if isinstance(found, Name) else set()


def test_no_request_no_local_byte_no_file_of_theirs(
    listener: tuple[str, list[bytes]], house: House, tmp_path: Path
) -> None:
    address, heard = listener
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    for evil in batches(texts(address, secret.as_uri()), AT_ONCE):
        made = make_packet(everywhere(evil), house)
        with Pdf.open(io.BytesIO(made.pdf)) as pdf:
            assert sorted(pdf.attachments) == [
                "assessment.json",
                "bundle.json",
                "case-record.json",
                "seal.json",
            ]
            for each in pdf.objects:
                assert FORBIDDEN.isdisjoint(names_in(each))
                if isinstance(each, Dictionary) and "/A" in each:  # the sources of the editions
                    assert not str(each.A.get("/URI", "")).startswith((address, "file:", "javascript:"))
                if isinstance(each, Stream):
                    assert SECRET.encode() not in each.read_bytes()
        assert check_packet(made.pdf).state == WHOLE
    assert heard == []
