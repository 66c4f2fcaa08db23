"""Signing in through a hospital's own sign-on: OpenID Connect, authorization code with PKCE, state and nonce.

What a provider says is believed only where it is signed by a key that it publishes, meant for us, and fresh. It says
who somebody is, and nothing else: which account is theirs, and what it may do, is settled here.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from authlib.oauth2.auth import encode_client_secret_basic, encode_client_secret_post
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from referral import clock

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures of a key pair. ``none``, and those that whoever has our secret could make, are no signature of theirs."""
SCOPE = "openid email"
WAITS = 5
"""Seconds that the provider has for an answer."""
MOST = 256 * 1024
LEEWAY = 60
"""Seconds by which two clocks may differ."""
LONGEST = 200
"""Signs of a subject: more than any provider gives."""


class SignOnError(Exception):
    """The sign-on did not hold. ``reason`` is a word of ours for the trail; nothing of what was sent is in it."""

    def __init__(self, reason: str) -> None:
        """Keep the word."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hospital:
    """The provider of an installation. ``second_factor``: what in ``amr``, or as ``acr``, counts as a second proof."""

    issuer: str
    client_id: str
    client_secret: str
    second_factor: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is kept while somebody is at the provider."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the provider names. ``email`` only where the provider says that it has verified it."""

    issuer: str
    subject: str
    email: str | None
    two_proofs: bool


def new_question() -> Asked:
    """Give what no other sign-on has."""
    return Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


def address_to_ask(hospital: Hospital, asked: Asked, back: str) -> str:
    """Give the address at the provider to which the browser goes.

    Raises:
        SignOnError: the provider does not say where.

    """
    there = _discover(hospital)["authorization_endpoint"]
    challenge = create_s256_code_challenge(asked.verifier)
    return str(
        prepare_grant_uri(
            there,
            hospital.client_id,
            "code",
            redirect_uri=back,
            scope=SCOPE,
            state=asked.state,
            nonce=asked.nonce,
            code_challenge=challenge,
            code_challenge_method="S256",
        )
    )


def address_to_leave(hospital: Hospital, back: str) -> str | None:
    """Give the address at the provider where its own session is ended; ``None`` where it has none."""
    try:
        there = _discover(hospital).get("end_session_endpoint")
    except SignOnError:
        return None
    if there is None:
        return None
    asked = urlencode({"client_id": hospital.client_id, "post_logout_redirect_uri": back})
    return f"{there}{'&' if urlsplit(there).query else '?'}{asked}"


def ask_who(hospital: Hospital, code: str, asked: Asked, back: str, came_from: str | None) -> Named:
    """Take the code to the provider, and give whom it names.

    ``came_from`` is the issuer that the browser brought back, where the provider sends it along.

    Raises:
        SignOnError: the provider does not answer, or what it says does not hold.

    """
    known = _discover(hospital)
    wanted = bool(known.get("authorization_response_iss_parameter_supported"))
    if (came_from is None and wanted) or came_from not in (None, hospital.issuer):
        raise SignOnError("issuer")
    answer = _redeem(hospital, known, code, asked, back)
    if not isinstance(answer.get("id_token"), str):
        raise SignOnError("no_token")
    return _read(hospital, answer, _fetch(known["jwks_uri"]), asked.nonce)


def is_trusted_address(address: object) -> bool:
    """Tell whether secrets may go there: by https, or by http to this very machine."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def _discover(hospital: Hospital) -> dict[str, Any]:
    """Read what the provider says of itself; it has to call itself by the name that we know it by."""
    known = _fetch(f"{hospital.issuer.rstrip('/')}/.well-known/openid-configuration")
    if known.get("issuer") != hospital.issuer:
        raise SignOnError("issuer")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if not all(is_trusted_address(known.get(name)) for name in needed):
        raise SignOnError("provider")
    if not is_trusted_address(known.get("end_session_endpoint")):
        known.pop("end_session_endpoint", None)
    return known


def _redeem(
    hospital: Hospital, known: Mapping[str, Any], code: str, asked: Asked, back: str
) -> dict[str, Any]:
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=back, code_verifier=asked.verifier
    )
    ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    show = encode_client_secret_basic if "client_secret_basic" in ways else encode_client_secret_post
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, body = show(hospital, "POST", known["token_endpoint"], headers, body)
    return _fetch(known["token_endpoint"], body.encode(), headers)


class _NoRedirect(HTTPRedirectHandler):
    """A provider that sends us on could send our secret on."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""


def _fetch(
    address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Fetch one JSON object from the provider, in bounds of time and size."""
    if not is_trusted_address(address):
        raise SignOnError("provider")
    request = Request(address, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310  # checked above
    try:
        with build_opener(_NoRedirect).open(request, timeout=WAITS) as answer:
            found = json.loads(answer.read(MOST + 1)[:MOST])
    except URLError as refused:
        raise SignOnError(
            "refused" if body is not None and hasattr(refused, "code") else "provider"
        ) from None
    except (OSError, ValueError, RecursionError):
        raise SignOnError("provider") from None
    if not isinstance(found, dict):
        raise SignOnError("provider")
    return found


def _read(hospital: Hospital, answer: Mapping[str, Any], keys: Mapping[str, Any], nonce: str) -> Named:
    """Check the token of an answer, and give whom it names."""
    try:
        token = jwt.decode(answer["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]  # it is checked there
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise SignOnError("signature") from None
    claims = CodeIDToken(
        token.claims,
        token.header,
        {
            "iss": {"essential": True, "value": hospital.issuer},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        },
        {"nonce": nonce, "client_id": hospital.client_id, "access_token": answer.get("access_token")},
    )
    try:
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError):
        raise SignOnError("claims") from None
    if claims["aud"] not in (hospital.client_id, [hospital.client_id]):
        raise SignOnError("claims")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
        raise SignOnError("claims")
    return Named(hospital.issuer, subject, _email(claims), _two_proofs(hospital, claims))


def _email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    return email.strip().lower() if isinstance(email, str) and claims.get("email_verified") is True else None


def _two_proofs(hospital: Hospital, claims: Mapping[str, Any]) -> bool:
    """Whether the provider says what this installation takes for a second proof; without a setting nothing is."""
    wanted = hospital.second_factor
    methods = claims.get("amr")
    return bool(wanted) and (claims.get("acr") == wanted or (isinstance(methods, list) and wanted in methods))
