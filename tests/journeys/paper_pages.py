"""Print the packets that are looked at as pictures: python -m tests.journeys.paper_pages. Part of ``make approve``."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from referral.packet import contents, render_pdf
from tests.journeys.conftest import ROOT
from tests.packet.papers import PAPERS

WHERE = ROOT / "docs" / "pages"
DPI = 72
GREYS = 8
LARGEST = 60_000  # bytes a page
SOME = {"huge": (1, 2, 3, 4, 5, -8, -6, -3, -2, -1)}  # of 35: the first, and where its long tables break


def main() -> None:
    """Print each of them, and keep its pages as a hospital's printer shows them: in grey."""
    for old in WHERE.glob("*.png"):
        old.unlink()
    for name, snapshot in PAPERS.items():
        pages = draw(render_pdf(contents(snapshot())))
        for number, page in enumerate(pages, start=1):
            if name not in SOME or number in SOME[name] or number - 1 - len(pages) in SOME[name]:
                keep(page, WHERE / f"{name}-{number:02}.png")


def draw(pdf: bytes) -> list[bytes]:
    """Give each page as a picture."""
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder) / "paper.pdf"
        paper.write_bytes(pdf)
        drawer = shutil.which("pdftoppm") or "pdftoppm"
        subprocess.run([drawer, "-r", str(DPI), "-gray", str(paper), f"{folder}/page"], check=True)
        return [path.read_bytes() for path in sorted(Path(folder).glob("page*.pgm"))]


def keep(picture: bytes, path: Path) -> None:
    """Keep a page small; a few greys are enough for letters and lines."""
    with Image.open(io.BytesIO(picture)) as image:
        image.quantize(GREYS).save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} is larger than {LARGEST:,} bytes")


if __name__ == "__main__":
    main()
