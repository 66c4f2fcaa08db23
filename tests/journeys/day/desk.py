"""A person at a desk: everything is done with the keyboard, and each page is looked at before it is left."""

import re
import subprocess
from pathlib import Path
from typing import ClassVar

from playwright.sync_api import Locator, Page, expect

from tests.browser import PASSWORD
from tests.journeys.checkers import barriers
from tests.journeys.hands import Hands

IN_THE_HAND = 375


SHAPE = """() => {
  const parts = [...document.querySelectorAll("body *")].map((each) => `${each.tagName}.${each.className}`);
  return [location.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ""), ...new Set(parts)].join(" ");
}"""


class Desk(Hands):
    """Somebody at a browser of their own. Everything is done with keys; the way to a stop is not walked each time."""

    looked_at: ClassVar[set[tuple[str, int]]] = set()
    """Which shapes of pages have been looked at in this run, on which width: none is looked at twice."""

    def __init__(self, page: Page, drawer: Path) -> None:
        super().__init__(page)
        self.width = page.viewport_size["width"] if page.viewport_size else IN_THE_HAND
        self.drawer = drawer
        """Where downloads are put."""

    # Looking

    def look(self) -> None:
        """Look at a page on the screen and in the hand: nothing keeps anybody out, nothing stands beside the screen."""
        shape = (str(self.page.evaluate(SHAPE)), self.width)
        if shape in self.looked_at:
            return
        self.looked_at.add(shape)
        assert barriers(self.page) == []
        for width in sorted({IN_THE_HAND, self.width}):
            self.page.set_viewport_size({"width": width, "height": 900})
            found = self.page.evaluate("document.documentElement.scrollWidth")
            assert found <= width, f"{self.page.url}: {found} pixels wide on a screen of {width}"

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    def reads(self, words: str) -> None:
        """Wait until these words stand on the page."""
        expect(self.page.locator("main")).to_contain_text(words)

    def reads_nowhere(self, words: str) -> None:
        expect(self.page.locator("main")).not_to_contain_text(words)

    def part(self, heading: str) -> Locator:
        """Find a part of the page by its heading."""
        return self.page.locator("section").filter(
            has=self.page.get_by_role("heading", level=2, name=heading)
        )

    # Going

    def sign_in(self, who: str, password: str = PASSWORD) -> None:
        """Sign in by role, or with an address."""
        self.page.goto("/sign-in")
        self.type_at("email", who if "@" in who else f"{who}@example.org")
        self.type_at("password", password)
        self.press_enter()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def go(self, path: str) -> None:
        self.page.goto(path)

    def stop_at(self, stop: Locator) -> None:
        """Put the focus where Tab would bring it in the end."""
        stop.focus()
        reached = stop.evaluate("each => each === document.activeElement && each.tabIndex >= 0")
        assert reached, f"{self.page.url}: no key leads to {stop}"

    def find(self, words: str) -> Locator:
        """Find a link or a button by its words."""
        main = self.page.get_by_role("main")
        return main.get_by_role("link", name=words).or_(main.get_by_role("button", name=words)).first

    def follow(self, words: str) -> None:
        """Press a link or a button, once the page has been looked at."""
        self.look()
        self.stop_at(self.find(words))
        self.press_enter()

    def press_enter(self) -> None:
        with self.page.expect_navigation():
            self.press("Enter")

    def open_case(self, name: str) -> None:
        """Search the inbox for a case, and open it."""
        self.go("/inbox")
        self.type_at("text", name)
        self.press_enter()
        self.follow(name)
        expect(self.heading).to_contain_text("Referral P-")

    def fetch(self, words: str) -> str:
        """Follow a link to a file, and read it."""
        self.stop_at(self.find(words))
        with self.page.expect_download() as download:
            self.press("Enter")
        path = self.drawer / download.value.suggested_filename
        download.value.save_as(path)
        return text_of(path)

    # Filling in

    def field(self, name: str) -> Locator:
        return self.page.locator(f'main [name="{name}"]')

    def type_at(self, name: str, text: str) -> None:
        """Type in the place of what stands in a field."""
        self.stop_at(self.field(name))
        self.press("Control+a")
        self.page.keyboard.insert_text(text)

    def choose(self, name: str, value: str) -> None:
        """Choose from radio buttons, a list or boxes to tick, by the keys that they take."""
        fields = self.field(name)
        if fields.first.evaluate("each => each.tagName") == "SELECT":
            self.stop_at(fields)
            focus = self.focus
            self._step(focus["options"].index(value) - focus["index"])
            assert self.focus["value"] == value
            return
        wanted = fields.and_(self.page.locator(f'[value="{value}"]'))
        if wanted.get_attribute("type") == "radio":
            self.stop_at(fields.and_(self.page.locator(":checked")).or_(fields).first)
            focus = self.focus
            self._step(focus["radios"].index(value) - focus["radios"].index(focus["value"]))
        else:
            self.stop_at(wanted)
        if not wanted.is_checked():
            self.press("Space")
        expect(wanted).to_be_checked()

    def _step(self, steps: int) -> None:
        self.press(*(["ArrowDown"] * steps if steps > 0 else ["ArrowUp"] * -steps))


def text_of(pdf: Path) -> str:
    """What can be read in a file, blanks folded."""
    raw = subprocess.run(["pdftotext", "-raw", pdf, "-"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"\s+", " ", raw)
