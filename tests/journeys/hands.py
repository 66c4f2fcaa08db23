"""Hands at a keyboard: a page is walked with Tab, and what has the focus is typed into, nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Page

from tests.journeys.checkers import barriers

Typed = Mapping[str, Sequence[str]]
FARTHEST = 900  # more presses of Tab than any page of ours has stops

WHAT_HAS_THE_FOCUS = """() => {
  const element = document.activeElement;
  const at = [...document.querySelectorAll(`input[type=radio][name="${element.name}"]`)];
  return {
    tag: element.tagName.toLowerCase(), type: element.type ?? "", name: element.name ?? "",
    value: element.value ?? "", checked: element.checked ?? false, id: element.id,
    text: element.textContent.trim().replace(/\\s+/g, " "), list: element.dataset.add === undefined ? "" : element.name,
    options: element.options ? [...element.options].map((option) => option.value) : [],
    index: element.selectedIndex ?? -1, radios: at.map((radio) => radio.value),
  };
}"""


class Hands:
    """Somebody who uses the keyboard only."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def focus(self) -> dict[str, Any]:
        """What has the focus."""
        found: dict[str, Any] = self.page.evaluate(WHAT_HAS_THE_FOCUS)
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def look(self) -> None:
        """Look at a page before it is left: nobody may be kept out, and nothing may stand beside the screen."""
        assert barriers(self.page) == []
        width = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{self.page.url}: {width[0]} pixels wide on a screen of {width[1]}"

    def walk_to(self, **wanted: str) -> None:
        """Go on with Tab to the next stop of which all this is true, such as ``text="Sign out"``."""
        for _ in range(FARTHEST):
            self.press("Tab")
            focus = self.focus
            if all(focus[name] == value for name, value in wanted.items()):
                return
        raise AssertionError(f"{self.page.url}: no stop of the keyboard has {wanted}")

    def press_button(self, text: str) -> None:
        """Go to a button or a link by its words, and press it."""
        self.look()
        self.walk_to(text=text)
        with self.page.expect_navigation():
            self.press("Enter")

    def type_at(self, name: str, text: str) -> None:
        """Go to a field by its name and type."""
        self.walk_to(name=name)
        self.page.keyboard.insert_text(text)

    def fill_section(self, typed: Typed) -> None:
        """Fill a page of the form in, in the order of its stops, adding rows where more are needed; then go on."""
        left = dict(typed)
        for _ in range(FARTHEST):
            self.press("Tab")
            focus = self.focus
            while focus["list"] and _has_more(left, focus["list"].removeprefix("add-")):
                self.press("Enter")  # adds a row and puts the focus into it
                focus = self.focus
            if focus["name"] in left:
                self._answer(focus, left)
            if focus["text"] == "Save and continue":
                assert not left, f"{self.page.url}: passed by {sorted(left)}"
                self.look()
                with self.page.expect_navigation():
                    self.press("Enter")
                return
        raise AssertionError(f"{self.page.url}: the end of the page was not reached; left: {sorted(left)}")

    def _answer(self, focus: Mapping[str, Any], left: dict[str, Sequence[str]]) -> None:
        wanted = left[focus["name"]]
        if focus["type"] == "checkbox":
            if focus["value"] in wanted:
                self.press("Space")
                left[focus["name"]] = [value for value in wanted if value != focus["value"]]
            if not left[focus["name"]]:
                del left[focus["name"]]
            return
        del left[focus["name"]]
        if focus["type"] == "radio":
            steps = focus["radios"].index(wanted[0]) - focus["radios"].index(focus["value"])
            self.press(*(["ArrowDown"] * steps if steps >= 0 else ["ArrowUp"] * -steps))
            assert self.focus["value"] == wanted[0]
        elif focus["tag"] == "select":
            self.press(*["ArrowDown"] * (focus["options"].index(wanted[0]) - focus["index"]))
            assert self.focus["value"] == wanted[0]
        else:
            self.page.keyboard.insert_text(wanted[0])


def _has_more(left: Mapping[str, Sequence[str]], rows: str) -> bool:
    return any(name.startswith(f"{rows}-") for name in left)
