"""What follows from a plan, or a part of it, is memoised: made when first asked for, dropped with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

Key = TypeVar("Key")
T = TypeVar("T")


def memoised(function: Callable[[Key], T]) -> Callable[[Key], T]:
    """The function, memoised by its plan (or a part of one) for as long as that is there.

    >>> class Plan: ...
    >>> made = []
    >>> plan, describe = Plan(), memoised(lambda plan: made.append(plan) or len(made))
    >>> describe(plan), describe(plan), describe(Plan())
    (1, 1, 2)
    """
    made: WeakKeyDictionary[Key, T] = WeakKeyDictionary()

    @wraps(function)
    def of(plan: Key) -> T:
        if plan not in made:
            made[plan] = function(plan)
        return made[plan]

    return of
