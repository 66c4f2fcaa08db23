"""Security keys and passkeys (WebAuthn) as a second proof, bound to the address of this house."""

import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

LONGEST_ANSWER = 20_000  # signs of what a browser sends for a key


class NotProvedError(Exception):
    """What a key has answered proves nothing."""


@dataclass(frozen=True)
class Site:
    """The house as keys know it."""

    name: str
    origin: str

    @classmethod
    def of(cls, house_url: str) -> Self | None:
        """Read it from the address of the house; a bare number is no name that a key can be bound to."""
        url = urlsplit(house_url)
        name = url.hostname or ""
        try:
            ip_address(name)
        except ValueError:
            return cls(name, f"{url.scheme}://{url.netloc}") if name else None
        return None


@dataclass(frozen=True)
class NewKey:
    """What is kept of a key."""

    credential_id: str
    public_key: bytes
    sign_count: int


def ask_to_register(site: Site, challenge: str, person_id: UUID, account: str, known: list[str]) -> str:
    """Give what a browser needs to set up a key, as JSON; ``known`` are the keys that the person has."""
    options = generate_registration_options(
        rp_id=site.name,
        rp_name="Pons",
        user_name=account,
        user_id=person_id.bytes,
        challenge=base64url_to_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.DISCOURAGED,  # the password was the first proof
        ),
        exclude_credentials=_listed(known),
    )
    return options_to_json(options)


def ask_to_sign(site: Site, challenge: str, known: list[str]) -> str:
    """Give what a browser needs to ask one of these keys, as JSON."""
    options = generate_authentication_options(
        rp_id=site.name,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=_listed(known),
        user_verification=UserVerificationRequirement.DISCOURAGED,
    )
    return options_to_json(options)


def registered(site: Site, challenge: str, answer: str) -> NewKey:
    """Check what a browser answered to :func:`ask_to_register`.

    Raises:
        NotProvedError: it is not an answer to this challenge, for this house.

    """
    try:
        found = verify_registration_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=site.origin,
        )
    except _WRONG as wrong:
        raise NotProvedError(type(wrong).__name__) from wrong
    return NewKey(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)


def credential_of(answer: str) -> str:
    """Name the key that an answer claims to come from.

    Raises:
        NotProvedError: it names none.

    """
    name = _read(answer).get("id")
    if not isinstance(name, str):
        raise NotProvedError("no key is named")
    return name


def signed(site: Site, challenge: str, answer: str, *, public_key: bytes, sign_count: int) -> int:
    """Check what a browser answered to :func:`ask_to_sign`; give the key's new count.

    Raises:
        NotProvedError: it is not an answer of this key to this challenge, for this house.

    """
    try:
        found = verify_authentication_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
        )
    except _WRONG as wrong:
        raise NotProvedError(type(wrong).__name__) from wrong
    return found.new_sign_count


_WRONG = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, EOFError)
"""What the library says of an answer that is none; some come from deeper down."""


def _read(answer: str) -> dict[str, object]:
    if len(answer) > LONGEST_ANSWER:
        raise NotProvedError("it is too long")
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        raise NotProvedError("it is not JSON") from None
    if not isinstance(read, dict):
        raise NotProvedError("it is not an object")
    return read


def _listed(known: list[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]
