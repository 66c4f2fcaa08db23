"""Files from outside, made safe: scanned, looked at, rebuilt in a cage, kept under random names.

Nothing that came in is kept as it came. Sources: the reference on trust, sections 5 and 9 (abuse cases 12 to 16).
"""

from referral.attachments.formats import (
    ENDINGS,
    KEPT_ENDINGS,
    LARGEST_FILE,
    MOST_PAGES,
    FileRefusedError,
    clean_label,
    label_from,
)
from referral.attachments.scanning import scan
from referral.attachments.store import FileLostError, Rebuilt, Store

__all__ = [
    "ENDINGS",
    "KEPT_ENDINGS",
    "LARGEST_FILE",
    "MOST_PAGES",
    "FileLostError",
    "FileRefusedError",
    "Rebuilt",
    "Store",
    "clean_label",
    "label_from",
    "scan",
]
