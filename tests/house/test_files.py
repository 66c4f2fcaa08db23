"""What we ship is what we said: pinned files from outside, nothing fetched, nothing inline, one clock."""

import base64
import json
import re
from hashlib import sha384
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = ROOT / "static" / "vendor"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static").rglob("*.css"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
SOURCES = sorted([ROOT / "app.py", *(ROOT / "referral").rglob("*.py"), *(ROOT / "forms").rglob("*.py")])


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_vendored_file_is_the_one_in_the_manifest() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    found = {
        f"{path.parent.name}/{path.name}": "sha384-"
        + base64.b64encode(sha384(path.read_bytes()).digest()).decode()
        for path in VENDOR.glob("*/*")
    }

    assert {name: entry["integrity"] for name, entry in manifest.items()} == found
    assert {"nhsuk-frontend-10.6.1/nhsuk-frontend.min.css", "htmx.org-4.0.1/htmx.min.js"} <= found.keys()


def test_every_vendored_package_brings_its_licence() -> None:
    packages = [folder for folder in VENDOR.iterdir() if folder.is_dir()]

    assert packages
    assert [named(folder) for folder in packages if not (folder / "LICENSE").exists()] == []


@pytest.mark.parametrize("path", STYLES, ids=named)
def test_no_style_sheet_asks_for_anything_from_elsewhere(path: Path) -> None:
    css = path.read_text()

    for found in re.findall(r"url\(\s*['\"]?([^)'\"]+)", css):
        assert found.startswith("data:") or (path.parent / found).exists(), found
    assert "@import" not in css
    assert "@font-face" not in css
    assert "rutiger" not in css


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_no_script_names_another_address(path: Path) -> None:
    assert set(re.findall(r"https?://[\w.-]+", path.read_text())) <= {
        "http://www.w3.org",
        "https://www.w3.org",
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_template_is_inline_or_unescaped(path: Path) -> None:
    html = path.read_text()

    assert not re.search(r"\sstyle\s*=", html), "an inline style"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", html), "an inline handler"
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "an inline script"
    assert not re.search(r"\|\s*safe\b", html), "data let through unescaped"
    assert "autoescape" not in html
    assert not re.search(r"\b(?:src|href|action)\s*=\s*[\"']?(?:https?:)?//", html), "an address elsewhere"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_only_the_clock_reads_a_clock(path: Path) -> None:
    if path.name == "clock.py":
        return
    code = path.read_text()
    assert not re.search(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time)\(", code)


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_nothing_is_let_through_unescaped(path: Path) -> None:
    code = path.read_text()

    assert not re.search(r"\bMarkup\(\s*(f[\"']|[a-z_]+\s*\))", code), "Markup around data"
    assert "render_template_string" not in code
    assert "populate_obj" not in code


def test_no_page_says_what_the_product_never_says() -> None:
    said = re.compile(
        r"\b(eligible|ineligible|suitable|suitability|recommended|prioriti[sz]e)\b", re.IGNORECASE
    )
    found = {named(path): said.findall(path.read_text()) for path in TEMPLATES}

    assert {path: words for path, words in found.items() if words} == {}


def test_decisions_are_numbered_through_and_point_at_what_is_there() -> None:
    folder = ROOT / "referral" / "decisions"
    records = sorted(folder.glob("[0-9]*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]

    pointed = {
        name for path in records for name in re.findall(r"\]\((\d{4}[^)#]*)\)", path.read_text("utf-8"))
    }
    assert pointed
    assert pointed <= {path.name for path in records}


def test_the_files_were_looked_at() -> None:
    assert len(TEMPLATES) >= 8
    assert len(STYLES) >= 2
    assert len(SOURCES) >= 20
