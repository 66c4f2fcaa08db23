"""Reading YAML without surprises. A module of its own, since the library takes a while to import."""

import re
from decimal import Decimal
from typing import Any

import yaml

from referral.reference.files import Unreadable


class _Loader(yaml.CSafeLoader):
    """YAML without surprises. A name stands once."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own way to replace its table

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a name that stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(
                    f"line {key.start_mark.line + 1}: a name is a word, not a list or names with values"
                )
            if key.value in seen:
                raise Unreadable(f"line {key.start_mark.line + 1}: {key.value!r} stands twice")
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


for kind, pattern, first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?[0-9]+\.[0-9]+", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{pattern})$"), list(first))


def _decimal(loader: Any, node: Any) -> Decimal:
    return Decimal(loader.construct_scalar(node))


def _integer(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    if len(text) > 20:
        raise Unreadable(f"line {node.start_mark.line + 1}: a number of {len(text)} digits")
    return int(text)


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def read_yaml(text: str) -> Any:
    """Read YAML. Raises :class:`Unreadable`."""
    try:
        if (
            "&" in text
            and "*" in text
            and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, _Loader))
        ):
            raise Unreadable("an alias (*name) is not allowed: a small file could stand for an endless one")
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except Unreadable:
        raise
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(" ".join(str(error).split())) from error
