"""The rows of ``routes.yaml``, and what each says of who asks for what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from referral.workflow import Role
from tests.matrix.house import ASKING, DISABLED, NOBODY
from tests.matrix.world import FOREIGN, MISSING, OWN, SAME

FILE = Path(__file__).parent / "routes.yaml"
ANY = "any"
RELATIONS = (OWN, SAME, FOREIGN, MISSING)
REFUSED = {403: "page_refused", 404: "not_found", 409: "deed_refused"}
"""What a refusal is called in the trail: said here anew, and not asked of the application."""


@dataclass(frozen=True)
class Row:
    """One route: who may come in, what is answered to whom, what it leaves."""

    view: str
    method: str
    door: frozenset[str]
    answers: Mapping[str, int]
    leaves: tuple[str, ...]
    about: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    everywhere: bool = False
    sitting: bool = False
    files: bool = False
    multipart: bool = False
    changes: bool = True
    nobody: int | None = None
    by: str = ""
    each: str = ""
    deeds: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.view}"

    @property
    def public(self) -> bool:
        return NOBODY in self.door

    @property
    def relations(self) -> tuple[str, ...]:
        """On whose it is tried."""
        return RELATIONS if self.about else (ANY,)

    def expected(self, who: str, *, there: bool) -> int:
        """The answer to somebody: who they are is asked first, then the door, then whether it is there for them."""
        if who in (NOBODY, DISABLED):
            usual = self.answers["auditor"] if self.public else 302 if self.method == "GET" else 401
            return usual if self.nobody is None else self.nobody
        if who not in self.door:
            return 403
        if self.about and not there:
            return 404
        return self.answers.get(who, 404)


@cache
def rows() -> tuple[Row, ...]:
    """Read the matrix."""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = told["groups"] | {"public": [*ASKING]}
    return tuple(_row(groups, **each) for each in told["routes"])


def _row(groups: Mapping[str, list[str]], **told: Any) -> Row:
    def members(named: str | list[str]) -> Iterator[str]:
        for each in [named] if isinstance(named, str) else named:
            yield from groups.get(each, [each])

    answers = {who: code for code, named in told.pop("answers").items() for who in members(named)}
    deed = told.pop("deed", [])
    return Row(
        door=frozenset(members(told.pop("door"))),
        answers=answers,
        leaves=tuple(told.pop("leaves")),
        given=told.pop("with", {}),
        changes=told.pop("changes", "") != "nothing",
        deeds=tuple(deed),
        **told,
    )


def cells() -> int:
    """How many cells the matrix has: each row, each of those who ask, each relation."""
    assert len(set(ASKING)) == len(Role) + 2
    return sum(len(ASKING) * len(row.relations) for row in rows())
