"""The seal of a packet: one digest over what is to be seen and what is carried, short enough to be typed.

``seal.json`` lists both by their digests; the seal is the SHA-256 of that list as it is written. It is printed on
every page, with a QR code that leads to the page of this installation where it can be checked. The address holds
nothing of the person. See decision 0017 for what is covered by what.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby

import segno

from referral.facts import canonical, digest
from referral.packet.contents import Contents
from referral.printing.job import File

NAME = "seal.json"
SHORT = 16  # hexadecimal digits, 64 bits: too many to meet by chance, few enough to be typed
GROUP = 4
QUIET = 4  # modules that stay white around the code (ISO/IEC 18004, 9.1)


@dataclass(frozen=True)
class Code:
    """A QR code as one path: ``size`` modules each way, with what it says."""

    size: int
    path: str
    says: str


@dataclass(frozen=True)
class Seal:
    """``manifest`` is the list that is sealed, ``digest`` its SHA-256; ``code`` leads to where it can be checked."""

    manifest: bytes
    digest: str
    code: Code | None

    @property
    def short(self) -> str:
        """Give the digits that address the seal."""
        return self.digest[:SHORT]

    @property
    def words(self) -> str:
        """Give the same in groups, to be read and typed."""
        return " ".join(self.short[place : place + GROUP] for place in range(0, SHORT, GROUP))


def make_seal(
    contents: Contents, files: Sequence[File] = (), *, house: str = "", certificates: Sequence[bytes] = ()
) -> Seal:
    """Seal what is printed and what is carried. ``house`` is the address of the installation, if it has one."""
    manifest = canonical(
        {
            "seal": "1",
            "referral": contents.number,
            "version": contents.version,
            "written": contents.written,
            "snapshot": contents.sha256,
            "contents": digest(asdict(contents)),
            "files": {file.name: sha256(file.content).hexdigest() for file in files},
            "certificates": [sha256(each).hexdigest() for each in certificates],
            "check": f"{house}/check" if house else None,
        }
    )
    made = sha256(manifest).hexdigest()
    return Seal(manifest, made, _code(f"{house}/check/{made[:SHORT]}") if house else None)


def seal_file(seal: Seal) -> File:
    """Give the list as a file that the packet carries beside those it lists."""
    return File(name=NAME, content=seal.manifest, description="What is sealed, by SHA-256")


def _code(text: str) -> Code:
    """Draw a code as lines, one a row, each as thick as a module: it stands on every page, so it has to be light."""
    code = segno.make_qr(text, error="m", boost_error=False)
    lines = []
    for row, modules in enumerate(code.matrix):
        lines.append(f"M{QUIET} {row + QUIET}.5")
        for dark, run in groupby(modules):
            lines.append(f"{'h' if dark else 'm'}{len(list(run))}{'' if dark else ' 0'}")
    return Code(len(code.matrix) + 2 * QUIET, "".join(lines), text)
