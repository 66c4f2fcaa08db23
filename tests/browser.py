"""A person at the pages, without a real browser: each page that they open is checked as it comes."""

from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import tinyhtml5
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"
Fields = dict[str, Any]


class Page:
    """One answer of the application: its status, its text, its tree."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
        self.tree: Element = tinyhtml5.parse(self.html, namespace_html_elements=False)
        self.path = response.request.path

    @property
    def text(self) -> str:
        """What can be read, blanks folded."""
        body = self.tree.find("body")
        return " ".join(" ".join(body.itertext()).split()) if body is not None else ""

    @property
    def title(self) -> str:
        return (self.tree.findtext("head/title") or "").strip()

    def all(self, path: str) -> list[Element]:
        """Every element at an ElementTree path, such as ``.//input[@type='text']``."""
        return self.tree.findall(path)

    def fields(self, action: str | None = None) -> Fields:
        """What the browser would send of the form with this action (or of the last form) as it stands."""
        forms = [form for form in self.all(".//form") if action in (None, form.get("action"))]
        assert forms, f"{self.path} has no form with the action {action}"
        return dict(_filled(forms[-1]))

    def check(self) -> None:
        """What holds on every page of ours."""
        assert self.tree.get("lang"), f"{self.path}: no language"
        assert self.title.removesuffix("· Pons").strip(), f"{self.path}: no title"
        assert len(self.all(".//h1")) == 1, f"{self.path}: {len(self.all('.//h1'))} first headings"
        assert len(self.all(".//main")) == 1, f"{self.path}: no main part"
        twice = [name for name, times in Counter(_ids(self.tree)).items() if times > 1]
        assert not twice, f"{self.path}: ids used twice: {twice}"
        for element in self.tree.iter():
            bad = [name for name in element.attrib if name == "style" or name.startswith("on")]
            assert not bad, f"{self.path}: <{element.tag}> has {bad}"
        assert not self.all(".//style"), f"{self.path}: a style element"
        for script in self.all(".//script"):
            assert (script.get("src") or "").startswith("/static/"), (
                f"{self.path}: an inline or foreign script"
            )
        self.check_forms()

    def check_forms(self) -> None:
        named = {label.get("for") for label in self.all(".//label")}
        wrapped = {id(part) for label in self.all(".//label") for part in label.iter()}
        for kind in ("input", "select", "textarea"):
            for field in self.all(f".//{kind}"):
                if field.get("type") in ("hidden", "submit", "button"):
                    continue
                labelled = field.get("id") in named or field.get("aria-label") or field.get("aria-labelledby")
                assert labelled or id(field) in wrapped, f"{self.path}: {field.get('name')} has no label"
        for form in self.all(".//form"):
            if (form.get("method") or "get").lower() == "post":
                token = form.find(".//input[@name='csrf_token']")
                assert token is not None, f"{self.path}: the form {form.get('action')} has no CSRF token"


def _ids(tree: Element) -> list[str]:
    return [found for element in tree.iter() if (found := element.get("id"))]


def _filled(form: Element) -> Fields:
    """The fields of a form with their present values; several values under one name become a list."""
    sent: dict[str, list[str]] = {}
    for field in form.iter():
        name = field.get("name")
        if not name or "disabled" in field.attrib:
            continue
        if field.tag == "textarea":
            sent.setdefault(name, []).append((field.text or "").removeprefix("\n"))
        elif field.tag == "select":
            chosen = [option for option in field.iter("option") if "selected" in option.attrib]
            for option in chosen or list(field.iter("option"))[:1]:
                sent.setdefault(name, []).append(option.get("value", "".join(option.itertext())))
        elif field.tag == "input" and field.get("type") not in ("submit", "button", "image", "file"):
            if field.get("type") in ("checkbox", "radio") and "checked" not in field.attrib:
                continue
            sent.setdefault(name, []).append(field.get("value", ""))
    return {name: values if len(values) > 1 else values[0] for name, values in sent.items()}


class Browser:
    """One browser with its cookies. ``session`` is the test's own view of the same database."""

    def __init__(self, client: FlaskClient, session: Session) -> None:
        self.client = client
        self.session = session

    def open(self, path: str, **how: Any) -> Page:
        """Send a request as it is. What the test has prepared is committed first, what it holds is forgotten after."""
        self.session.commit()
        answer = self.client.open(path, buffered=True, **how)
        for each in (answer, *answer.history):
            each.request.environ["wsgi.input"].close()  # a large body lies in a file
        self.session.expire_all()
        return Page(answer)

    def visit(self, path: str, status: int = 200) -> Page:
        """Go to a page, expect the status, and check what came."""
        page = self.open(path, follow_redirects=True)
        assert page.status == status, f"{path}: {page.status} {page.title}"
        if page.html:
            page.check()
        return page

    def token(self) -> str:
        """The CSRF token of this browser's present session."""
        for path in ("/help", "/sign-in"):  # signed in, the first has the form for signing out
            token = self.open(path).tree.find(".//input[@name='csrf_token']")
            if token is not None:
                return token.get("value", "")
        raise AssertionError("no form anywhere")

    def send(self, path: str, fields: Fields | None = None, status: int = 200, **how: Any) -> Page:
        """Send a form with a good CSRF token (unless it brings its own), follow the redirect, check the page."""
        fields = dict(fields or {})
        if "csrf_token" not in fields:
            fields["csrf_token"] = self.token()
        page = self.open(path, method="POST", data=fields, follow_redirects=True, **how)
        assert page.status == status, f"{path}: {page.status} {page.title}"
        if page.html and "HX-Request" not in how.get("headers", {}):
            page.check()
        return page

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> Page:
        """Sign in through the page, as a person does."""
        page = self.visit("/sign-in")
        form = page.fields("/sign-in") | {"email": email, "password": password} | fields
        return self.open("/sign-in", method="POST", data=form, follow_redirects=True)
