"""How large a proof is: short in CI, long by itself (``PROOFS=long``), and each figure alone by its own name."""

import os

LONG = os.environ.get("PROOFS") == "long"


def size(name: str, short: int, long: int) -> int:
    """A figure of a proof, such as ``PROOF_ACTS=500``; else the one of CI, or that of a long run."""
    return int(os.environ.get(f"PROOF_{name}") or (long if LONG else short))
