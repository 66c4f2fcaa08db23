"""What goes to the printer: one document with its style sheets, and the files that it carries."""

import json
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

ROOT = Path(__file__).parents[2]
STYLES_FOLDER = ROOT / "static" / "css"
HOLE = b"[0 0000000000 0000000000 0000000000]"
"""Where a file says which of its bytes are signed, before anybody knows. It is overwritten at the same length."""
TITLE, REASON = "Seal of the packet", "The packet as it was made, every byte of it"
"""What the place of a signature says of itself, in clear, so that even an altered packet is known for one."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that a packet carries."""

    name: str
    content: bytes
    description: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """One thing to print. ``hole``: room for a signature, in bytes; 0 for a paper that bears none.

    ``written`` is the moment or the day that dates the carried files. ``styles`` are names of our style sheets.
    """

    html: str
    styles: tuple[str, ...]
    identifier: bytes
    files: tuple[File, ...] = ()
    written: str = ""
    hole: int = 0


def pack(job: Job) -> bytes:
    """Write a job as bytes, to be sent to another process."""
    parts = [job.html.encode(), *(file.content for file in job.files)]
    about = {
        "styles": job.styles,
        "identifier": job.identifier.hex(),
        "files": [{"name": file.name, "description": file.description} for file in job.files],
        "written": job.written,
        "hole": job.hole,
        "lengths": [len(part) for part in parts],
    }
    head = json.dumps(about).encode()
    return b"".join((struct.pack(">I", len(head)), head, *parts))


def unpack(packed: bytes) -> Job:
    """Read a job that :func:`pack` has written."""
    (length,) = struct.unpack_from(">I", packed)
    about = json.loads(packed[4 : 4 + length])
    parts, place = [], 4 + length
    for size in about["lengths"]:
        parts.append(packed[place : place + size])
        place += size
    html, *contents = parts
    return Job(
        html=html.decode(),
        styles=tuple(about["styles"]),
        identifier=bytes.fromhex(about["identifier"]),
        files=tuple(
            File(content=content, **told) for told, content in zip(about["files"], contents, strict=True)
        ),
        written=about["written"],
        hole=about["hole"],
    )


def moment(written: str) -> datetime:
    """Read when a paper was written: a moment, or a day, which begins at midnight UTC."""
    if len(written) == len("2026-11-22"):
        return datetime.combine(date.fromisoformat(written), time(), UTC)
    return datetime.fromisoformat(written).astimezone(UTC)
