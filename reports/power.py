"""Power at the rate of the real world: a step comes every period, and in between the chip waits."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers
from deltasim.simulator.ledger.ledger import Ledger

SECONDS = 1e-12
DAY_S = 86_400


class Power(NamedTuple):
    """A run whose steps come at a period.

    ``mean_w`` is all energy, that of waiting included, over all time; ``idle_w`` what the chip draws while it
    waits; ``duty`` the share of time in which it works. A step is late where it is not done when the next one
    comes, which then waits for it: ``late_steps``. ``worst_step_s`` and ``step_p999_s`` are from a step's
    arrival to its end; ``slack_s`` is what the worst leaves of the period, below 0 where it is late.
    """

    period_s: float
    mean_w: float
    idle_w: float
    duty: float
    late_steps: int
    worst_step_s: float
    step_p999_s: float
    slack_s: float
    inferences_per_s: float
    day_j: float

    @property
    def waiting_share(self) -> float:
        """The share of the mean power that is drawn while the chip waits."""
        return self.idle_w * (1 - self.duty) / self.mean_w if self.mean_w else 0.0


def responses(latency_ps: Integers, period_ps: int) -> Integers:
    """Picoseconds from the arrival of each step of a sequence to its end, first come, first served.

    Step i arrives at i T, begins at the latest of that and the end of the one before, and takes L_i.

    >>> responses(np.array([3, 14, 4, 4]), 10).tolist()
    [3, 14, 8, 4]
    """
    arrival = np.arange(len(latency_ps), dtype=np.int64) * period_ps
    done = np.cumsum(latency_ps)
    begun = np.maximum.accumulate(arrival - (done - latency_ps))
    found: Integers = begun + done - arrival
    return found


def lasted_ps(taken: Integers, period_ps: int) -> int:
    """What a sequence lasts: the periods of its steps, or longer where the last one ends later."""
    return max(len(taken) * period_ps, (len(taken) - 1) * period_ps + int(taken[-1]))


def lasted_s(ledger: Ledger, lengths: list[int], period_s: float) -> npt.NDArray[np.float64]:
    """Seconds that each sequence lasts at a period."""
    period_ps = round(period_s / SECONDS)
    ends = np.cumsum([0, *lengths]).tolist()
    steps = np.asarray(ledger.step_latency_ps)
    taken = [responses(steps[start:stop], period_ps) for start, stop in pairwise(ends)]
    return np.array([lasted_ps(times, period_ps) * SECONDS for times in taken])


def power_at(ledger: Ledger, lengths: list[int], joules: float, idle_w: float, period_s: float) -> Power:
    """The power of a run at a period.

    ``lengths`` are the steps of each sequence, ``joules`` what the run took at full speed, step after step.
    A sequence lasts its steps' periods, or longer where its last step ends later; what is left of that time
    once the steps have run is spent at ``idle_w``.
    """
    period_ps = round(period_s / SECONDS)
    steps = np.asarray(ledger.step_latency_ps)
    ends = np.cumsum([0, *lengths])
    taken = [responses(steps[start:stop], period_ps) for start, stop in pairwise(ends.tolist())]
    lasted = [lasted_ps(times, period_ps) for times in taken]
    time_s, busy_s = sum(lasted) * SECONDS, min(ledger.elapsed_ps, sum(lasted)) * SECONDS
    mean_w = (joules + idle_w * (time_s - busy_s)) / time_s
    every = np.concatenate(taken)
    worst_s = float(every.max()) * SECONDS
    return Power(
        period_s=period_s,
        mean_w=mean_w,
        idle_w=idle_w,
        duty=busy_s / time_s,
        late_steps=int((every > period_ps).sum()),
        worst_step_s=worst_s,
        step_p999_s=float(np.percentile(every, 99.9)) * SECONDS,
        slack_s=period_s - worst_s,
        inferences_per_s=len(lengths) / time_s,
        day_j=mean_w * DAY_S,
    )
