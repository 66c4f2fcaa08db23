"""nginx with the shipped site before the application: TLS, one hop, sizes, files, logs. Each check finds a fault."""

import socket
import ssl
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.models import AuditEntry
from referral.web.attachments import LARGEST_UPLOAD
from referral.web.layout import HEADERS
from tests.at_hand import make_draft, page_of
from tests.attachments.made import picture
from tests.operations.conftest import House
from tests.operations.front import NAME, Change, Front, proxy

pytestmark = pytest.mark.only_on("sqlite")  # a proxy knows nothing of the database

MEBIBYTE = 1024 * 1024
FORGED = "203.0.113.9"
OURS = {**HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
STYLE = "/static/css/pons.css"


def seeded(house: House, *changes: Change) -> Iterator[Front]:
    """The same house behind a site with a fault in it."""
    with TemporaryDirectory(prefix="pons-") as scratch:
        folder = Path(scratch)
        (folder / "run").symlink_to(house.folder / "run")
        with proxy(folder, changes) as front:
            yield front


# Who asks


def address_on_record(house: House, front: Front) -> str:
    """Whom the trail names for a wrong password that somebody sends with a forged address."""
    account = f"{uuid4().hex}@example.org"
    answer = front.sign_in(
        account, "not the right one", X_Forwarded_For=FORGED, X_Real_IP=FORGED, Forwarded=f"for={FORGED}"
    )
    assert answer.status == 401
    with Session(house.engine) as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.deed == "sign_in_failed").order_by(AuditEntry.id.desc())
        ).first()
        assert entry
        return str(entry.detail["address"])


def test_the_address_on_record_is_the_browsers_whatever_it_claims(house: House, front: Front) -> None:
    assert address_on_record(house, front) == "127.0.0.1"


def test_a_proxy_that_believes_the_browser_is_found(house: House) -> None:
    believes = ("X-Forwarded-For $remote_addr", "X-Forwarded-For $http_x_forwarded_for")
    for front in seeded(house, believes):
        assert address_on_record(house, front) == FORGED


def test_one_signs_in_by_https_with_a_cookie_for_this_host_only(house: House, front: Front) -> None:
    answer = front.sign_in(house.people["neurologist"].email)
    (cookie,) = answer.all("Set-Cookie")

    assert answer.status == 303
    assert cookie.startswith("__Host-pons=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Signed in as" in front.ask("/").text or front.ask("/").status == 200


def test_another_name_gets_no_answer(front: Front) -> None:
    with pytest.raises((ConnectionError, OSError)):
        front.ask("/sign-in", Host="evil.example")


# TLS


def test_who_comes_by_plain_http_is_led_to_https_and_nothing_else_is_taken(front: Front) -> None:
    for path, leads in (("/", "/"), ("/referrals?q=Secret", "/referrals")):
        line = HTTPConnection("127.0.0.1", front.plain, timeout=60)
        line.request("GET", path, headers={"Host": NAME})
        answer = line.getresponse()
        assert (answer.status, answer.getheader("Location")) == (301, f"https://{NAME}{leads}")
        line.close()
    line = HTTPConnection("127.0.0.1", front.plain, timeout=60)
    line.request("POST", "/sign-in", b"email=a&password=b", {"Host": NAME})
    assert line.getresponse().status == 403
    line.close()


@pytest.mark.parametrize(
    ("newest", "cipher", "taken"),
    [
        (ssl.TLSVersion.TLSv1_3, "", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0", False),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", False),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_only_new_tls_with_good_ciphers_is_spoken(
    front: Front, newest: ssl.TLSVersion, cipher: str, taken: bool
) -> None:
    told = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    told.load_verify_locations(front.folder / "etc" / "tls" / "certificate.pem")
    told.minimum_version = min(newest, ssl.TLSVersion.TLSv1_1 if "SECLEVEL" in cipher else newest)
    told.maximum_version = newest
    if cipher:
        told.set_ciphers(cipher)
    line = socket.create_connection(("127.0.0.1", front.tls), 60)
    try:
        with told.wrap_socket(line, server_hostname=NAME) as found:
            assert taken, found.version()
    except (ssl.SSLError, ConnectionError):
        assert not taken
    finally:
        line.close()


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 4\r\nContent-Length: 40\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ],
)
def test_a_request_with_two_ends_is_refused_before_the_application_sees_it(
    front: Front, lengths: bytes
) -> None:
    inside = b"GET /smuggled HTTP/1.1\r\nHost: pons.example\r\n\r\n"
    line = front.trust.wrap_socket(
        socket.create_connection(("127.0.0.1", front.tls), 60), server_hostname=NAME
    )
    with line:
        line.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: pons.example\r\n" + lengths + b"\r\n0\r\n\r\n" + inside
        )
        came = b""
        while part := line.recv(65536):
            came += part

    assert came.split(b" ")[1] in (b"400", b"501"), came[:200]
    assert came.count(b"HTTP/1.1 ") == 1
    assert "smuggled" not in front.log()


# Headers


def twice_or_missing(front: Front) -> list[str]:
    """Every header of ours that does not come exactly once and as it should, by whoever answered."""
    wrong = []
    for path in ("/sign-in", "/nowhere", STYLE, "/static/nowhere.css", "/metrics", "/down.html"):
        answer = front.ask(path)
        wrong += [f"{path}: {name}" for name, value in OURS.items() if answer.all(name) != [value]]
        wrong += [f"{path}: Server" for said in answer.all("Server") if "/" in said]
        wrong += [f"{path}: Cache-Control"] if len(answer.all("Cache-Control")) != 1 else []
    return wrong


def test_each_header_comes_once_whoever_answers(front: Front) -> None:
    assert twice_or_missing(front) == []


def test_a_proxy_that_says_it_again_or_names_its_version_is_found(house: House) -> None:
    for front in seeded(
        house, ("gzip off;", 'add_header X-Content-Type-Options "nosniff" always; gzip off;')
    ):
        assert "/sign-in: X-Content-Type-Options" in twice_or_missing(front)
    for front in seeded(house, ("server_tokens off;", "server_tokens on;")):
        assert "/sign-in: Server" in twice_or_missing(front)


def test_files_of_ours_may_be_kept_and_come_small(front: Front) -> None:
    kept = front.ask(f"{STYLE}?v=0123456789ab", Accept_Encoding="gzip")
    asked = front.ask(STYLE)

    assert kept.all("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert kept.all("Content-Encoding") == ["gzip"]
    assert asked.all("Cache-Control") == ["no-cache"]
    assert "text/css" in asked.all("Content-Type")[0]
    assert asked.all("Set-Cookie") == []


def test_a_page_is_never_compressed(front: Front) -> None:
    assert front.ask("/sign-in", Accept_Encoding="gzip").all("Content-Encoding") == []


# What is not for the world


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "/health", "/health/ready", "/down.html", "/refused.html"]
)
def test_what_is_for_the_machine_is_not_for_the_world(front: Front, path: str) -> None:
    answer = front.ask(path)
    assert answer.status == 404
    assert "That was not answered" in answer.text


@pytest.mark.parametrize(("path", "status"), [("/health/live", 200), ("/metrics", 200), ("/sign-in", 404)])
def test_watchers_on_this_machine_have_a_door_of_their_own(front: Front, path: str, status: int) -> None:
    line = HTTPConnection("127.0.0.1", front.watch, timeout=60)
    line.request("GET", path)
    assert line.getresponse().status == status
    line.close()


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static../app.py", "/static/..%2fapp.py", "/.git/config"],
)
def test_nothing_beside_the_files_is_served(front: Front, path: str) -> None:
    assert front.ask(path).status in (400, 404)


# Sizes


def upload(front: Front, path: str, token: str, content: bytes) -> int:
    """Send one file in a form, and give the answer's status."""
    end = uuid4().hex
    parts = (("csrf_token", token), ("kind", "letter"), ("dated", ""))
    body = "".join(f'--{end}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts)
    head = f'--{end}\r\nContent-Disposition: form-data; name="files"; filename="scan.png"\r\n'
    head += "Content-Type: image/png\r\n\r\n"
    whole = (body + head).encode() + content + f"\r\n--{end}--\r\n".encode()
    told = {"Content_Type": f"multipart/form-data; boundary={end}", "Sec_Fetch_Site": "same-origin"}
    answer = front.ask(path, "POST", whole, **told)
    assert answer.all("X-Content-Type-Options") == ["nosniff"]
    return answer.status if "plain page" not in answer.text else 0


def test_uploads_pass_up_to_the_limit_and_are_refused_above_it(house: House, front: Front) -> None:
    with Session(house.engine, expire_on_commit=False) as session:
        draft = make_draft(session, {name: session.merge(user) for name, user in house.people.items()})
        session.commit()
        path = page_of(draft, "/files")
    front.sign_in(house.people["neurologist"].email)
    token = front.ask(path).token
    room = LARGEST_UPLOAD - MEBIBYTE

    assert upload(front, path, token, picture("PNG")) in (200, 303)
    assert upload(front, path, token, bytes(room)) in (200, 400, 422), (
        "it reached the application, which read it"
    )
    assert upload(front, path, token, bytes(LARGEST_UPLOAD + MEBIBYTE)) == 413, "the application's own words"
    assert upload(front, path, token, bytes(61 * MEBIBYTE)) == 413, "nginx's"


def test_a_form_is_refused_above_its_size_in_words_and_far_above_it_by_nginx(front: Front) -> None:
    fields = {"csrf_token": front.ask("/sign-in").token, "email": "a", "password": "x"}
    ours = front.send("/sign-in", {**fields, "password": "x" * (MEBIBYTE + 1000)})
    nginx = front.send("/sign-in", {**fields, "password": "x" * 3 * MEBIBYTE})

    assert (ours.status, nginx.status) == (413, 413)
    assert "A form takes up to 1 MB" in ours.text
    assert "That was not answered" in nginx.text
    assert nginx.all("Content-Security-Policy") == [HEADERS["Content-Security-Policy"]]


def test_many_requests_at_once_from_one_address_wait_or_are_told_to_come_again(front: Front) -> None:
    statuses = [front.ask("/sign-in").status for _ in range(20)]
    assert set(statuses) == {200}, "a person who signs in is never told to"


# Logs


def quoted(front: Front) -> list[str]:
    """What the log of the proxy tells that it must not: canaries in a query, a form, a referrer, a name."""
    front.ask("/sign-in?next=/referrals%3Fq%3Dcanary-query")
    front.send("/sign-in", {"email": "canary-form@example.org", "password": "canary-password"})
    front.ask("/sign-in", Referer="https://x.example/canary-referrer", User_Agent="canary-agent")
    front.ask("/static/canary.css?canary-query-of-a-file")
    found = front.log()
    assert '"path":"/sign-in"' in found
    return sorted(
        {word for word in found.replace('"', " ").split() if "canary" in word} - {"path:/static/canary.css"}
    )


def test_the_log_has_no_query_no_body_and_no_referrer(front: Front) -> None:
    said = [word for word in quoted(front) if "/static/canary.css" not in word or "?" in word]
    assert said == []


def test_a_log_that_quotes_queries_is_found(house: House) -> None:
    for front in seeded(house, ('"path":"$uri"', '"path":"$uri","asked":"$request_uri"')):
        assert any("canary-query" in word for word in quoted(front))


def test_an_application_that_is_down_is_said_in_words(house: House) -> None:
    for front in seeded(
        house,
        (
            "location = /check {",
            "location = /gone { proxy_pass http://unix:/run/pons/nobody; }\n location = /check {",
        ),
    ):
        answer = front.ask("/gone")
        assert answer.status == 502
        assert "What you had saved is kept" in answer.text
        assert [answer.all(name) for name in OURS] == [[value] for value in OURS.values()]
