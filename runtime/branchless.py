"""Choices without a branch, where what is chosen follows no pattern that a processor could learn.

A branch that is guessed wrong costs as much as a comparison or two. The compiler makes branches of plain
conditional expressions in a loop, and takes two comparisons apart: these say what is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import types, typing
from numba.core.extending import intrinsic

BOTH = ir.IntType(128)  # a tick and a priority as one number
signature: Any = vars(typing)["signature"]  # numba is typed in part only


def choose_either(context: Any, wanted: Any, one: Any, other: Any) -> Any:
    """The first of two whole numbers if ``wanted``, else the second."""

    def choose(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        chosen = builder.select(*arguments)
        chosen.set_metadata("unpredictable", builder.module.add_metadata([]))
        return chosen

    return signature(types.int64, types.boolean, types.int64, types.int64), choose


def compare_pairs(context: Any, tick: Any, priority: Any, other_tick: Any, other_priority: Any) -> Any:
    """Whether a (tick, priority) is less than another; priorities are not negative."""

    def compare(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        def joined(tick: ir.Value, priority: ir.Value) -> ir.Value:
            high = builder.shl(builder.sext(tick, BOTH), BOTH(64))
            return builder.or_(high, builder.zext(priority, BOTH))

        return builder.icmp_signed("<", joined(*arguments[:2]), joined(*arguments[2:]))

    return signature(types.boolean, types.int64, types.int64, types.int64, types.int64), compare


either = cast("Callable[[bool, int, int], int]", intrinsic(choose_either))
before = cast("Callable[[int, int, int, int], bool]", intrinsic(compare_pairs))
