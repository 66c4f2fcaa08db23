"""Somebody who asks over the network, as a browser does, and looks at nothing but the answers."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from http.client import HTTPConnection
from urllib.parse import urlencode

from lxml.html import fragment_fromstring  # type: ignore[import-untyped]  # it has no types

from tests.browser import PASSWORD, Fields, _filled

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
File = tuple[str, bytes]


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def fields(self, action: str) -> Fields:
        """What a browser would send of the form with this action, as it stands.

        Only the form is parsed, and fast: whoever measures with hundreds of these must not wait for them.
        """
        before, found, after = self.text.rpartition(f'action="{escape(action)}"')
        assert found, f"no form for {action} in an answer {self.status}"
        form = f"<form{before.rpartition('<form')[2]}{found}{after.partition('</form>')[0]}</form>"
        return dict(_filled(fragment_fromstring(form)))

    def hidden(self, name: str) -> str:
        """The value of the first hidden field of a name."""
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', self.text)
        assert found, f"no field {name} in an answer {self.status}"
        return unescape(found[1])


class Caller:
    """One person with one session, at an address of their own behind our proxy."""

    def __init__(self, port: int, *, address: str = "127.0.0.1", timeout: float = 60) -> None:
        self.port, self.address, self.timeout = port, address, timeout
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(
        self,
        method: str,
        path: str,
        form: Fields | None = None,
        *,
        files: Mapping[str, File] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request. Raises ``OSError`` or ``HTTPException`` where nobody answers."""
        kind, body = _encode(form, files)
        sent = {"X-Forwarded-For": self.address, "Cookie": _join(self.cookies), **kind, **(headers or {})}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            got = answer.read()
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self._keep(value)
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, got)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(
        self,
        path: str,
        form: Fields | None = None,
        *,
        files: Mapping[str, File] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a form with the token of this session."""
        return self.ask(
            "POST", path, {"csrf_token": self.token, **(form or {})}, files=files, headers=headers
        )

    def sign_in(self, email: str, password: str = PASSWORD) -> "Caller":
        """Come in at the door."""
        page = self.get("/sign-in")
        if page.status >= 500:
            raise ConnectionError(f"answered {page.status}")
        form = page.fields("/sign-in") | {"email": email, "password": password}
        answer = self.ask("POST", "/sign-in", form)
        if answer.status >= 500:
            raise ConnectionError(f"answered {answer.status}")
        assert answer.status == 303, f"{email} was not let in: {answer.status}"
        found = TOKEN.search(self.get("/help").text)
        assert found, f"{email} is not signed in"
        self.token = unescape(found[1])
        return self

    def tab(self) -> "Caller":
        """Another tab of the same browser."""
        other = Caller(self.port, address=self.address, timeout=self.timeout)
        other.cookies, other.token = dict(self.cookies), self.token
        return other

    def _keep(self, told: str) -> None:
        name, _, rest = told.partition("=")
        value = rest.partition(";")[0]
        if value:
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)


def _join(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _encode(form: Fields | None, files: Mapping[str, File] | None) -> tuple[dict[str, str], bytes | None]:
    """Write a form as a browser does; with files, in parts."""
    if form is None:
        return {}, None
    if files is None:
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form, doseq=True).encode()
    mark, parts = secrets.token_hex(16), []
    for name, value in form.items():
        for each in value if isinstance(value, list) else [value]:
            parts.append(
                f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{each}\r\n'.encode()
            )
    for name, (label, content) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{label}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n")
    parts.append(f"--{mark}--\r\n".encode())
    return {"Content-Type": f"multipart/form-data; boundary={mark}"}, b"".join(parts)
