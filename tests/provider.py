"""A small real OpenID provider on this machine: it signs people on as a hospital's would, or lies as it is told.

It keeps to the standard by itself: a code is given for one client, one address back and one challenge, and taken once.
"""

import hmac
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug import Request, Response
from werkzeug.serving import make_server

from referral.auth.hospital import Hospital

Claims = dict[str, Any]
CLIENT, SECRET = "pons-of-the-tests", "a secret that is long enough for the tests alone"


@dataclass
class Provider:
    """``subject`` and ``email`` are whoever is signed on there now; the rest is how it lies."""

    issuer: str = ""
    subject: str = "248289761001"
    email: str = ""
    verified: object = True
    more: Claims = field(default_factory=dict)
    lie: Callable[[Claims], Claims | None] = lambda claims: claims
    algorithm: str = "RS256"
    foreign_key: bool = False
    says_issuer: str = ""
    refuses: bool = False
    known: Claims = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Claims] = field(default_factory=dict)
    key: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "of the day", "use": "sig"})
    )

    @property
    def hospital(self) -> Hospital:
        """How an installation knows it."""
        return Hospital(self.issuer, CLIENT, SECRET)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request."""
        request = Request(environ)
        self.asked.append(request.path)
        answer = {
            "/.well-known/openid-configuration": self.describe,
            "/authorize": self.authorize,
            "/token": self.token,
            "/keys": self.keys,
        }.get(request.path)
        return (answer(request) if answer else Response(status=404))(environ, start_response)

    def describe(self, request: Request) -> Response:
        told = {
            "issuer": self.says_issuer or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
        }
        return plain({**told, **self.known})

    def authorize(self, request: Request) -> Response:
        """Sign whoever it is on without a question, and send them back with a code."""
        given = request.args
        assert given["response_type"] == "code"
        assert given["client_id"] == CLIENT
        assert given["code_challenge_method"] == "S256"
        assert len(given["nonce"]) >= 32
        told = {"state": given["state"], "iss": self.issuer}
        if self.refuses:
            told["error"] = "access_denied"
        else:
            told["code"] = secrets.token_urlsafe(24)
            self.codes[told["code"]] = dict(given)
        return Response(status=302, headers={"Location": f"{given['redirect_uri']}?{urlencode(told)}"})

    def token(self, request: Request) -> Response:
        """Take a code for a token: once, from our client, with the verifier of its challenge."""
        asked = self.codes.pop(request.form.get("code", ""), None)
        who = request.authorization
        challenge = url_safe(sha256(request.form.get("code_verifier", "").encode()).digest())
        holds = (
            asked is not None
            and who is not None
            and (who.username, who.password) == (CLIENT, SECRET)
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == request.form.get("redirect_uri")
        )
        if not holds or asked is None:
            return plain({"error": "invalid_grant"}, 400)
        return plain(
            {"access_token": "of no use", "token_type": "Bearer", "id_token": self.sign(asked["nonce"])}
        )

    def sign(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
            "email": self.email, "email_verified": self.verified, **self.more,
        }  # fmt: skip
        said = self.lie(claims) or {}
        header = {"alg": self.algorithm, "kid": "of the day"}
        if self.algorithm == "none":
            return ".".join([bare({"alg": "none"}), bare(said), ""])
        if self.algorithm == "HS256":
            told = f"{bare(header)}.{bare(said)}"
            public = self.key.as_pem(private=False)
            return f"{told}.{url_safe(hmac.digest(public, told.encode(), sha256))}"
        key = RSAKey.generate_key(2048) if self.foreign_key else self.key
        return jwt.encode(header, said, key)

    def keys(self, request: Request) -> Response:
        return plain({"keys": [self.key.as_dict(private=False)]})


def plain(told: Claims, status: int = 200) -> Response:
    return Response(json.dumps(told), status, mimetype="application/json")


def bare(told: Claims) -> str:
    return url_safe(json.dumps(told).encode())


def url_safe(told: bytes) -> str:
    return urlsafe_b64encode(told).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Provider]:
    """Run a provider on a port of its own, until the test is done."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
