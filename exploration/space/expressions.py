"""Expressions of a study: arithmetic and comparisons over its parameters and figures, and nothing else.

A name is that of a parameter or a figure, dots and all (``cores.mac.lanes``); a number may have a unit
(``40 uJ``, ``64 KiB``, ``0.5 mm2``). What an expression may hold stands in the tables below: it is read by
Python's own parser, and calls nothing but the functions named here.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from quantiphy import QuantiPhyError

from deltasim.runtime.errors import InputError
from deltasim.simulator.schema.quantities import amount_of

Value = float | int | str | bool
LONGEST = 500
LARGEST_EXPONENT = 64
WORDS = ("and", "or", "not", "if", "else", "in", "is")
AREAS_MM2 = {"mm2": 1.0, "cm2": 100.0, "um2": 1e-6}
QUANTITY = re.compile(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s+([A-Za-zµ][A-Za-z0-9]*)(?![\w.(])")

ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
SIGNS: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, its tree and the names it asks for.

    >>> lanes = expression("max(2, cores.mac.lanes / 2)", "study")
    >>> sorted(lanes.names), lanes.value({"cores.mac.lanes": 8})
    (['cores.mac.lanes'], 4.0)
    """

    text: str
    place: str
    tree: ast.expr
    names: frozenset[str]

    def value(self, known: Mapping[str, Value]) -> Any:
        """What it comes to. Errors: InputError for a division by zero and the like."""
        try:
            return evaluated(self.tree, known)
        except KeyError as error:
            rule = f"{error.args[0]} has no value here"
            raise InputError(self.place, self.text, rule, "Use what the study knows.") from None
        except (ArithmeticError, ValueError, TypeError) as error:
            rule = f"it cannot be computed ({error})"
            raise InputError(self.place, self.text, rule, "Correct the expression.") from None

    def miss(self, known: Mapping[str, Value]) -> float:
        """By how much it is not so, relative to what is asked for: 0 where it holds.

        >>> expression("area <= 0.5 mm2", "study").miss({"area": 0.75})
        0.5
        """
        return 0.0 if self.value(known) else missed(self.tree, known)


def with_plain_numbers(text: str) -> str:
    """The text with every quantity as a plain number.

    >>> with_plain_numbers("energy <= 40 uJ and size > 4 KiB and lanes == 8 or area < 2 mm2")
    'energy <= 4e-05 and size > 4096.0 and lanes == 8 or area < 2.0'
    """

    def number(found: re.Match[str]) -> str:
        count, unit = found.groups()
        if unit in WORDS:
            return found.group()
        if unit in AREAS_MM2:
            return repr(float(count) * AREAS_MM2[unit])
        return repr(float(amount_of(f"{count} {unit}")))

    return QUANTITY.sub(number, text)


def expression(text: str, place: str) -> Expression:
    """Read an expression. Errors: InputError for anything that is not in the tables above.

    >>> expression("__import__('os')", "constraints.0")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: constraints.0: __import__('os'): an expression calls abs, ceil, ...
    """
    if len(text) > LONGEST:
        raise InputError(place, text, f"an expression has at most {LONGEST} characters", "Shorten it.")
    return _read(text, place)


@lru_cache(256)
def _read(text: str, place: str) -> Expression:
    try:
        tree = ast.parse(with_plain_numbers(text).strip(), mode="eval").body
        names = frozenset(names_in(tree))
    except Refused as error:
        raise InputError(place, text, str(error), "Correct the expression.") from None
    except (SyntaxError, ValueError, MemoryError, RecursionError, QuantiPhyError):
        rule = "it is no expression of numbers, names and comparisons"
        raise InputError(place, text, rule, "Write it like cores.mac.lanes * 2.") from None
    return Expression(text, place, tree, names)


class Refused(Exception):
    """Something an expression may not hold."""


def names_in(node: ast.AST) -> Iterable[str]:
    """The names an expression asks for. Errors: Refused for what it may not hold."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return
        case ast.Name() | ast.Attribute():
            yield dotted(node)
        case ast.BinOp(left, operation, right) if type(operation) in ARITHMETIC:
            yield from names_in(left)
            yield from names_in(right)
        case ast.UnaryOp(operation, operand) if type(operation) in SIGNS:
            yield from names_in(operand)
        case ast.BoolOp(_, values):
            for value in values:
                yield from names_in(value)
        case ast.Compare(left, operations, right) if all(type(one) in COMPARISONS for one in operations):
            for value in (left, *right):
                yield from names_in(value)
        case ast.IfExp(test, body, orelse):
            for value in (test, body, orelse):
                yield from names_in(value)
        case ast.Call(ast.Name(name), arguments, []) if name in FUNCTIONS:
            for value in arguments:
                yield from names_in(value)
        case ast.Call():
            raise Refused(f"an expression calls {', '.join(FUNCTIONS)} and nothing else")
        case _:
            raise Refused("an expression holds numbers, names, arithmetic and comparisons alone")


def dotted(node: ast.AST) -> str:
    """A name, dots and all."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    raise Refused("a name is letters, digits and dots")


def evaluated(node: ast.expr, known: Mapping[str, Value]) -> Any:
    """What a checked tree comes to."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name() | ast.Attribute():
            return known[dotted(node)]
        case ast.BinOp(left, operation, right):
            a, b = evaluated(left, known), evaluated(right, known)
            if isinstance(a, str) or isinstance(b, str):
                raise TypeError("a text is no number")
            if isinstance(operation, ast.Pow) and abs(b) > LARGEST_EXPONENT:
                raise ValueError(f"an exponent is at most {LARGEST_EXPONENT}")
            return ARITHMETIC[type(operation)](a, b)
        case ast.UnaryOp(operation, operand):
            return SIGNS[type(operation)](evaluated(operand, known))
        case ast.BoolOp(ast.And(), values):
            return all(evaluated(value, known) for value in values)
        case ast.BoolOp(_, values):
            return any(evaluated(value, known) for value in values)
        case ast.Compare(left, operations, right):
            numbers = [evaluated(value, known) for value in (left, *right)]
            pairs = zip(numbers, operations, numbers[1:], strict=False)
            return all(COMPARISONS[type(operation)](a, b) for a, operation, b in pairs)
        case ast.IfExp(test, body, orelse):
            return evaluated(body if evaluated(test, known) else orelse, known)
        case ast.Call(ast.Name(name), arguments):
            return FUNCTIONS[name](*(evaluated(value, known) for value in arguments))
    raise TypeError(type(node).__name__)


def missed(node: ast.expr, known: Mapping[str, Value]) -> float:
    """By how much a condition is not so; infinity where that is no number."""
    if evaluated(node, known):
        return 0.0
    match node:
        case ast.BoolOp(ast.And(), values):
            return max(missed(value, known) for value in values)
        case ast.BoolOp(_, values):
            return min(missed(value, known) for value in values)
        case ast.Compare(left, _, [right]):
            a, b = evaluated(left, known), evaluated(right, known)
            if isinstance(a, str) or isinstance(b, str):
                return math.inf
            return float(abs(a - b) / abs(b)) if b else float(abs(a))
    return math.inf
