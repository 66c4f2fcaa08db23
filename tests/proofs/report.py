"""What a long run has shown, for docs/proofs: the figures, when and where, and of which sources."""

import os
import platform
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from referral import clock
from tests.proofs.sizes import LONG

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "docs" / "proofs"
MEASURED = (
    "app.py",
    "gunicorn.conf.py",
    "requirements.txt",
    "referral",
    "forms",
    "templates",
    "migrations",
    "static",
)
"""What runs, and so what a proof is of."""


def write(
    name: str, title: str, figures: Mapping[str, object], faults: Mapping[str, str], *, anyway: bool = False
) -> None:
    """Write the page of a proof, after a long run only. ``faults``: what was put in, and what the proof said of it."""
    if not LONG and not anyway:
        return
    lines = [f"# {title}", "", f"The last long run: {clock.today().isoformat()}, {machine()}.", ""]
    lines += [
        "| What | Figure |",
        "|---|---|",
        *(f"| {what} | {figure} |" for what, figure in figures.items()),
        "",
    ]
    lines += ["Faults put in, each found in the same run:", ""]
    lines += [f"- {fault}: {' '.join(said.split())[:160]}" for fault, said in faults.items()]
    lines += ["", f"Of the sources with the digest `{digest_of_sources()}` (last commit {last_commit()})."]
    PLACE.mkdir(exist_ok=True)
    (PLACE / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def machine() -> str:
    """The machine in a few words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory} GiB, {system}"


def digest_of_sources() -> str:
    """The digest of all that runs, file by file in order."""
    told = sha256()
    for part in MEASURED:
        place = ROOT / part
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                told.update(str(path.relative_to(ROOT)).encode() + b"\0" + sha256(path.read_bytes()).digest())
    return told.hexdigest()[:32]


def last_commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"
