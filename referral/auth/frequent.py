"""The passwords that are guessed first, from breaches that were published: a list that comes with the application.

``frequent_passwords.txt`` says where it is from and under which licence. Nobody outside is asked.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).with_name("frequent_passwords.txt")
SIGNS = 12
"""How much of a digest is kept: 48 bits, so that one in twenty thousand million other passwords is refused."""
DIGITS = "0123456789"


def is_frequent(password: str) -> bool:
    """Tell whether a password is on the list, whatever its capitals and the digits at its end."""
    folded = password.casefold()
    return any(
        sha256(each.encode()).hexdigest()[:SIGNS] in _listed()
        for each in (folded, folded.rstrip(DIGITS))
        if each
    )


@cache
def _listed() -> frozenset[str]:
    lines = FILE.read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
