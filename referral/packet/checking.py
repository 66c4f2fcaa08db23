"""Whether a file is a packet, and whether it is still as it was made. What is read is a stranger's: it is read caged.

*Whole*: the signature covers every byte and holds, and what is carried is what the seal lists. *Altered*: it bears
marks of a packet and is not whole. *None*: it bears none. Whole says nothing about who made it: the key does.
"""

import json
import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf

from referral import caged
from referral.packet.make import ASSESSMENT, BUNDLE, RECORD
from referral.packet.seal import NAME as SEAL
from referral.packet.signature import BrokenError, Signature, read_signature
from referral.printing.job import REASON, TITLE

MEBIBYTE = 1024 * 1024
LARGEST = 64 * MEBIBYTE
LARGEST_INSIDE = 8 * MEBIBYTE
CARRIED = (RECORD, ASSESSMENT, BUNDLE, SEAL)
RECEIVED = "received"
MARKS = (f"({TITLE})".encode(), f"({REASON})".encode())  # two, so that one changed byte leaves one of them
WORK = "referral.packet.checking:examine"
WHOLE, ALTERED, NONE = "whole", "altered", "none"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a file is: *whole*, *altered* or *none*, and of a whole one what it says.

    ``why`` tells of an altered one what was seen. ``files`` is what it carries, by name; nothing of an altered one.
    """

    state: str
    sha256: str
    why: str = ""
    seal: str = ""
    referral: str | None = None
    version: str = ""
    written: str = ""
    check: str | None = None
    signer: str = ""
    fingerprint: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


def check_packet(content: bytes) -> Checked:
    """Check a file from anywhere.

    Raises:
        BusyError: too many files are being read at the moment.

    """
    digest = sha256(content).hexdigest()
    if len(content) > LARGEST:
        return Checked(state=NONE, sha256=digest)
    with tempfile.TemporaryDirectory(prefix="pons-") as name:
        folder = Path(name)
        (folder / RECEIVED).write_bytes(content)
        try:
            answer = caged.run(WORK, folder)
        except caged.BusyError:
            raise
        except caged.CageError:  # it breaks its reader: no packet that we made does
            answer = {"state": ALTERED if _is_marked(content) else NONE, "why": "it cannot be read"}
        written = answer.pop("files", ())
        files = {each: (folder / each).read_bytes() for each in CARRIED if each in written}
    return Checked(sha256=digest, files=files, **answer)


# In the cage


def examine(folder: Path) -> dict[str, Any]:
    """Check the file in a folder, and write what a whole packet carries beside it."""
    content = (folder / RECEIVED).read_bytes()
    inside = _inside(folder / RECEIVED)
    if not _is_marked(content) and SEAL not in inside:
        return {"state": NONE}
    try:
        signature = read_signature(content)
        manifest = _manifest(inside, signature)
    except BrokenError as broken:
        return {"state": ALTERED, "why": str(broken)}
    for name, held in inside.items():
        (folder / name).write_bytes(held)
    return {
        "state": WHOLE,
        "seal": sha256(inside[SEAL]).hexdigest(),
        "referral": manifest["referral"],
        "version": manifest["version"],
        "written": manifest["written"],
        "check": manifest["check"],
        "signer": signature.subject,
        "fingerprint": signature.fingerprint,
        "files": sorted(inside),
    }


def _is_marked(content: bytes) -> bool:
    return any(mark in content for mark in MARKS)


def _inside(path: Path) -> dict[str, bytes]:
    """Take out what a packet carries; nothing of a PDF that is damaged or locked."""
    found = {}
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            for name in CARRIED:
                if name in pdf.attachments:
                    found[name] = pdf.attachments[name].get_file().read_bytes()
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError):
        return {}
    return found if all(len(each) <= LARGEST_INSIDE for each in found.values()) else {}


def _manifest(inside: dict[str, bytes], signature: Signature) -> dict[str, Any]:
    """Read the list that is sealed, and hold it against what is there.

    Raises:
        BrokenError: it is not what it lists.

    """
    try:
        manifest: dict[str, Any] = json.loads(inside[SEAL])
        listed, certificates = manifest["files"], manifest["certificates"]
        told = {name: _short(manifest[name]) for name in ("version", "written")}
    except (KeyError, ValueError, TypeError) as error:
        raise BrokenError("it lists nothing that was sealed") from error
    held = {name: sha256(each).hexdigest() for name, each in inside.items() if name != SEAL}
    if listed != held:
        raise BrokenError("what it carries is not what was sealed")
    if sorted(certificates) != sorted(sha256(each).hexdigest() for each in signature.certificates):
        raise BrokenError("its certificates are not those that were sealed")
    given = {name: manifest.get(name) for name in ("referral", "check")}
    return told | {name: None if value is None else _short(value) for name, value in given.items()}


def _short(value: Any) -> str:
    return str(value)[:200]
