"""A cell that is written down as its equation: sums, products, powers and roots of accumulators, gates."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from deltasim.networks.cells.step import Places, Step
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint, Float32, quantise
from deltasim.networks.numbers.functions import NAMES, Doubles, of_row
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest

Values: TypeAlias = dict[str, Any]  # by name: an array over the neurons, or a number where all have the same
Functions: TypeAlias = Mapping[str, Callable[..., Any]]
Term: TypeAlias = Callable[[Values, Functions], Any]

EXACT: Functions = {
    "abs": np.abs,
    "max": lambda *parts: _fold(np.maximum, parts),
    "min": lambda *parts: _fold(np.minimum, parts),
    "relu": lambda x: np.maximum(x, 0.0),
    "sqrt": np.sqrt,
}
"""What IEEE arithmetic gives exactly."""

TEXTBOOK: Functions = {
    **EXACT,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "erf": np.vectorize(math.erf, otypes=[float]),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
"""Every function a formula may name, as the textbook form computes it."""

OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}

COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
}


MOST_FACTORS = 64
"""Whole exponents up to this are multiplied out."""


class Parameters(NamedTuple):
    """weights (accumulators, size, n_source) from all sources side by side, bias (accumulators, size)."""

    weights: Numbers
    bias: Numbers


class Parsed(NamedTuple):
    """A formula taken apart: what is assigned in turn, and what follows from that."""

    statements: tuple[tuple[str, Term], ...]
    accumulators: int
    states: tuple[str, ...]  # the output first
    memoryless: bool


@dataclass(frozen=True)
class Formula:
    """The cell computes ``formula``: names given values in turn, of which the last is the output.

    ``a0``, ``a1`` ... are its accumulators (a projection says which of them it feeds); one that nothing
    feeds is a constant of the neuron, its bias. A name that is read before it is given a value is a state:
    its value of the step before, 0 at the start. Statements are parted by semicolons and made of numbers,
    ``+ - * / **``, comparisons (1 or 0) and abs, max, min, relu, sqrt, exp, expm1, log, log1p, erf, sigmoid,
    tanh. Everything is computed in double precision and each state is rounded once at the end; in fixed
    point sigmoid and tanh go through the network's tables.

    >>> Formula(4, "y = sqrt(a0**2 + a1**2)").accumulators
    2
    >>> cell = Formula(1, "u = sigmoid(a0); h = u * h + (1 - u) * tanh(a1)")
    >>> cell.states, cell.memoryless
    (('h',), False)
    """

    size: int
    formula: str
    kind: ClassVar[str] = "formula"
    spiking: ClassVar[bool] = False

    def __post_init__(self) -> None:
        parsed(self.formula)

    @property
    def accumulators(self) -> int:
        return parsed(self.formula).accumulators

    @property
    def states(self) -> tuple[str, ...]:
        return parsed(self.formula).states

    @property
    def memoryless(self) -> bool:
        return parsed(self.formula).memoryless

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """All accumulators, unless the projection names those it feeds."""
        return tuple(range(self.accumulators))

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        taken = parsed(self.formula)
        if isinstance(arithmetic, FixedPoint):
            return fixed_step(taken, arithmetic)
        return lambda accumulators, states: float_step(taken, accumulators, states)

    def dense_step(
        self, parameters: Parameters, x: Numbers, state: tuple[Numbers, ...]
    ) -> tuple[Numbers, ...]:
        """The textbook form, without deltas: the states, the output first."""
        taken = parsed(self.formula)
        sums = parameters.weights @ x + parameters.bias
        return evaluated(taken, sums, state, TEXTBOOK)


@lru_cache(maxsize=256)
def parsed(formula: str) -> Parsed:
    """Take a formula apart. Errors: InputError that names what it cannot read.

    >>> parsed("c = 0.5 * c + a0; y = tanh(c)").states
    ('y', 'c')
    """
    try:
        return taken_apart(formula)
    except (SyntaxError, RecursionError, MemoryError, OverflowError):
        rule = "a formula is name = expression, several parted by semicolons"
        shown = formula if len(formula) <= 80 else f"{formula[:77]}..."
        raise InputError("formula cell", shown, rule, "Write it like y = sqrt(a0**2 + a1**2).") from None


def taken_apart(formula: str) -> Parsed:
    """``parsed`` where the text is Python's grammar and not nested too deep."""
    place, body = "formula cell", ast.parse(formula.strip()).body
    statements: list[tuple[str, Term]] = []
    given: set[str] = set()
    read_first: list[str] = []
    fed: set[int] = set()
    for line in body:
        if not (isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)) or line.targets[1:]:
            rule = "a formula is made of statements name = expression"
            raise InputError(place, ast.unparse(line), rule, "Write it like y = a0 * a1.")
        for name in (node.id for node in ast.walk(line.value) if isinstance(node, ast.Name)):
            if name[:1] == "a" and name[1:].isdigit():
                fed.add(int(name[1:]))
            elif name not in TEXTBOOK and name not in given and name not in read_first:
                read_first.append(name)
        term = term_of(line.value, formula)
        target = line.targets[0].id
        if target in TEXTBOOK or (target[:1] == "a" and target[1:].isdigit()):
            rule = "accumulators and functions are read, not given a value"
            raise InputError(place, target, rule, "Choose another name.")
        given.add(target)
        statements.append((target, term))
    output = statements[-1][0] if statements else ""
    unknown = [name for name in read_first if name not in given]
    if unknown or not statements or fed != set(range(len(fed))) or not fed:
        value = unknown[0] if unknown else formula
        rule = "a formula reads accumulators a0, a1 ... without a gap, and names that it gives a value"
        raise InputError(place, value, rule, "Give the name a value, or number the accumulators from 0.")
    states = (output, *(name for name in read_first if name != output))
    return Parsed(tuple(statements), len(fed), states, not read_first)


def term_of(node: ast.expr, formula: str) -> Term:
    """One expression as a function of the values its names have."""
    place = "formula cell"
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        number = float(value)
        return lambda values, functions: number
    if isinstance(node, ast.Name):
        name = node.id
        return lambda values, functions: values[name]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = term_of(node.operand, formula)
        return lambda values, functions: -inner(values, functions)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return power_of(node, formula)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = term_of(node.left, formula), term_of(node.right, formula)
        operator = OPERATORS[type(node.op)]
        return lambda values, functions: operator(left(values, functions), right(values, functions))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        left, right = term_of(node.left, formula), term_of(node.comparators[0], formula)
        compare = COMPARISONS[type(node.ops[0])]
        return lambda values, functions: compare(left(values, functions), right(values, functions)) * 1.0
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords and node.args:
        function = node.func.id
        if function not in TEXTBOOK:
            raise InputError(place, function, "this is no function of a formula", nearest(function, TEXTBOOK))
        parts = [term_of(part, formula) for part in node.args]
        if len(parts) > 1 and function not in ("max", "min"):
            raise InputError(place, ast.unparse(node), f"{function} takes one value", "Give one.")
        return lambda values, functions: functions[function](*(part(values, functions) for part in parts))
    rule = "a formula has numbers, names, + - * / **, comparisons and calls of functions"
    raise InputError(place, ast.unparse(node), rule, "Write it with these.")


def power_of(node: ast.BinOp, formula: str) -> Term:
    """``x ** p``, p a number: whole ones by multiplying, 0.5 by the root, others by ``exp(p * log(x))``."""
    base, exponent = term_of(node.left, formula), node.right
    negative = isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub)
    number = exponent.operand if negative else exponent  # type: ignore[attr-defined]
    if not isinstance(number, ast.Constant) or not isinstance(number.value, int | float):
        rule = "an exponent is a number"
        raise InputError("formula cell", ast.unparse(node), rule, "Write it as exp(p * log(x)).")
    power = float(number.value)
    logarithmic = not power.is_integer() or power > MOST_FACTORS

    def raised(values: Values, functions: Functions) -> Any:
        x = base(values, functions)
        if power == 0.5:
            found = np.sqrt(x)
        elif not logarithmic:
            found = _fold(np.multiply, [x] * int(power)) if power else np.ones_like(x)
        else:
            found = functions["exp"](power * functions["log"](x))
        return 1.0 / found if negative else found

    return raised


def evaluated(
    taken: Parsed, sums: Numbers, states: tuple[Numbers, ...] | Numbers, functions: Functions
) -> tuple[Numbers, ...]:
    """The new states, in double precision; a division by 0 and the like give what IEEE says."""
    values: Values = {f"a{number}": row for number, row in enumerate(sums)}
    values.update(zip(taken.states, states, strict=True))
    with np.errstate(all="ignore"):
        for name, term in taken.statements:
            values[name] = term(values, functions)
    return tuple(np.broadcast_to(values[name], sums.shape[1:]) for name in taken.states)


def float_step(taken: Parsed, accumulators: Numbers, states: Numbers) -> Numbers:
    """Float32: in double precision, each state rounded once."""
    fresh = evaluated(taken, accumulators.astype(np.float64), states.astype(np.float64), PORTABLE)
    with np.errstate(over="ignore"):
        return np.stack(fresh).astype(Float32().dtype)


def fixed_step(taken: Parsed, arithmetic: FixedPoint) -> Step:
    """Raw integers: their real values in double precision, each state rounded half to even and saturated.

    What is no number (the root of a negative one) becomes 0.
    """
    places, form = Places.of(arithmetic), arithmetic.activation
    scale, state_scale = 2.0**-places.accumulator, 2.0**-places.activation
    functions = {
        **PORTABLE,
        "sigmoid": _through(arithmetic.sigmoid_table, arithmetic),
        "tanh": _through(arithmetic.tanh_table, arithmetic),
    }

    def step(accumulators: Numbers, states: Numbers) -> Numbers:
        fresh = evaluated(taken, accumulators * scale, states * state_scale, functions)
        real = np.nan_to_num(np.stack(fresh), nan=0.0, posinf=np.inf, neginf=-np.inf)
        return quantise(real, form).astype(arithmetic.dtype)

    return step


def _through(table: Numbers, arithmetic: FixedPoint) -> Callable[[Doubles], Doubles]:
    """A function by its table: the argument rounded to an activation, the entry as a real number."""
    scale = 2.0**-arithmetic.lookup.fraction
    lowest = arithmetic.activation.lowest

    def looked(x: Doubles) -> Doubles:
        raw = quantise(np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf), arithmetic.activation)
        found: Doubles = table[raw.astype(np.int64) - lowest] * scale
        return found

    return looked


def _portable(name: str) -> Callable[[Any], Doubles]:
    code = NAMES.index(name)
    return lambda x: of_row(code, np.ascontiguousarray(np.atleast_1d(x), np.float64))


def _fold(operator: Callable[[Any, Any], Any], parts: Any) -> Any:
    found = parts[0]
    for part in parts[1:]:
        found = operator(found, part)
    return found


PORTABLE: Functions = {**EXACT, **{name: _portable(name) for name in NAMES}}
"""The same functions with the same bits on every machine."""
