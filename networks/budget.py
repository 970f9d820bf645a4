"""How many messages a projection may send: of the changes that reach their threshold, the largest.

A threshold bounds the error and leaves the rate to the data; a budget bounds the rate and leaves the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from deltasim.networks.transmit import scan
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

MOST_PARTS = 1 << 16


@dataclass(frozen=True)
class Budget:
    """A projection earns ``rate`` messages a step and saves them up to ``most``, which it has at the start.

    Rule (a token bucket): before a step ``saved = min(saved + rate, most)``; of the elements that
    ``networks.transmit.sends`` the ``floor(saved)`` of the largest ``|value - last sent|`` are sent, of equal
    ones the first; ``saved`` falls by as many. What is not sent keeps its last sent value, and is compared
    again at the next step. So ``Budget(k, k)`` sends the k largest changes of a step, and ``Budget(2, 40)``
    two a step on average, up to 40 at once.

    Selecting works within a core, so a source on several cores has as many ``parts``: element i of n belongs
    to the part that holds it where n elements are spread over ``parts`` cores as evenly as can be. Each part
    has a budget of its own, ``rate`` and ``most`` divided by ``parts``.

    >>> Budget(4, 4).bounds(10), Budget(4, 4, parts=2).bounds(5)
    ([0, 10], [0, 3, 5])
    """

    rate: float
    most: int
    parts: int = 1

    @property
    def described(self) -> dict[str, Any]:
        """Plain data, in one spelling."""
        return {"rate": float(self.rate), "most": self.most, "parts": self.parts}

    def bounds(self, size: int) -> list[int]:
        """Where the parts of ``size`` elements begin, and the end of the last."""
        return [-(-size * part // self.parts) for part in range(self.parts + 1)]

    def starting(self) -> Numbers:
        """What each part has saved at the start of a sequence, (parts,)."""
        return np.full(self.parts, self.most / self.parts)


def check_budget(budget: Budget, size: int, events: bool, lossy: bool, where: str) -> None:
    """Raise an InputError for the first rule that does not hold; ``size`` elements in the source."""
    rate, most, parts = budget.rate, budget.most, budget.parts
    if type(most) is not int or not 1 <= most <= 2**31:
        rule = "at least one message may be sent in a step"
        raise InputError(f"{where}: most", most, rule, "Give a whole number of messages.")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= most:
        rule = f"messages are earned every step, and at most {most} are saved"
        raise InputError(f"{where}: rate", rate, rule, "Give messages a step, more than 0.")
    if type(parts) is not int or not 1 <= parts <= min(size, MOST_PARTS):
        rule = f"a source of {size} elements has from 1 to {min(size, MOST_PARTS)} parts"
        raise InputError(f"{where}: parts", parts, rule, "Give the number of its cores.")
    if most < parts:
        rule = "every part may send at least one message in a step"
        raise InputError(f"{where}: most", most, rule, f"Give at least {parts}, or fewer parts.")
    if events:
        raise InputError(where, "a budget", "spikes are sent as they are", "Leave it out.")
    if lossy:
        rule = "a projection that loses messages has no budget"
        raise InputError(where, "a budget", rule, "Leave one of the two out.")


def scan_within(
    room: int, values: Numbers, last_sent: Numbers, theta: Numbers, sources: Numbers, deltas: Numbers
) -> int:
    """As `networks.transmit.scan`, but at most ``room`` messages: those of the largest differences.

    >>> values, last_sent = np.float32([0.5, 0.1, -1.0, 0.5]), np.zeros(4, np.float32)
    >>> sources, deltas = np.empty(4, np.int32), np.empty(4, np.float32)
    >>> count = scan_within(2, values, last_sent, np.full(4, 0.25, np.float32), sources, deltas)
    >>> sources[:count].tolist(), last_sent.tolist()
    ([0, 2], [0.5, 0.0, -1.0, 0.0])
    """
    before = last_sent.copy()
    count = int(scan(values, last_sent, theta, sources, deltas))
    if count <= room:
        return count
    chosen = np.sort(np.argsort(-np.abs(deltas[:count]), kind="stable")[:room])  # of equal ones the first
    sources[:room], deltas[:room] = sources[chosen], deltas[chosen]
    last_sent[:] = before
    last_sent[sources[:room]] = values[sources[:room]]
    return room


def scan_budgeted(
    budget: Budget,
    bounds: Sequence[int],
    saved: Numbers,
    values: Numbers,
    last_sent: Numbers,
    theta: Numbers,
    sources: Numbers,
    deltas: Numbers,
) -> int:
    """The messages of a step, part by part; ``saved`` (parts,) and ``last_sent`` are brought up to date.

    Arrays are those of whole parts, which begin at ``bounds``, counted from the first value; otherwise as
    `networks.transmit.scan`.

    >>> budget, saved = Budget(1, 2), Budget(1, 2).starting()
    >>> values, last_sent, theta = np.float32([3, 1, 2]), np.zeros(3, np.float32), np.ones(3, np.float32)
    >>> sources, deltas = np.empty(3, np.int32), np.empty(3, np.float32)
    >>> given = [0, 3], saved, values, last_sent, theta, sources, deltas
    >>> [sources[: scan_budgeted(budget, *given)].tolist() for _ in range(3)]
    [[0, 2], [1], []]
    """
    count = 0
    for part, (start, stop) in enumerate(pairwise(bounds)):
        saved[part] = min(saved[part] + budget.rate / budget.parts, budget.most / budget.parts)
        room, own = int(saved[part]), slice(start, stop)
        found = scan_within(room, values[own], last_sent[own], theta[own], sources[count:], deltas[count:])
        sources[count : count + found] += start
        saved[part] -= found
        count += found
    return count
