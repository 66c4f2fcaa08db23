"""The house behind its proxy: nginx with the shipped site, gunicorn with the shipped unit, a certificate of our own."""

import datetime
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import tinyhtml5
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NAME = "pons.example"  # as in the shipped site
TENTHS = 300  # of a second, for nginx
AS_LONG_AS = 120  # seconds for one answer, on a slow machine
MAIN = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/log/main.log;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types; access_log off;
    client_body_temp_path {folder}/temp/body; proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/f; uwsgi_temp_path {folder}/temp/u; scgi_temp_path {folder}/temp/s;
    include {folder}/site.conf;
}}
"""
HANDED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.execvpe(sys.argv[2], sys.argv[2:], os.environ | {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
"""
Change = tuple[str, str]


def find_nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    assert found, "nginx is not installed: .ci/packages test"
    return found


def certify(folder: Path) -> ssl.SSLContext:
    """Sign a certificate for the house with its own key; give what a browser that trusts it needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cadata=pem.decode())


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every header of this name, so that one that came twice is seen."""
        return [value for found, value in self.headers if found.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def token(self) -> str:
        found = tinyhtml5.parse(self.text, namespace_html_elements=False).find(".//input[@name='csrf_token']")
        assert found is not None, f"no form: {self.status}"
        return str(found.get("value", ""))


class _Line(HTTPSConnection):
    """A connection to our nginx under the name of the house."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=AS_LONG_AS)
        self.trust = trust

    def connect(self) -> None:
        line = socket.create_connection((self.host, self.port), AS_LONG_AS)
        self.sock = self.trust.wrap_socket(line, server_hostname=NAME)


@dataclass
class Front:
    """The house as the world sees it, and a browser's cookies."""

    folder: Path
    plain: int
    tls: int
    watch: int
    trust: ssl.SSLContext
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Send one request by https; ``X_Forwarded_For="..."`` is a header of it."""
        line = _Line(self.tls, self.trust)
        given = {"Host": f"{NAME}:{self.tls}"} | {n.replace("_", "-"): v for n, v in headers.items()}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            return self._answer(line, path, method, body, given)
        finally:
            line.close()

    def _answer(
        self, line: _Line, path: str, method: str, body: bytes | None, given: dict[str, str]
    ) -> Answer:
        with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            line.request(method, path, body, given)  # refused before it was all sent, its answer is there
        came: HTTPResponse = line.getresponse()
        for cookie in came.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(came.status, came.getheaders(), came.read())

    def send(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form."""
        headers = {
            "Content_Type": "application/x-www-form-urlencoded",
            "Sec_Fetch_Site": "same-origin",
        } | headers
        return self.ask(path, "POST", urlencode(fields).encode(), **headers)

    def sign_in(self, email: str, password: str = PASSWORD, **headers: str) -> Answer:
        token = self.ask("/sign-in").token
        fields = {"csrf_token": token, "email": email, "password": password}
        return self.send("/sign-in", fields, **headers)

    def log(self) -> str:
        """All that nginx has written."""
        return "".join(path.read_text() for path in sorted((self.folder / "log").iterdir()))


def unit(name: str, folder: Path = DEPLOY / "systemd") -> dict[str, list[str]]:
    """Give the settings of a service with those that hold for each of ours, in the order in which they are read."""
    found: dict[str, list[str]] = {}
    for path in (folder / name, *sorted((folder / "pons-.service.d").glob("*.conf"))):
        for line in path.read_text().splitlines():
            setting, sign, value = line.partition("=")
            if sign and not line.startswith("#"):
                found.setdefault(setting, []).append(value)
    return found


@contextmanager
def application(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Start gunicorn by the words of the unit, on a socket that is handed to it as systemd does."""
    (folder / "run").mkdir()
    command = shlex.split(unit("pons-web.service")["ExecStart"][0].replace("/srv/pons", str(ROOT)))
    with socket.socket(socket.AF_UNIX) as door, (folder / "gunicorn.log").open("wb") as log:
        door.bind(str(folder / "run" / "web.sock"))
        door.listen()
        process = subprocess.Popen(
            [sys.executable, "-c", HANDED, str(door.fileno()), *command],
            cwd=ROOT, env=os.environ | environment, pass_fds=[door.fileno()], stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_for(folder, process)
            yield
        finally:
            process.terminate()
            process.wait(AS_LONG_AS)


def _wait_for(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the application answers on its socket."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        line.connect(str(folder / "run" / "web.sock"))
        line.sendall(f"GET /sign-in HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        for _ in range(AS_LONG_AS):
            assert process.poll() is None, "it ended: " + (folder / "gunicorn.log").read_text()
            with suppress(TimeoutError):
                assert line.recv(12).startswith(b"HTTP/1.")
                return
    raise AssertionError("it does not answer: " + (folder / "gunicorn.log").read_text())


@contextmanager
def proxy(folder: Path, changes: tuple[Change, ...] = ()) -> Iterator[Front]:
    """Start nginx with the shipped site on free ports. ``changes`` are faults that are seeded into it."""
    for name in ("etc/tls", "etc/nginx", "log", "temp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    trust = certify(folder / "etc" / "tls")
    with ExitStack() as stack:
        doors = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        plain, tls, watch = (door.getsockname()[1] for door in doors)
        write(folder, (plain, tls, watch), changes)
        process = subprocess.Popen(
            [find_nginx(), "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "log" / "first.log"],
            env=os.environ
            | {"NGINX": "".join(f"{door.fileno()};" for door in doors)},  # they are open already
            pass_fds=[door.fileno() for door in doors],
        )
        try:
            yield _answering(Front(folder, plain, tls, watch, trust), process)
        finally:
            process.terminate()
            process.wait(AS_LONG_AS)


def write(folder: Path, ports: tuple[int, int, int], changes: tuple[Change, ...] = ()) -> None:
    """Put the shipped site where this machine has its places, and change nothing else but what is seeded."""
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder))
    plain, tls, watch = ports
    places = (
        ("/etc/pons/", f"{folder}/etc/"),
        ("/var/log/nginx/pons/", f"{folder}/log/"),
        ("/run/pons/", f"{folder}/run/"),
        ("/srv/pons/", f"{ROOT}/"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("listen 443", f"listen 127.0.0.1:{tls}"),
        ("listen 127.0.0.1:8009", f"listen 127.0.0.1:{watch}"),
    )
    shipped = {path.name: path.read_text() for path in (DEPLOY / "nginx").glob("pons*.conf")}
    for was, becomes in changes:
        assert any(was in text for text in shipped.values()), f"nothing to change: {was}"
        shipped = {name: text.replace(was, becomes) for name, text in shipped.items()}
    for name, text in shipped.items():
        for was, becomes in places:
            text = text.replace(was, becomes)
        (folder / ("site.conf" if name == "pons.conf" else f"etc/nginx/{name}")).write_text(text)


def _answering(front: Front, process: "subprocess.Popen[bytes]") -> Front:
    for _ in range(TENTHS):
        assert process.poll() is None, "nginx ended: " + front.log()
        try:
            if front.ask("/sign-in").status == 200:
                return front
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the house does not answer: " + front.log())
