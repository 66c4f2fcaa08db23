"""A backup that was changed, cut, lacks a file or is opened with another key is found out: nothing of it comes back."""

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from referral.keeping.sealed import CHUNK, MAGIC, Opening, Sealing, UnreadableError
from referral.models import Attachment
from tests.keeping.places import PASSPHRASE, Place

Make = Callable[..., Path]


def test_any_byte_that_was_changed_is_found(backup: Make, place: Place) -> None:
    made = backup()
    whole = made.read_bytes()
    for at in (3, len(MAGIC) + 2, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        made.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = place.run.invoke(args=["restore", str(made)])
        assert done.exit_code == 1, at
        assert place.app.config["ATTACHMENTS"].exists() is False
    made.write_bytes(whole)
    assert place.run.invoke(args=["restore", str(made)]).exit_code == 0


def test_without_encryption_a_changed_part_is_found_and_named(
    backup: Make, place: Place, files: list[Attachment], tmp_path: Path
) -> None:
    made = backup(plain=True)
    forged = rewrite(
        made, tmp_path / "forged", lambda name, body: body + b"x" if name.endswith("content") else body
    )
    done = place.run.invoke(args=["restore", str(forged)])

    assert done.exit_code == 1
    assert "parts were changed" in done.output


def test_a_file_that_was_left_out_is_found(backup: Make, place: Place, tmp_path: Path) -> None:
    made = backup(plain=True)
    forged = rewrite(made, tmp_path / "forged", lambda name, body: None if name.endswith("content") else body)

    assert "parts are missing" in place.run.invoke(args=["restore", str(forged)]).output


def test_a_manifest_that_was_written_anew_is_found(backup: Make, place: Place, tmp_path: Path) -> None:
    def forge(name: str, body: bytes) -> bytes:
        if name != "manifest.json":
            return body
        outer = json.loads(body)
        return json.dumps(
            outer | {"manifest": outer["manifest"].replace('"layout":1', '"layout":1 ')}
        ).encode()

    forged = rewrite(backup(plain=True), tmp_path / "forged", forge)

    assert "manifest was changed" in place.run.invoke(args=["restore", str(forged)]).output


def test_what_would_be_written_elsewhere_is_refused(place: Place, tmp_path: Path) -> None:
    for name in ("../outside", "/etc/outside", "attachments/x/../../y", "other"):
        forged = tmp_path / "forged"
        with tarfile.open(forged, "w") as tar:
            tar.addfile(tarfile.TarInfo(name))
        assert "what no backup of Pons holds" in place.run.invoke(args=["restore", str(forged)]).output


def test_another_passphrase_or_none_opens_nothing(backup: Make, place: Place) -> None:
    made = backup()
    for passphrase, said in (("another", "cannot be decrypted"), ("", "is encrypted")):
        place.app.config["BACKUP_KEY"] = passphrase
        assert said in place.run.invoke(args=["restore", str(made)]).output


def rewrite(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write a backup anew, as somebody does who holds it."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for told in old:
            reader = old.extractfile(told)
            assert reader is not None
            body = change(told.name, reader.read())
            if body is not None:
                path = target.with_name("body")
                path.write_bytes(body)
                new.add(path, told.name)
    return target


def test_a_lost_file_is_said_when_the_backup_is_made_and_when_it_comes_back(
    app: Flask, files: list[Attachment], place: Place, tmp_path: Path
) -> None:
    shutil.rmtree(app.config["ATTACHMENTS"] / files[0].stored_as)
    made = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "b")])
    done = place.run.invoke(args=["restore", str(tmp_path / "b")])

    assert made.exit_code == done.exit_code == 1
    assert f"lost before the backup: the file {files[0].stored_as}" in made.output
    assert f"FAULT  the file {files[0].id} is missing" in done.output
    assert "1 faults" in place.run.invoke(args=["restore", "--open"]).output
    assert place.run.invoke(args=["restore", "--open", "--despite-faults"]).exit_code == 0


# The bytes


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_is_sealed_opens_again_whatever_its_length(size: int, tmp_path: Path) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    with (tmp_path / "s").open("wb") as file:
        sealing = Sealing(file, PASSPHRASE)
        sealing.write(body)
        sealing.close()
    sealed = (tmp_path / "s").read_bytes()

    with (tmp_path / "s").open("rb") as file:
        assert Opening(file, PASSPHRASE).read(size + 1) == body
    for shorter in (sealed[:-1], sealed[: len(MAGIC) + 16 + 7]):
        (tmp_path / "s").write_bytes(shorter)
        with (tmp_path / "s").open("rb") as file, pytest.raises(UnreadableError):
            Opening(file, PASSPHRASE).read(size + 1)


def test_chunks_in_another_order_do_not_open(tmp_path: Path) -> None:
    with (tmp_path / "s").open("wb") as file:
        sealing = Sealing(file, PASSPHRASE)
        sealing.write(b"x" * 3 * CHUNK)
        sealing.close()
    sealed, head, step = (tmp_path / "s").read_bytes(), len(MAGIC) + 23, CHUNK + 16
    first, second = sealed[head : head + step], sealed[head + step : head + 2 * step]
    (tmp_path / "s").write_bytes(sealed[:head] + second + first + sealed[head + 2 * step :])

    with (tmp_path / "s").open("rb") as file, pytest.raises(UnreadableError):
        Opening(file, PASSPHRASE).read(CHUNK)
