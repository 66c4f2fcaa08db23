"""A PDF of one blank page that carries files, as a packet does."""

import io
from collections.abc import Mapping

import pikepdf


def carrying(files: Mapping[str, bytes]) -> bytes:
    """Put files into a PDF."""
    written = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        for name, content in files.items():
            pdf.attachments[name] = pikepdf.AttachedFileSpec(
                pdf,
                content,
                filename=name,
                mime_type="application/json",
                description="",
                creation_date="",
                mod_date="",
            )
        pdf.save(written)
    return written.getvalue()
