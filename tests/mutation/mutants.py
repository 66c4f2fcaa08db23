"""Small wrongs in a module's source, one at a time: a bound moved by one, *and* for *or*, a branch turned round.

A mutant is known by the place of its node in the tree, which is the same each time the source is read. Docstrings,
annotations and decorators are left alone: they decide nothing.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TWINS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small wrong: the module, the node's place in it, what is done, and where a person finds it."""

    module: str
    node: int
    deed: str
    line: int
    function: str
    """The outermost function around it, as ``Class.method``; empty for what runs at import."""
    begins: int
    """That function's first line, a decorator's if it has one."""
    key: str
    """The same for as long as the function's own text is: where, what and the how-manieth of its kind."""


def source_of(module: str) -> Path:
    """The file of a module, found without importing it."""
    path = Path(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).resolve()


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree, nodes = tree_of(module)
    place = {id(node): number for number, node in enumerate(nodes)}
    seen: dict[str, int] = {}
    for node, around, begins in _nodes(tree, "", 0):
        for deed, text in _deeds(node):
            name = f"{module.removeprefix('referral.')}:{around or '(import)'}: {text}"
            seen[name] = seen.get(name, 0) + 1
            key = name if seen[name] == 1 else f"{name} ({seen[name]})"
            yield Mutant(module, place[id(node)], deed, getattr(node, "lineno", begins), around, begins, key)


def _nodes(tree: ast.AST, name: str, begins: int, prefix: str = "") -> Iterator[tuple[ast.AST, str, int]]:
    """Every node that may be wrong, with the outermost function around it."""
    for child in _inner(tree):
        if name or not isinstance(child, FUNCTIONS):
            within = f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix
            yield child, name, begins
            yield from _nodes(child, name, begins, within)
            continue
        for default in (*child.args.defaults, *child.args.kw_defaults):
            if default is not None:  # a default is worked out at import
                yield default, "", 0
                yield from _nodes(default, "", 0, prefix)
        decorators = getattr(child, "decorator_list", [])
        first = min([child.lineno, *(decorator.lineno for decorator in decorators)])
        called = prefix + (child.name if isinstance(child, ast.FunctionDef) else "<lambda>")
        yield child, called, first
        yield from _nodes(child, called, first)


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that decide something."""
    for field, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        if field in ("decorator_list", "annotation", "returns", "args") and not isinstance(node, ast.Call):
            continue
        for part in parts:
            if isinstance(part, ast.AST) and not _is_words(part):
                yield part


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _deeds(node: ast.AST) -> Iterator[tuple[str, str]]:
    """What can be done to a node: the deed, and how one says it."""
    match node:
        case ast.Compare():
            for number, operator in enumerate(node.ops):
                yield f"compare {number}", f"{_said(node)}: {_turned(operator)}"
        case ast.BoolOp() | ast.BinOp() if type(node.op) in TWINS:
            yield "operator", f"{_said(node)}: {_turned(node.op)}"
        case ast.AugAssign() if type(node.op) in TWINS:
            yield "operator", f"{_said(node)}: {_turned(node.op)}"
        case ast.UnaryOp():
            yield "drop", f"{_said(node)}: without {type(node.op).__name__}"
        case ast.Constant(value=int(number)):
            yield "constant", f"{number} -> {_other(number)}"
        case ast.Constant(value=str(text)) if text.strip():
            yield "constant", f"{text!r} spoilt"
        case ast.Return() if node.value is not None and not _is_none(node.value):
            yield "nothing", f"{_said(node)}: None"
        case ast.Lambda() if not _is_none(node.body):
            yield "nothing", f"{_said(node)}: None"
        case ast.If() | ast.IfExp() | ast.While():
            yield "branch", f"if {_said(node.test)}: turned round"
        case ast.comprehension():
            for number, test in enumerate(node.ifs):
                yield f"filter {number}", f"for ... if {_said(test)}: turned round"
        case ast.Continue():
            yield "break", "continue: break"


def _said(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


def _turned(operator: ast.AST) -> str:
    return f"{type(operator).__name__} -> {TWINS[type(operator)].__name__}"


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other(value: bool | int | str) -> bool | int | str:
    if isinstance(value, str):
        return f"XX{value}XX"
    return not value if isinstance(value, bool) else value + 1


@cache
def tree_of(module: str) -> tuple[ast.Module, list[ast.AST]]:
    """The module's tree and its nodes, each in its place."""
    tree = ast.parse(source_of(module).read_text(encoding="utf-8"))
    return tree, list(ast.walk(tree))


def mutated(mutant: Mutant) -> ast.Module:
    """The module's tree with the one wrong in it. It changes the tree: meant for a process that ends with it."""
    tree, nodes = tree_of(mutant.module)
    node = nodes[mutant.node]
    deed, _, number = mutant.deed.partition(" ")
    match deed:
        case "compare":
            node.ops[int(number)] = TWINS[type(node.ops[int(number)])]()  # type: ignore[attr-defined]  # told by the kind
        case "operator":
            node.op = TWINS[type(node.op)]()  # type: ignore[attr-defined]  # told by the kind
        case "drop":
            _put(nodes, node, node.operand)  # type: ignore[attr-defined]  # told by the kind
        case "constant":
            node.value = _other(node.value)  # type: ignore[attr-defined]  # told by the kind
        case "nothing":
            setattr(node, "body" if isinstance(node, ast.Lambda) else "value", ast.Constant(None))
        case "branch":
            node.test = ast.UnaryOp(ast.Not(), node.test)  # type: ignore[attr-defined]  # told by the kind
        case "filter":
            node.ifs[int(number)] = ast.UnaryOp(ast.Not(), node.ifs[int(number)])  # type: ignore[attr-defined]  # told by the kind
        case "break":
            _put(nodes, node, ast.Break())
    return ast.fix_missing_locations(tree)


def _put(nodes: list[ast.AST], old: ast.AST, new: ast.AST) -> None:
    ast.copy_location(new, old)
    for parent in nodes:
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]
