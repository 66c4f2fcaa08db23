"""Print the speeds beside their targets: ``python -m tests.bench [topic ...]``, all of them unless topics are named.

A busy machine fails nobody.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from tests.bench.engine import measure_engine
from tests.bench.measuring import HEAD, Measure
from tests.bench.pages import measure_pages
from tests.bench.writing import measure_writing

TOPICS: dict[str, Callable[[], Iterator[Measure | str]]] = {
    "engine": measure_engine,
    "pages": measure_pages,
    "writing": measure_writing,
}


def main() -> None:
    """Measure what is asked for, and print each line as it comes."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("topics", nargs="*", metavar="topic", help=", ".join(TOPICS))
    topics = options.parse_args().topics or list(TOPICS)
    if unknown := set(topics) - set(TOPICS):
        options.error(f"no such topic: {', '.join(sorted(unknown))}")
    say(HEAD)
    for topic in topics:
        say(f"{topic}:")
        for found in TOPICS[topic]():
            say(found if isinstance(found, str) else found.line())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
