"""What an installation may choose, read once from the environment."""

import os
import secrets
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Self
from urllib.parse import urlsplit

from referral.sealing import Key

MEBIBYTE = 1024 * 1024
INSTANCE = Path(__file__).resolve().parent.parent / "instance"


MAY_BE_SECRET = frozenset(
    {
        "SECRET_KEY",
        "SECRET_KEY_BEFORE",
        "FACTOR_KEY",
        "FACTOR_KEY_BEFORE",
        "AUDIT_KEY",
        "AUDIT_KEYS_BEFORE",
        "DATA_KEYS",
        "BACKUP_KEY",
        "PACKET_KEY_PASSWORD",
        "MAIL_URL",
        "OIDC_CLIENT_SECRET",
    }
)
"""The settings that may lie in the folder ``SECRETS``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation. Nothing that protects people can be switched off here."""

    secret_key: str
    database_url: str
    secure_cookies: bool = False  # True as soon as people come by https; plain http is for this machine only
    trusted_hosts: tuple[str, ...] | None = None
    proxies: int = 0  # how many proxies of ours stand in front, whose word on the address we take
    database_role: str = ""  # on PostgreSQL: who may use the tables that migrations make, if somebody else
    attachments: Path = INSTANCE / "attachments"  # the files of the cases; backed up with the database
    most_attachments: int = 60  # files on one case at a time
    attachments_size: int = 500 * MEBIBYTE  # of one case, with what was replaced or removed
    file_scanner: tuple[str, ...] = ()  # the command of your scanner for malware, asked about each file
    mail_url: str = ""  # smtp:// or smtps://, with a name and password where the server wants them
    mail_from: str = "pons@localhost"
    oidc_issuer: str = ""  # the hospital's own sign-on (OpenID Connect); with the next two, or not at all
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_second_factor: str = ""  # what in amr, or as acr, counts as a second factor; nothing does by itself
    mail_folder: Path = INSTANCE / "mail"  # where notices are written as files, if there is no server
    house_url: str = "http://127.0.0.1:8000"  # the address of the house, for links in notices and in packets
    packet_key: Path = INSTANCE / "packet_key.pem"  # signs packets; backed up apart from the database
    packet_key_password: str = ""
    secret_key_before: str = ""  # under which sessions go on until they end
    backup_key: str = ""  # encrypts backups; kept apart from them and from the data
    metrics_from: tuple[str, ...] = ("127.0.0.1", "::1")  # the addresses that may read /metrics
    log: str = "plain"  # or json: a line an event, for a collector
    factor_key: str = ""  # seals the secrets of authenticator apps; without one SECRET_KEY does
    factor_key_before: str = ""  # opens what flask keys rotate has not sealed anew yet
    second_factor: str = "offered"  # or required: of everybody who signs in with a password
    proof_holds: timedelta = timedelta(minutes=10)  # no older is the proof for what cannot be undone
    _: KW_ONLY
    audit_key: str  # seals the trail; kept, and backed up, apart from the database
    audit_keys_before: str = ""  # older ones, each with the last entry that it sealed: number:digest:key,…
    data_keys: str  # seal patients' data, the newest first: name:base64,…; kept apart, and never to be lost
    audit_anchor: Path = INSTANCE / "audit_anchor"  # the heads of the trail; better on another machine

    @classmethod
    def from_environment(cls, given: Mapping[str, str] | None = None, instance: Path = INSTANCE) -> Self:
        """Read the environment; what is not given lies in the folder ``instance``."""
        given = with_secrets(os.environ if given is None else given)
        hosts = tuple(host.strip() for host in given.get("TRUSTED_HOSTS", "").split(",") if host.strip())
        return cls(
            secret_key=given.get("SECRET_KEY") or _kept_key(instance, "secret_key"),
            secret_key_before=given.get("SECRET_KEY_BEFORE", ""),
            database_url=given.get("DATABASE_URL") or _kept_database(instance),
            secure_cookies=given.get("SECURE_COOKIES", "no") == "yes",
            trusted_hosts=hosts or None,
            proxies=int(given.get("PROXIES", "0")),
            database_role=given.get("DATABASE_ROLE", ""),
            attachments=Path(given.get("ATTACHMENTS") or instance / "attachments"),
            most_attachments=int(given.get("MOST_ATTACHMENTS", "60")),
            attachments_size=int(given.get("ATTACHMENTS_MB", "500")) * MEBIBYTE,
            file_scanner=_command(given.get("FILE_SCANNER", "")),
            mail_url=_mail_server(given.get("MAIL_URL", "")),
            mail_from=given.get("MAIL_FROM") or "pons@localhost",
            **_sign_on(given),
            mail_folder=Path(given.get("MAIL_FOLDER") or instance / "mail"),
            house_url=given.get("HOUSE_URL") or "http://127.0.0.1:8000",
            packet_key=_key_file(given.get("PACKET_KEY")) or instance / "packet_key.pem",
            packet_key_password=given.get("PACKET_KEY_PASSWORD", ""),
            backup_key=given.get("BACKUP_KEY", ""),
            metrics_from=tuple(given.get("METRICS_FROM", "127.0.0.1,::1").replace(",", " ").split()),
            log=_log(given.get("LOG", "plain")),
            factor_key=given.get("FACTOR_KEY") or _kept_key(instance, "factor_key"),
            factor_key_before=given.get("FACTOR_KEY_BEFORE", ""),
            second_factor=_second_factor(given),
            proof_holds=timedelta(minutes=int(given.get("PROOF_HOLDS_MINUTES", "10"))),
            audit_key=given.get("AUDIT_KEY") or _kept_key(instance, "audit_key"),
            audit_keys_before=given.get("AUDIT_KEYS_BEFORE", ""),
            data_keys=given.get("DATA_KEYS") or _kept_key(instance, "data_keys", Key.new().entry),
            audit_anchor=Path(given.get("AUDIT_ANCHOR") or instance / "audit_anchor"),
        )


def with_secrets(given: Mapping[str, str]) -> Mapping[str, str]:
    """Add what lies in the folder ``SECRETS``, where a vault puts each secret into a file by the name of its setting.

    What is no name of a setting (a key file, what the vault puts there for itself) is passed over.

    Raises:
        ValueError: there is no such folder, it has a name that is none of ours, an empty file, or a setting that the
            environment has too. The text names it, and never what stands there.

    """
    if not given.get("SECRETS"):
        return given
    folder = Path(given["SECRETS"])
    if not folder.is_dir():
        raise ValueError("SECRETS names a folder that is not there")
    found = {path.name: path for path in folder.iterdir() if path.is_file() and path.name.isupper()}
    for name in sorted(found):
        if name not in MAY_BE_SECRET:
            raise ValueError(
                f"SECRETS: {name} is no secret of ours; they are {', '.join(sorted(MAY_BE_SECRET))}"
            )
        if given.get(name):
            raise ValueError(f"SECRETS: {name} is given by the environment too; take one away")
    kept = {name: path.read_text().strip() for name, path in found.items()}
    for name, secret in kept.items():
        if not secret:
            raise ValueError(f"SECRETS: {name} is empty; another would be made without a word")
    return {**given, **kept}


def _log(kind: str) -> str:
    if kind not in ("plain", "json"):
        raise ValueError("LOG is plain or json")
    return kind


def _second_factor(given: Mapping[str, str]) -> str:
    """Ask everybody for a second factor where the data are real."""
    asked = given.get("SECOND_FACTOR") or ("required" if given.get("PRODUCTION") == "yes" else "offered")
    if asked not in ("required", "offered"):
        raise ValueError("SECOND_FACTOR is required or offered")
    return asked


def _sign_on(given: Mapping[str, str]) -> dict[str, str]:
    """Take the hospital's sign-on whole: half of it would look like a way in that never works."""
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    told = [name for name in names if given.get(name)]
    if told and len(told) < len(names):
        raise ValueError("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET are given all or not at all")
    if given.get("OIDC_SECOND_FACTOR") and not told:
        raise ValueError("OIDC_SECOND_FACTOR is about a sign-on, and no OIDC_ISSUER is given")
    issuer = urlsplit(given.get("OIDC_ISSUER", ""))
    here = issuer.scheme == "http" and issuer.hostname in ("localhost", "127.0.0.1", "::1")
    if told and not here and not (issuer.scheme == "https" and issuer.hostname):
        raise ValueError("OIDC_ISSUER begins with https://; http:// is for a trial on this very machine")
    return {name.lower(): given.get(name, "") for name in (*names, "OIDC_SECOND_FACTOR")}


def _command(line: str) -> tuple[str, ...]:
    """Take a command line apart as a shell would; none ever sees it."""
    try:
        return tuple(shlex.split(line))
    except ValueError:
        raise ValueError("FILE_SCANNER has a quotation mark or a backslash without its end") from None


def _mail_server(url: str) -> str:
    if url and not url.startswith(("smtp://", "smtps://")):
        raise ValueError("MAIL_URL begins with smtp:// or smtps://")
    return url


def _key_file(name: str | None) -> Path | None:
    """Take the key file that is named; one that is not there would be made anew without a word."""
    if name and not Path(name).is_file():
        raise ValueError("PACKET_KEY names a file that is not there")
    return Path(name) if name else None


def _kept_database(instance: Path) -> str:
    instance.mkdir(mode=0o700, exist_ok=True)
    return f"sqlite:///{instance / 'pons.db'}"


def _kept_key(instance: Path, name: str, made: str = "") -> str:
    """Give a key of this installation; the first start makes one that only its owner can read."""
    instance.mkdir(mode=0o700, exist_ok=True)
    path = instance / name
    if not path.exists():
        with NamedTemporaryFile("w", dir=instance, prefix=f"{name}-") as file:  # only its owner can read it
            file.write(made or secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first
                os.link(file.name, path)  # whole, or not at all
    return path.read_text().strip()
