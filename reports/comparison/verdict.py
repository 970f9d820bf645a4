"""Which of several runs needs least energy, with which probability, and what would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.reports.comparison.inputs import letter
from deltasim.reports.uncertainty.prices import Doubles, Spread, factors, rounded
from deltasim.reports.uncertainty.sequences import resampled, with_prices


class Priced(NamedTuple):
    """The prices of a run, and what each comes to in each sequence. ``joules``: shape (sequences, prices).

    One row, that of the mean, where sequences are not known one by one.
    """

    spreads: tuple[Spread, ...]
    joules: Doubles


class Decides(NamedTuple):
    """What makes most of the doubt between two runs, and its part of the variance of the difference.

    ``action`` names the price, ``of`` the run that has it ("both", or its letter). Where it is which
    sequences there are, ``action`` is None and ``of`` is "sequences".
    """

    action: str | None
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


def verdict(runs: Sequence[Priced]) -> Verdict:
    """Hold at least two runs against each other.

    Each price is drawn once for all runs that have it, and so are sequences: runs that are compared have the
    same ones.

    >>> dear = Spread("core.mac", 1.0, 0.5, 2.0, 8.0, "one price")
    >>> more, less = Priced((dear,), np.array([[8.0]])), Priced((dear,), np.array([[6.0]]))
    >>> verdict([more, less])[:2]                                          # of the same price less: certain
    (1, 1.0)
    """
    joules, spent, spreads = draws(runs)
    times = factors(spreads)
    most = np.bincount(joules.argmin(axis=1), minlength=len(runs))
    least = int(most.argmax())
    others = []
    for other in range(len(runs)):
        if other != least:
            probability = float((joules[:, least] < joules[:, other]).mean())
            apart = spent[other] - spent[least]
            same = not apart.any()
            decides = None if same else decided_by(apart, times, spreads, (least, other), spent)
            others.append(Against(other, None if same else probability, decides))
    closest = sorted(others, key=lambda one: (one.probability is not None, one.probability or 0.0, one.run))
    told = closest[0].probability is not None
    return Verdict(least, float(most[least] / len(joules)) if told else None, tuple(closest))


def draws(runs: Sequence[Priced]) -> tuple[Doubles, list[Doubles], tuple[Spread, ...]]:
    """Joules of an inference of each run in each draw (draws, runs).

    With them those of each run's sequences by the prices of all runs, and these prices.
    """
    known = {spread.identity: spread for run in runs for spread in run.spreads}
    spreads, places = tuple(known.values()), {name: place for place, name in enumerate(known)}
    spent = [of_all_prices(run, places) for run in runs]
    times = factors(spreads)
    return np.column_stack([with_prices(resampled(one), times) for one in spent]), spent, spreads


def of_all_prices(run: Priced, places: dict[str, int]) -> Doubles:
    """Joules of each sequence by the prices of all runs; 0 for those that a run does not have."""
    found = np.zeros((len(run.joules), len(places)))
    for column, spread in enumerate(run.spreads):
        found[:, places[spread.identity]] += run.joules[:, column]
    return found


def decided_by(
    apart: Doubles,
    times: Doubles,
    spreads: Sequence[Spread],
    pair: tuple[int, int],
    spent: Sequence[Doubles],
) -> Decides | None:
    """What has most of the variance of the difference, ``apart`` (sequences, prices); None without any.

    Prices are independent, and so are they and the sequences: their variances add but for products of both,
    which are left out.
    """
    more = apart.mean(axis=0)
    prices = (times * more).var(axis=0)
    each = apart.sum(axis=1)[:, np.newaxis]
    drawn = float(resampled(each).var()) if len(each) > 1 else 0.0
    total = float(prices.sum()) + drawn
    if not total:
        return None
    most = int(np.argmax(prices))
    if drawn > prices[most]:
        return Decides(None, "sequences", rounded(drawn / total))
    has = [run for run in pair if spent[run][:, most].any()]
    of = "both" if len(has) == 2 else letter(has[0])
    return Decides(spreads[most].action, of, rounded(float(prices[most]) / total))
