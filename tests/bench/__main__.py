"""Print the speeds beside their targets: ``python -m tests.bench [topic ...]``, all of them unless topics are named.

A busy machine fails nobody.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.engine import measure_engine
from tests.bench.measuring import HEAD, Measure
from tests.bench.packets import measure_packets
from tests.bench.packs import measure_packs
from tests.bench.pages import measure_pages
from tests.bench.programme import CASES, ENTRIES, measure_programme
from tests.bench.writing import measure_writing

TOPICS: dict[str, Callable[[], Iterator[Measure | str]]] = {
    "engine": measure_engine,
    "pages": measure_pages,
    "packets": measure_packets,
    "packs": measure_packs,
    "writing": measure_writing,
    "programme": measure_programme,
}


def main() -> None:
    """Measure what is asked for, and print each line as it comes."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    options.add_argument("topics", nargs="*", metavar="topic", help=", ".join(TOPICS))
    options.add_argument("--cases", type=int, default=CASES, help="of the programme (%(default)s)")
    options.add_argument("--entries", type=int, default=ENTRIES, help="in its trail (%(default)s)")
    asked = options.parse_args()
    topics = asked.topics or list(TOPICS)
    if unknown := set(topics) - set(TOPICS):
        options.error(f"no such topic: {', '.join(sorted(unknown))}")
    measures = TOPICS | {"programme": partial(measure_programme, asked.cases, asked.entries)}
    say(HEAD)
    for topic in topics:
        say(f"{topic}:")
        for found in measures[topic]():
            say(found if isinstance(found, str) else found.line())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
