"""Walking through all pages as somebody of each role: every link, every form, with marks that must not come back."""

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from referral.web.layout import HEADERS
from tests.browser import Page, _filled

RAW = "<quixmark"
MARK = f"Zq\"'>{RAW} onload=alert(1)>${{7*7}}{{{{7*7}}}}"
WORKED_OUT = re.compile(r"Zq[^\n]{0,80}(?:\$|)49")
LEFT_OUT = frozenset({"door.sign_out", "door.enter", "people.disable", "people.change_role", "people.reset"})
"""What would end the walk: signing out, and ending the accounts that walk."""
QUERY = (
    "page", "state", "order", "clinic", "owner", "age", "edition", "verdict", "closing", "windows", "editions", "all",
    "add", "next", "person", "deed", "case", "first", "last", "q", "text", "one", "other", "year",
)  # fmt: skip
PREVIEWS = ("application/pdf", "image/png", "image/jpeg")


@dataclass
class Walk:
    """One walk: what was asked, how often each kind of address, and what was wrong."""

    app: Flask
    client: FlaskClient
    who: str
    each: int
    faults: list[str] = field(default_factory=list)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def walk(self, begin: tuple[str, ...]) -> "Walk":
        """Go everywhere by links first, then send each form once."""
        waiting, forms = deque(begin), list[tuple[str, dict[str, Any]]]()
        while waiting:
            path = waiting.popleft()
            view = self.view_of(path, "GET")
            if view is None or not self.may(view, "GET"):
                continue
            page = self.ask("GET", path)
            if page is None:
                continue
            waiting += links(page)
            forms += list(forms_of(page))
            if self.may(view, "GET with marks"):
                self.ask("GET", f"{urlsplit(path).path}?{urlencode(dict.fromkeys(QUERY, MARK))}")
        for action, fields in forms:
            view = self.view_of(action, "POST")
            if view is not None and view not in LEFT_OUT and self.may(view, "POST"):
                self.ask("POST", action, {name: marked(name, value) for name, value in fields.items()})
                self.ask("POST", action, fields)
        return self

    def may(self, view: str, how: str) -> bool:
        """Count an address of a kind; tell whether it is one of the first few."""
        self.asked[view, how] += 1
        return self.asked[view, how] <= self.each

    def view_of(self, path: str, method: str) -> str | None:
        adapter = self.app.url_map.bind("localhost")
        try:
            found = adapter.match(urlsplit(path).path, method=method)
        except (HTTPException, RequestRedirect):
            self.faults.append(f"{self.who}: a link or form leads nowhere: {method} {path}")
            return None
        return None if found[0] == "static" else str(found[0])

    def ask(self, method: str, path: str, form: Mapping[str, Any] | None = None) -> Page | None:
        """Ask once, look at the answer, and give it if it is a page."""
        how = {"content_type": "multipart/form-data"} if form and "files" in form else {}
        answer = self.client.open(path, method=method, data=form, buffered=True, **how)  # type: ignore[arg-type]  # as it takes them
        answer.request.environ["wsgi.input"].close()
        self.statuses[answer.status_code] += 1
        where = f"{self.who}, {method} {urlsplit(path).path}"
        if answer.status_code >= 500:
            self.faults.append(f"{where}: answered {answer.status_code}")
        self.faults += [f"{where}: {name} is missing" for name in HEADERS if name not in answer.headers]
        if "Server" in answer.headers:
            self.faults.append(f"{where}: says what it is served by")
        if answer.mimetype in PREVIEWS:
            return None
        text = answer.get_data().decode(errors="replace")
        if RAW in text:
            self.faults.append(f"{where}: what was sent comes back as markup")
        if WORKED_OUT.search(text):
            self.faults.append(f"{where}: what was sent was worked out")
        if "Traceback" in text:
            self.faults.append(f"{where}: tells of the program")
        if answer.mimetype != "text/html" or method == "POST" or answer.status_code != 200:
            return None
        page = Page(answer)
        try:
            page.check()
        except AssertionError as said:
            self.faults.append(f"{where}: {str(said)[:200]}")
        return page


def links(page: Page) -> Iterator[str]:
    """The links of a page that lead to our own pages."""
    for link in page.all(".//a[@href]"):
        address = urlsplit(link.get("href", ""))
        if not address.scheme and not address.netloc:
            path = address.path or page.path
            yield f"{path}?{address.query}" if address.query else path
    for form in page.all(".//form"):
        if (form.get("method") or "get").lower() == "get":
            yield urlsplit(form.get("action") or page.path).path


def forms_of(page: Page) -> Iterator[tuple[str, dict[str, Any]]]:
    """The forms of a page that change something, with what they hold."""
    for form in page.all(".//form"):
        if (form.get("method") or "get").lower() == "post":
            fields = dict(_filled(form))
            buttons = [each for each in form.iter("button") if each.get("name")]
            if buttons:
                fields[buttons[0].get("name", "")] = buttons[0].get("value", "")
            yield form.get("action") or page.path, fields


def marked(name: str, value: Any) -> Any:
    """Put the mark into what somebody could have typed."""
    if name in ("csrf_token", "opened", "seen", "version") or isinstance(value, list):
        return value
    return f"{value[:20]}{MARK}"
