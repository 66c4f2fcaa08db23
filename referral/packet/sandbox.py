"""The sandbox for templates that a programme writes: text in, text out, data only.

A template may print the names that it is given, ask ``if``, and go through a list. It calls nothing, counts nothing
up, sets nothing and includes nothing: what the syntax tree holds is checked against a short list before it runs, so
its time and its size are bounded by its own length, by the steps of its loops and by what it may print.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_TEMPLATE = 20_000
LONGEST_TEXT = 40_000
MOST_STEPS = 5_000
MOST_NODES = 3_000
LONGEST_BETWEEN = 20

ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.If, nodes.For,
    nodes.Filter, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
)  # fmt: skip
FILTERS = ("capitalize", "first", "join", "last", "length", "lower", "trim", "upper")
OF_A_LOOP = ("first", "last", "index")
GO_THROUGH = "_go_through"  # what every loop is led through; no template can write it


class TemplateFault(Exception):
    """A template that cannot be used. The text says why, for whoever wrote it."""


class _Data(ImmutableSandboxedEnvironment):
    """Names lead to entries of the data and to nothing else: no attribute of any object."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give an entry of a mapping, or what a loop knows of itself."""
        if isinstance(obj, LoopContext) and attribute in OF_A_LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give an entry of a mapping."""
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


def render_text(template: str, data: Mapping[str, Any]) -> str:
    """Fill a template with ``data``: texts, lists, and mappings of texts.

    Raises:
        TemplateFault: it does something that no template may, names what is not there, or becomes too long.

    """
    if len(template) > LONGEST_TEMPLATE:
        raise TemplateFault(f"It is too long: at most {LONGEST_TEMPLATE:,} characters.")
    environment = _Data(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_only_text)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters |= {GO_THROUGH: _steps(), "join": _join}
    try:
        tree = environment.parse(template)
        _check(tree)
        return _print(environment.from_string(tree).generate(data))
    except TemplateFault:
        raise
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise TemplateFault(
            f"{f'Line {line}: ' if line else ''}{error.message or 'it cannot be read'}."
        ) from error
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise TemplateFault(
            "It cannot be read: it asks something that does not fit, or nests too deep."
        ) from error


def _check(tree: nodes.Template) -> None:
    """Refuse whatever is not on the list; lead every loop through the counter."""
    waiting: list[nodes.Node] = [tree]
    seen = 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MOST_NODES:
            raise TemplateFault("It has too many parts.")
        if not isinstance(node, ALLOWED):
            raise TemplateFault(
                f"Line {node.lineno}: “{type(node).__name__.lower()}” is not possible here. A template prints names, "
                "asks “if”, and goes through lists with “for”."
            )
        waiting.extend(node.iter_child_nodes())
        if isinstance(node, nodes.Filter):
            _check_filter(node)
        if isinstance(node, nodes.Const) and not isinstance(node.value, str | bool | int | None):
            raise TemplateFault(f"Line {node.lineno}: a number with a point is not possible here.")
        if isinstance(node, nodes.For):
            if node.recursive:
                raise TemplateFault(f"Line {node.lineno}: a loop cannot call itself.")
            node.iter = nodes.Filter(node.iter, GO_THROUGH, [], [], None, None, lineno=node.lineno)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise TemplateFault(f"Line {node.lineno}: the filter “{node.name}” is not possible here.")


def _steps() -> Callable[[Any], Iterator[Any]]:
    """Give what goes through a list and counts the steps of all loops of one rendering."""
    left = MOST_STEPS

    def go_through(value: Any) -> Iterator[Any]:
        nonlocal left
        if not isinstance(value, list | tuple):
            raise TemplateFault("A “for” goes through a list, and this is none.")
        for each in value:
            left -= 1
            if left < 0:
                raise TemplateFault("Its loops take too many steps.")
            yield each

    return go_through


def _join(value: Any, between: Any = "") -> str:
    """Join a list of texts, with a few signs between them."""
    if not isinstance(value, list | tuple) or not isinstance(between, str) or len(between) > LONGEST_BETWEEN:
        raise TemplateFault("A “join” takes a list, and a few signs to put between.")
    return between.join(str(_only_text(each)) for each in value)


def _only_text(value: Any) -> Any:
    """Let only text and whole numbers be printed."""
    if isinstance(value, str | Undefined) or type(value) is int:
        return value
    raise TemplateFault("It prints something that is not text: a list is gone through with “for”, or joined.")


def _print(pieces: Iterator[str]) -> str:
    text: list[str] = []
    left = LONGEST_TEXT
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise TemplateFault(f"What it prints is too long: at most {LONGEST_TEXT:,} characters.")
        text.append(piece)
    return "".join(text).strip() + "\n"
