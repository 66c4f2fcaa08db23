"""The kinds of document on a case."""

from functools import cache
from pathlib import Path

from referral.reference.files import read_file

OTHER = "other"


@cache
def document_kinds() -> dict[str, str]:
    """Give the kinds of document, their names by key, in the order in which they are offered."""
    listed = read_file(Path(__file__).parent / "documents.yaml")
    return {each["kind"]: each["name"] for each in listed}
