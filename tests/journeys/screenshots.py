"""Take the pictures of the documentation: python -m tests.journeys.screenshots. Run by hand after a change of looks."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from flask_migrate import upgrade
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from app import create_app
from referral import demo
from referral.extensions import db
from referral.models import Packet, Referral, ReferralVersion
from tests.conftest import settings_for
from tests.journeys.conftest import ROOT, SWITCHES, House, find_chromium, serve

WHERE = ROOT / "docs" / "screenshots"
COLOURS = 240  # enough for the accent and the edges of letters, and small on the disk
PAPER_DPI = 90


def main() -> None:
    """Make a house with the invented people, and take a picture of each page that the documentation shows."""
    WHERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/pictures.db"
        app = create_app(settings_for(database))
        with app.app_context():
            upgrade()
            demo.load(db.session())
            db.session.commit()
            printed = db.session.execute(
                select(Referral.family_name, Packet.pdf)
                .join(ReferralVersion, ReferralVersion.referral_id == Referral.id)
                .join(Packet, Packet.version_id == ReferralVersion.id)
            )
            (packet,) = (pdf for name, pdf in printed if name == "Hazelrigg")
            db.session.remove()
            db.engine.dispose()
        with serve(database) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=SWITCHES)
            take_pages(browser, address)
            browser.close()
        take_packet(packet, Path(folder))


def take_pages(browser: Browser, address: str) -> None:
    page = enter(browser, address, "farquhar")
    page.goto(f"{address}/referrals")
    picture(page, "list", 900)
    open_case(page, "Wrenmoor")
    case = page.url
    page.goto(f"{case}/edit/edss")
    picture(page, "form", 1000)
    page.goto(f"{address}/referrals")
    open_case(page, "Thistlewood")
    page.goto(f"{page.url}/submission")
    picture(page, "review", 1400)

    page = enter(browser, address, "okonjo")
    page.goto(f"{address}/inbox")
    picture(page, "inbox", 900)
    page.goto(f"{address}/inbox?state=listed")
    open_case(page, "Hazelrigg")
    picture(page, "case", 1560)
    page.locator(".case-grid").screenshot(path=WHERE / "grid.png")
    shrink(WHERE / "grid.png")


def enter(browser: Browser, address: str, key: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{address}/sign-in")
    page.locator("[name=email]").fill(House.email(key))
    page.locator("[name=password]").fill(demo.password())
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    return page


def open_case(page: Page, family_name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=f"{family_name},").click()


def picture(page: Page, name: str, height: int) -> None:
    """Take the top of a page, so much of it."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.screenshot(path=WHERE / f"{name}.png")
    shrink(WHERE / f"{name}.png")


def take_packet(pdf: bytes, folder: Path) -> None:
    """Take the first two pages of the packet, side by side."""
    (folder / "packet.pdf").write_bytes(pdf)
    printer = shutil.which("pdftoppm") or "pdftoppm"
    command = [
        printer,
        "-r",
        str(PAPER_DPI),
        "-l",
        "2",
        "-png",
        str(folder / "packet.pdf"),
        str(folder / "page"),
    ]
    subprocess.run(command, check=True)
    pages = [Image.open(path) for path in sorted(folder.glob("page*.png"))]
    sheet = Image.new("RGB", (sum(page.width for page in pages) + 20, pages[0].height), "#b4b3aa")
    for index, page in enumerate(pages):
        sheet.paste(page, (index * (page.width + 20), 0))
    sheet.save(WHERE / "packet.png")
    shrink(WHERE / "packet.png")


def shrink(path: Path) -> None:
    """Keep a picture small: flat colours are enough for a page."""
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
