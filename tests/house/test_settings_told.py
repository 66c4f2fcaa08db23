"""Every setting that is read is explained, and every one that is explained is read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"`([A-Z][A-Z_]+)`")
READ = re.compile(r"""(?:given(?:\.get\(|\[)|environ\.get\(|environ\[|envvar=)["']([A-Z][A-Z_]+)["']""")
OF_THE_MACHINE = {"PATH", "PROMETHEUS_MULTIPROC_DIR", "TMPDIR"}


def explained() -> set[str]:
    rows = (ROOT / "docs" / "operations" / "settings.md").read_text("utf-8").splitlines()
    return {name for row in rows if row.startswith("| `") for name in NAME.findall(row.split("|")[1])}


def test_every_setting_is_explained_and_read() -> None:
    sources = [ROOT / "gunicorn.conf.py", ROOT / "app.py", *(ROOT / "referral").rglob("*.py")]
    read = {name for path in sources for name in READ.findall(path.read_text("utf-8"))}
    named = {name for path in sources for name in re.findall(r'"([A-Z][A-Z_]+)"', path.read_text("utf-8"))}

    assert len(read) > 25
    assert read - explained() - OF_THE_MACHINE == set()
    assert explained() - named == set()


def test_what_is_ready_to_copy_is_explained() -> None:
    lines = "".join((ROOT / "deploy" / name).read_text() for name in ("pons.env", "owner.env"))
    given = set(re.findall(r"^([A-Z][A-Z_]+)=", lines, re.MULTILINE))
    assert {"DATABASE_URL", "DATA_KEYS"} <= given
    assert given - explained() == set()
