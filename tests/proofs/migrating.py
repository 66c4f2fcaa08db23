"""``flask db upgrade`` that ends itself without a word at a certain statement: ``python -m tests.proofs.migrating 12``.

Of a process of its own. With more than there are it ends once all is done; with 0 it goes through, and prints how
many there were.
"""

import os
import signal
import sys
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Engine, event

from tests.proofs.serving import make


def main(die_at: int) -> int:
    """Migrate, and die at the statement of that number."""
    app, seen = make(), 0

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_what: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with app.app_context():
        upgrade()
    if die_at > seen:
        os.kill(os.getpid(), signal.SIGKILL)
    return seen


if __name__ == "__main__":
    sys.stdout.write(f"{main(int(sys.argv[1]))}\n")
