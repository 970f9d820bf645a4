"""Messages that are lost on their way: the channel of a projection, as over radio.

Which are lost is drawn when a trace is made, by seed, and stored in it; a chip replays it. A receiver never
knows of a loss, nor does the sender. So that an error does not stay for ever, messages carry values, or
deltas are refreshed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deltasim.networks.transmit import scan
from deltasim.runtime.arrays import Flags, Integers, Numbers
from deltasim.runtime.errors import InputError, nearest

CARRIES = ("values", "deltas")


@dataclass(frozen=True)
class Loss:
    """Every message of a projection is lost with ``probability`` (0 to 1), whatever else is lost.

    Rule: element s of step t is lost where ``h(seed, t, s) < probability``, h uniform in 0 to 1. So the same
    seed loses the same elements whatever is sent, dense or delta. ``carries`` says what a message holds:
    "values" the value itself, of which the receiver takes the difference to the one it received last, so
    that the next one makes a lost one good; "deltas" the difference to what was *sent* last, so that a lost
    one is missing until the element is refreshed. At every step of a sequence that is a multiple of
    ``refresh`` (0: at none) every element with a finite threshold is sent as a value, changed or not.

    >>> lost = lost_elements(Loss(0.25, seed=7), 0, 1000, 100)
    >>> lost.shape, round(float(lost.mean()), 2), int(lost_elements(Loss(0.0, seed=7), 0, 99, 9).sum())
    ((1000, 100), 0.25, 0)
    """

    probability: float
    seed: int
    carries: str = "values"
    refresh: int = 0

    def refreshes(self, step: int) -> bool:
        """Whether every element is sent at this step of a sequence, which counts from 0."""
        return self.refresh > 0 and step > 0 and step % self.refresh == 0

    def absolute(self, step: int) -> bool:
        """Whether the messages of this step of a sequence hold values."""
        return self.carries == "values" or self.refreshes(step)


def check_loss(loss: Loss, events: bool, where: str) -> None:
    """Raise an InputError for the first rule that does not hold; ``events``: for spikes."""
    probability, seed, refresh = loss.probability, loss.seed, loss.refresh
    if not (isinstance(probability, int | float) and 0 <= probability <= 1):
        rule = "the probability that a message is lost lies within 0 to 1"
        raise InputError(f"{where}: probability", probability, rule, "Give a share, not percent.")
    if loss.carries not in CARRIES:
        rule = "a message carries values or deltas"
        raise InputError(f"{where}: carries", loss.carries, rule, nearest(str(loss.carries), CARRIES))
    if type(seed) is not int or not 0 <= seed < 2**63:
        rule = "a seed is a whole number from 0 to 2**63 - 1"
        raise InputError(f"{where}: seed", seed, rule, "Give another.")
    if type(refresh) is not int or not 0 <= refresh < 2**31:
        rule = "elements are refreshed every so many steps, or never (0)"
        raise InputError(f"{where}: refresh", refresh, rule, "Give a whole number of steps.")
    if events and (loss.carries != "values" or refresh):
        rule = "a spike is sent as it is and never again"
        raise InputError(f"{where}: refresh", refresh, rule, "Leave carries and refresh out.")
    if loss.carries == "deltas" and probability > 0 and not refresh:
        rule = "a delta that is lost stays missing for ever where nothing refreshes it"
        raise InputError(f"{where}: refresh", refresh, rule, "Give steps, or let messages carry values.")


def lost_elements(loss: Loss, first_step: int, steps: int, size: int) -> Flags:
    """Which elements a channel loses from ``first_step`` of the trace on, if they are sent. (steps, size).

    SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) over seed, step and element; its upper 53 bits make h.
    """
    step = np.arange(first_step, first_step + steps, dtype=np.uint64)[:, None]
    element = np.arange(size, dtype=np.uint64)[None]
    mixed = mixed_bits(mixed_bits(mixed_bits(np.full((1, 1), loss.seed, np.uint64)) + step) + element)
    uniform = (mixed >> np.uint64(11)) * 2.0**-53
    lost: Flags = uniform < loss.probability
    return lost


def mixed_bits(state: Numbers) -> Numbers:
    """One output of SplitMix64 for each state, (n, m) uint64.

    >>> [hex(value) for value in mixed_bits(np.array([0, 1234567], np.uint64)).tolist()]
    ['0xe220a8397b1dcdaf', '0x599ed017fb08fc85']
    """
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Numbers = z ^ (z >> np.uint64(31))
    return mixed


def offered(
    loss: Loss,
    step: int,
    values: Numbers,
    last_sent: Numbers,
    theta: Numbers,
    sources: Numbers,
    held: Numbers,
) -> int:
    """What a sender puts on its channel at a step of a sequence; the number of messages.

    As `networks.transmit.scan`, but for what a message holds (``held``) and the steps that refresh all.

    >>> values, last_sent = np.float32([0.5, 0.1]), np.float32([0.25, 0.0])
    >>> sources, held = np.empty(2, np.int32), np.empty(2, np.float32)
    >>> count = offered(Loss(0.1, 0), 1, values, last_sent, np.full(2, 0.25, np.float32), sources, held)
    >>> sources[:count].tolist(), held[:count].tolist()
    ([0], [0.5])
    """
    if loss.refreshes(step):
        never = np.inf if theta.dtype.kind == "f" else np.iinfo(theta.dtype).max
        chosen = np.flatnonzero(theta < never)
        sources[: chosen.size] = chosen
        held[: chosen.size] = last_sent[chosen] = values[chosen]
        return int(chosen.size)
    count = int(scan(values, last_sent, theta, sources, held))
    if loss.carries == "values":
        held[:count] = values[sources[:count]]
    return count


def differences(loss: Loss, step: int, sources: Numbers, held: Numbers, received: Numbers) -> Numbers:
    """What a receiver adds up of the messages that reach it; ``received`` is brought up to date in place.

    >>> received = np.float32([1.0, 2.0])
    >>> differences(Loss(0.1, 0), 1, np.array([1]), np.float32([5.0]), received).tolist(), received.tolist()
    ([3.0], [1.0, 5.0])
    """
    if loss.absolute(step):
        apart: Numbers = held - received[sources]
        received[sources] = held
        return apart
    received[sources] += held
    return held


def lost_of(
    losses: tuple[Loss | None, ...], projections: Integers, steps: Integers, sources: Integers
) -> Integers:
    """The places of those messages, named by projection, step of the trace and source, that are lost."""
    found = []
    for number, loss in enumerate(losses):
        if loss is None:
            continue
        mine = np.flatnonzero(projections == number)
        if len(mine):
            first, size = int(steps[mine].min()), int(sources[mine].max()) + 1
            drawn = lost_elements(loss, first, int(steps[mine].max()) - first + 1, size)
            found.append(mine[drawn[steps[mine] - first, sources[mine]]])
    return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))
