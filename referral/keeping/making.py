"""Making a backup: the database of one moment, the files that it knows, the heads of the trail, the settings."""

import json
import secrets
import shutil
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from referral import audit
from referral.keeping import copies, marks
from referral.keeping.archive import ANCHOR, FILES, SETTINGS, Manifest, Writer, writing

HARMLESS = (
    "ATTACHMENTS", "AUDIT_ANCHOR", "DATABASE_ROLE", "HOUSE_URL", "MAIL_FOLDER", "MAIL_FROM", "MOST_ATTACHMENTS",
    "ATTACHMENTS_SIZE", "PACKET_KEY", "SESSION_COOKIE_SECURE", "TRUSTED_HOSTS",
)  # fmt: skip
"""What goes into a backup of the settings: named one by one, so that no key is ever among them."""
HALF_MADE = ".pons-half-made-"
ABANDONED = timedelta(days=1)
"""No backup takes so long: it was ended before its time."""


@dataclass(frozen=True)
class Made:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    size: int


def release() -> str:
    """Name the release that is running."""
    told = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8"))
    return str(told["project"]["version"])


def back_up(app: Flask, engine: Engine, audit_key: str, target: Path, now: datetime, passphrase: str) -> Made:
    """Write a backup while people work. What they do after it has begun is not in it.

    The database is copied first: a file is in its place before its row is, so no row of the copy lacks its file.

    Raises:
        CopyError: the database could not be copied.
        FileExistsError: there is a file of this name already.
        OSError: there is no room.

    """
    if target.is_dir():
        target /= f"pons-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    _sweep(target.parent, (now - ABANDONED).timestamp())
    scratch = target.with_name(HALF_MADE + secrets.token_hex(4))
    scratch.mkdir(mode=0o700)
    try:
        copied = copies.copy(engine, audit_key, scratch)
        manifest = Manifest(
            now.astimezone(UTC).isoformat(timespec="microseconds"),
            release(),
            engine.dialect.name,
            copied.revision,
            copied.tables,
            copied.head,
        )
        with writing(target, scratch, passphrase) as out:
            out.add(copied.path.name, copied.path)
            manifest.lacking = _add_files(out, app.config["ATTACHMENTS"], copied.files)
            anchor = Path(app.config["AUDIT_ANCHOR"])
            out.add_bytes(ANCHOR, anchor.read_bytes() if anchor.exists() else b"")
            out.add_bytes(SETTINGS, json.dumps(_settings(app), indent=1, sort_keys=True).encode())
            manifest.parts = dict(out.parts)
            out.add_bytes("manifest.json", manifest.sealed(audit_key))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Made(target, manifest, target.stat().st_size)


def _sweep(folder: Path, before: float) -> None:
    """Remove what backups have left that were killed before this moment: a copy of the database lies in it."""
    for left in folder.glob(f"{HALF_MADE}*"):
        if left.stat().st_mtime < before:
            shutil.rmtree(left, ignore_errors=True)


def _add_files(out: Writer, folder: Path, names: tuple[str, ...]) -> list[str]:
    """Add the files of the cases as they lie on the disk, and give the names of those that do not."""
    lacking = []
    for name in names:
        parts = sorted((folder / name).iterdir()) if (folder / name).is_dir() else []
        for path in parts:
            out.add(f"{FILES}/{name}/{path.name}", path)
        if not parts:
            lacking.append(name)
    return lacking


def _settings(app: Flask) -> dict[str, Any]:
    return {name: _plain(app.config.get(name)) for name in HARMLESS}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def write_down(session: Session, made: Made, now: datetime) -> None:
    """Put the backup into the trail, and date it for whoever watches."""
    manifest = made.manifest
    files = sum(name.startswith(f"{FILES}/") for name in manifest.parts)
    detail: dict[str, Any] = {
        "bytes": made.size,
        "rows": sum(each.rows for each in manifest.tables.values()),
        "files": files,
        "lacking": len(manifest.lacking),
    }
    marks.note(session, marks.BACKUP, now, **detail)
    audit.record(session, None, "backup_made", **detail)
