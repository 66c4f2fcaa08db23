"""The settings of the hospital's own sign-on: whole or not at all, and never in the clear over a network."""

from pathlib import Path

import pytest

from app import hospital_of
from referral.settings import Settings

WHOLE = {
    "OIDC_ISSUER": "https://login.hospital.example/realms/staff",
    "OIDC_CLIENT_ID": "pons",
    "OIDC_CLIENT_SECRET": "a secret of the sign-on",
}


def test_a_sign_on_is_taken_as_it_is_given(tmp_path: Path) -> None:
    found = hospital_of(Settings.from_environment({**WHOLE, "OIDC_SECOND_FACTOR": "mfa"}, tmp_path))

    assert found is not None
    assert (found.issuer, found.client_id) == (WHOLE["OIDC_ISSUER"], "pons")
    assert (found.client_secret, found.second_factor) == ("a secret of the sign-on", "mfa")


def test_without_one_there_is_none(tmp_path: Path) -> None:
    assert hospital_of(Settings.from_environment({}, tmp_path)) is None


@pytest.mark.parametrize("name", WHOLE)
def test_half_of_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="all or not at all"):
        Settings.from_environment({**WHOLE, name: ""}, tmp_path)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.hospital.example",
        "http://localhost.evil.example",
        "ftp://localhost",
        "https://",
        "login",
    ],
)
def test_one_that_would_be_asked_in_the_clear_is_refused(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ValueError, match="OIDC_ISSUER begins with https://"):
        Settings.from_environment({**WHOLE, "OIDC_ISSUER": issuer}, tmp_path)


def test_a_second_factor_of_no_sign_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no OIDC_ISSUER"):
        Settings.from_environment({"OIDC_SECOND_FACTOR": "mfa"}, tmp_path)
