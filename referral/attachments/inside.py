"""Taking out of a PDF the files that it carries, by name. Caged: nothing else of the PDF is read."""

import json
from pathlib import Path
from typing import Any

import pikepdf

RECEIVED, WANTED = "received", "wanted"
"""The PDF, and the file beside it that says what is wanted: names, and how large each may be, in bytes."""


def take_out(folder: Path) -> dict[str, Any]:
    """Write the wanted files of a PDF into the folder it lies in, and name those that it has; or say why not."""
    wanted: dict[str, int] = json.loads((folder / WANTED).read_text())
    try:
        with pikepdf.open(folder / RECEIVED, attempt_recovery=False, suppress_warnings=True) as pdf:
            return _out_of(pdf, folder, wanted)
    except pikepdf.PasswordError:
        return {"refused": "a PDF that is locked"}
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError):
        return {"refused": "a PDF that is damaged"}


def _out_of(pdf: pikepdf.Pdf, folder: Path, wanted: dict[str, int]) -> dict[str, Any]:
    if pdf.is_encrypted:
        return {"refused": "a PDF that is locked"}
    found = []
    for name, most in wanted.items():
        if name not in pdf.attachments:
            continue
        inside = pdf.attachments[name].get_file().read_bytes()
        if len(inside) > most:
            return {"refused": f"{name} of {len(inside):,} bytes, more than {most:,}"}
        (folder / name).write_bytes(inside)
        found.append(name)
    return {"files": found}
