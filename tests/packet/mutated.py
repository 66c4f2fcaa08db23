"""Good files, spoilt: one odd change at a time, the same for the same seed."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 0.5, 10**25, 1e308, "", " ", "x" * 5000, "2026-02-30", "9999", "0001", "٤",
    "\u202enot", "\x00", "<script>alert(1)</script>", "' OR 1=1 --", "{{ 7 * 7 }}", "../../etc/passwd", "NaN",
    [], {}, [[]], [None], {"": None}, {"min": -1}, {"min": 3, "max": 1}, "yes", ["a"] * 600, "http://x.invalid/",
)  # fmt: skip
NAMES = ("status", "verdict", "id", "__proto__", "record", "resourceType", "x" * 300, "\u202e", "")


def places(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in plain data."""
    yield path
    inner = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def _put(plain: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    holder = plain
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return plain


def _at(plain: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        plain = plain[step]
    return plain


def structured(good: Any, random: Random) -> bytes:
    """Spoil plain data in one to three places: another value, one gone, one more name, one from elsewhere."""
    plain = json.loads(json.dumps(good))
    for _ in range(random.randint(1, 3)):
        paths = list(places(plain))
        path = random.choice(paths)
        what = random.random()
        if what < 0.5:
            plain = _put(plain, path, deepcopy(random.choice(ODD)))
        elif what < 0.65 and path:
            holder = _at(plain, path[:-1])
            del holder[path[-1]]
        elif what < 0.8 and isinstance(_at(plain, path), dict):
            _at(plain, path)[random.choice(NAMES)] = deepcopy(random.choice(ODD))
        else:
            plain = _put(plain, path, json.loads(json.dumps(_at(plain, random.choice(paths)))))
        if not isinstance(plain, dict | list):
            break
    return json.dumps(plain).encode()


def of_bytes(good: bytes, random: Random) -> bytes:
    """Spoil bytes: some changed, some gone, some twice, or the end cut off."""
    spoilt = bytearray(good)
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(spoilt))
        what = random.random()
        if what < 0.5:
            spoilt[place] = random.randrange(256)
        elif what < 0.7:
            del spoilt[place : place + random.randint(1, 200)]
        elif what < 0.9:
            spoilt[place:place] = spoilt[place : place + random.randint(1, 200)]
        else:
            del spoilt[place:]
        if not spoilt:
            return b""
    return bytes(spoilt)


def many(spoil: Callable[[Any, Random], bytes], good: Any, seed: int, times: int) -> Iterator[bytes]:
    """Give so many spoilt files."""
    random = Random(seed)  # noqa: S311 - the same files each time, nothing secret
    for _ in range(times):
        yield spoil(good, random)
