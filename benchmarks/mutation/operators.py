"""The faults that a source file is given: a mutant is the file with one node of its tree changed.

Changed are operators, comparisons, numbers, ``and`` and ``or``, ``not``, conditions, what is returned, the
order of arguments; statements that only act are left out. Annotations, docstrings, decorators, texts, imports
and what only type checkers read stay as they are: changing them changes nothing, or breaks the whole file.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,), ast.Mod: (ast.Mult,), ast.Pow: (ast.Mult,), ast.MatMult: (ast.Mult,),
    ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd,), ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip


class Mutant(NamedTuple):
    """One fault: where it is, and what stands there instead. ``number`` counts the faults of the file."""

    number: int
    line: int
    before: str
    after: str

    @property
    def change(self) -> str:
        """The change as a reader sees it."""
        return f"{self.before} -> {self.after}"


class Site(NamedTuple):
    """A place of the tree, named by the way to it, and the node to put there; None: the statement goes."""

    way: tuple[tuple[str, int | None], ...]
    node: ast.AST | None


def mutants(source: str) -> list[Mutant]:
    """All faults of a source, in the order of its tree.

    >>> [mutant.change for mutant in mutants("def rise(x):\\n    return x + 1\\n")]
    ['return x + 1 -> return None', 'x + 1 -> x - 1', '1 -> 2', '1 -> 0']
    """
    tree = ast.parse(source)
    found = []
    for number, site in enumerate(sites(tree)):
        held = at(tree, site.way)
        after = "nothing" if site.node is None else shown(site.node)
        found.append(Mutant(number, held.lineno, shown(held), after))
    return found


def mutated(source: str, number: int) -> ast.Module:
    """The tree of a source with its fault of that number.

    >>> ast.unparse(mutated("def rise(x):\\n    return x + 1\\n", 1))
    'def rise(x):\\n    return x - 1'
    """
    tree = ast.parse(source)
    site = next(site for place, site in enumerate(sites(ast.parse(source))) if place == number)
    held = at(tree, site.way)
    fresh: ast.AST = ast.Pass() if site.node is None else site.node
    ast.copy_location(fresh, held)
    *parents, (field, place) = site.way
    owner = at(tree, tuple(parents))
    if place is None:
        setattr(owner, field, fresh)
    else:
        getattr(owner, field)[place] = fresh
    return ast.fix_missing_locations(tree)


def shown(node: ast.AST) -> str:
    """A node as one line of source."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:87]}..."


def at(tree: ast.AST, way: tuple[tuple[str, int | None], ...]) -> Any:
    """The node at the end of a way."""
    node: Any = tree
    for field, place in way:
        node = getattr(node, field) if place is None else getattr(node, field)[place]
    return node


def sites(tree: ast.AST, way: tuple[tuple[str, int | None], ...] = ()) -> Iterator[Site]:
    """Every place of a tree that is changed, with what comes there, outer ones first."""
    for node in changed(tree):
        yield Site(way, node)
    for field, value in ast.iter_fields(tree):
        if field in left_alone(tree):
            continue
        for place, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST) and not says_nothing(child):
                yield from sites(child, (*way, (field, place)))


def left_alone(node: ast.AST) -> tuple[str, ...]:
    """The fields of a node that are not changed."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return ("decorator_list", "returns", "type_params")
        case ast.ClassDef():
            return ("decorator_list", "bases", "keywords")
        case ast.AnnAssign() | ast.arg():
            return ("annotation",)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return ("test", "body")
        case ast.FormattedValue():
            return ("format_spec",)
        case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec" | "NamedTuple" | "cast")):
            return ("args", "keywords")
        case _:
            return ()


def says_nothing(node: ast.AST) -> bool:
    """Docstrings, imports, ``strict=True``, and names for types (``Row = NDArray[int64]``)."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.keyword(arg="strict"):
            return True
        case ast.Assign(value=ast.Subscript(value=ast.Name(id=kind) | ast.Attribute(attr=kind))):
            return kind[:1].isupper() and not kind.isupper()  # a generic type, not a table
        case ast.Assign(value=ast.BinOp(op=ast.BitOr())):
            return (
                all(isinstance(name, ast.Name) for name in node.targets) and node.targets[0].id[:1].isupper()
            )
        case _:
            return False


def changed(node: ast.AST) -> Iterator[ast.AST | None]:
    """What may stand in the place of a node; None: a statement that only acts is left out."""
    fresh = copy.deepcopy(node)
    match fresh:
        case ast.BinOp(op=op) | ast.AugAssign(op=op):
            for other in SWAPPED.get(type(op), ()):
                yield (
                    ast.BinOp(fresh.left, other(), fresh.right)
                    if isinstance(fresh, ast.BinOp)
                    else (ast.AugAssign(fresh.target, other(), fresh.value))
                )
            if isinstance(fresh, ast.AugAssign):
                yield None
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                for other in SWAPPED[type(op)]:
                    yield ast.Compare(
                        fresh.left, [*ops[:place], other(), *ops[place + 1 :]], fresh.comparators
                    )
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(SWAPPED[type(op)][0](), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 2 or 1.0)
            yield ast.Constant(value / 2 or -1.0)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.If(test=test) if not isinstance(test, ast.UnaryOp):
            yield ast.If(ast.UnaryOp(ast.Not(), test), fresh.body, fresh.orelse)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Return(value=ast.AST() as value):
            if not isinstance(value, ast.Constant) or value.value is not None:
                yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Break() | ast.Continue():
            yield None
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield None
        case ast.Call(func=func, args=[first, second, *rest]):
            starred = any(isinstance(argument, ast.Starred) for argument in fresh.args)
            if (
                not starred
                and ast.dump(first) != ast.dump(second)
                and ast.unparse(func) not in ("min", "max")
            ):
                yield ast.Call(func, [second, first, *rest], fresh.keywords)
