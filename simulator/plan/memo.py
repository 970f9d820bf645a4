"""What follows from a plan is memoised: made when somebody first asks, dropped when the plan is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from deltasim.simulator.plan.plan import Plan

T = TypeVar("T")


def memoised(function: Callable[[Plan], T]) -> Callable[[Plan], T]:
    """The function, memoised by plan for as long as the plan is there.

    >>> class Plan: ...
    >>> made = []
    >>> plan, describe = Plan(), memoised(lambda plan: made.append(plan) or len(made))
    >>> describe(plan), describe(plan), describe(Plan())
    (1, 1, 2)
    """
    made: WeakKeyDictionary[Plan, T] = WeakKeyDictionary()

    @wraps(function)
    def of(plan: Plan) -> T:
        if plan not in made:
            made[plan] = function(plan)
        return made[plan]

    return of
