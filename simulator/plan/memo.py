"""What follows from a plan, or a part of it, is memoised: made when first asked for.

It is dropped with its plan, or, where plans of other chips share it, when newer ones have taken its place.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

Key = TypeVar("Key")
T = TypeVar("T")
P = ParamSpec("P")

SHARED = 8
"""Results that are memoised for plans that share them."""


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


def memoised_by(key: Callable[P, Hashable]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The function, memoised by all that its result follows from, which ``key`` takes from its arguments.

    Chips of a study differ in little; what does not depend on that is the same for all of them, and nobody
    changes it. The results used last are kept.

    >>> made = []
    >>> @memoised_by(lambda clock, cores: cores)
    ... def wired(clock, cores):
    ...     made.append(cores)
    ...     return len(made)
    >>> wired(1, 4), wired(2, 4), wired(1, 8)
    (1, 1, 2)
    """

    def of_function(function: Callable[P, T]) -> Callable[P, T]:
        made: OrderedDict[Hashable, T] = OrderedDict()

        @wraps(function)
        def of(*arguments: P.args, **named: P.kwargs) -> T:
            content = key(*arguments, **named)
            try:
                found = made.pop(content)
            except KeyError:
                found = function(*arguments, **named)
            made[content] = found  # the newest
            if len(made) > SHARED:
                made.popitem(last=False)
            return found

        return of

    return of_function
