"""Which of several runs needs least energy, with which probability, and what would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.reports.comparison.inputs import letter
from deltasim.reports.uncertainty.prices import Doubles, Spread, factors, rounded


class Decides(NamedTuple):
    """What makes most of the doubt between two runs.

    ``action`` names the price, ``of`` the run that has it ("both", or its letter), ``share`` its part of the
    variance of the difference.
    """

    action: str
    of: str
    share: float


class Against(NamedTuple):
    """The run that needs least held against another: None where both need the same in every draw."""

    run: int
    probability: float | None
    decides: Decides | None


class Verdict(NamedTuple):
    """``least`` is the run that most draws find to need least, ``probability`` how many do.

    ``against`` are the others, the closest first.
    """

    least: int
    probability: float | None
    against: tuple[Against, ...]

    @property
    def closest(self) -> Against:
        """The run that is hardest to tell apart."""
        return self.against[0]


def verdict(runs: Sequence[Sequence[Spread]]) -> Verdict:
    """Hold at least two runs against each other. Each price is drawn once for all runs that have it.

    >>> dear = Spread("core.mac", 1.0, 0.5, 2.0, 8.0, "one price")
    >>> verdict([[dear], [dear._replace(joules=6.0)]])[:2]                 # of the same price less: certain
    (1, 1.0)
    """
    spreads = {spread.identity: spread for run in runs for spread in run}
    names = list(spreads)
    held = [{spread.identity: spread.joules for spread in run} for run in runs]
    spent = np.array([[run.get(name, 0.0) for name in names] for run in held])
    drawn = factors([spreads[name] for name in names])
    joules = np.einsum("dp,rp->dr", drawn, spent)
    most = np.bincount(joules.argmin(axis=1), minlength=len(runs))
    least = int(most.argmax())
    others = [
        against(least, other, drawn, joules, spent, [spreads[name] for name in names])
        for other in range(len(runs))
        if other != least
    ]
    closest = sorted(others, key=lambda one: (one.probability is not None, one.probability or 0.0, one.run))
    told = closest[0].probability is not None
    return Verdict(least, float(most[least] / len(joules)) if told else None, tuple(closest))


def against(
    least: int, other: int, drawn: Doubles, joules: Doubles, spent: Doubles, spreads: Sequence[Spread]
) -> Against:
    """The run that needs least and another one."""
    more = spent[other] - spent[least]
    if not more.any():
        return Against(other, None, None)
    probability = float((joules[:, least] < joules[:, other]).mean())
    variance = (drawn * more).var(axis=0)
    if not variance.sum():
        return Against(other, probability, None)
    most = int(np.argmax(variance))
    has = [run for run in (least, other) if spent[run, most]]
    of = "both" if len(has) == 2 else letter(has[0])
    share = rounded(float(variance.max() / variance.sum()))
    return Against(other, probability, Decides(spreads[most].action, of, share))
