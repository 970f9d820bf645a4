"""How sure it is, after some of the sequences, that a point is dominated: bets against the contrary.

A point's figure over all N sequences is a sum of one cost for each. A rival's costs b are all known. Suppose
the point costs no more than the rival: its costs a sum to at most B = b_1 + ... + b_N. Each a_i is at least
some l_i >= 0, whatever a simulation says, so with r = min l_i / b_i over the sequences not yet seen,
y_i = a_i - r b_i is nowhere below 0. Of the next sequence, each of those left being as likely, y is then
expected to be at most

    m = (B - costs seen - r (rival's costs not seen)) / (number not seen).

So a capital of 1 that is multiplied by 1 - f + f y / m, 0 <= f <= 1, never grows in expectation, and reaches
1 / c with a probability of at most c (Ville's inequality). A point that is really dearer makes it grow.

A point that is on the front costs less than each rival in one objective at least; the least capital over
objectives is then a bet on that one too, and so is the mean over rivals. No distribution of costs is assumed:
what is random is the order alone. (Betting on means without replacement: Waudby-Smith and Ramdas, Estimating
means of bounded random variables by betting, J. R. Stat. Soc. B 86, 2024.)
"""

from __future__ import annotations

import numpy as np

from deltasim.exploration.front import Flags, Reals

FRACTIONS = np.array([0.5, 1.0])
"""Parts of the capital that are bet, half of it on each."""

TIE = 1e-9
"""So much dearer than a rival is as dear: costs are sums of rounded numbers."""


class Capital:
    """Bets that a point is dominated by one of its rivals.

    ``rivals``: what each costs, shape (rivals, figures, sequences), sequences in the order of the race.
    ``least``: what the point costs at least, shape (figures, sequences). ``asked``: the figures in which it
    has to be shown dearer than a rival, shape (rivals, figures), one or more of each; the others are known.

    >>> rival, least = np.ones((1, 1, 20)), np.zeros((1, 20))
    >>> capital = Capital(rival, least, np.array([[True]]))
    >>> for _ in range(7):
    ...     capital.enter(np.array([[2.0]]))     # twice as dear on each of seven sequences
    >>> capital.reached(0.01), capital.reached(0.001), capital.strongest()
    (True, False, 0)
    """

    def __init__(self, rivals: Reals, least: Reals, asked: Flags) -> None:
        self.rivals, self.asked = rivals, asked
        self.left = rivals.sum(axis=2) * (1 + TIE)
        """What the point may cost on the sequences not seen, were it no dearer than the rival."""
        shares = np.full(rivals.shape, np.inf)
        np.divide(least, rivals, out=shares, where=rivals > 0)
        lowest: Reals = np.minimum.accumulate(shares[..., ::-1], axis=2)[..., ::-1]
        self.shares = np.where(np.isfinite(lowest), lowest, 0.0)
        self.logs = np.zeros((*asked.shape, len(FRACTIONS)))
        self.certain = np.zeros(asked.shape, np.bool_)
        self.seen = 0

    def enter(self, costs: Reals) -> None:
        """The costs of the next sequences, one or a part of equal chances. Shape (figures, sequences)."""
        count, rest = costs.shape[1], self.rivals.shape[2] - self.seen
        mine = self.rivals[..., self.seen :]
        share = self.shares[..., self.seen]
        expected = (self.left - share * mine.sum(axis=2)) / rest
        found = (costs.sum(axis=1) - share * mine[..., :count].sum(axis=2)) / count
        self.certain |= expected < 0  # it has cost more already: the contrary cannot be
        times = np.ones(expected.shape)
        np.divide(np.maximum(found, 0.0), expected, out=times, where=expected > 0)
        with np.errstate(divide="ignore"):
            self.logs += np.log(1 - FRACTIONS + FRACTIONS * times[..., None])
        self.left -= costs.sum(axis=1)
        self.seen += count

    def of_rivals(self) -> Reals:
        """The logarithm of the capital of each rival's bet: the least over what is asked. Shape (rivals,)."""
        mixed = np.logaddexp.reduce(self.logs, axis=2) - np.log(len(FRACTIONS))
        lowest: Reals = np.where(self.asked & ~self.certain, mixed, np.inf).min(axis=1)
        return lowest

    def reached(self, chance: float) -> bool:
        """Whether the point is dominated but for a chance of at most so much."""
        found = self.of_rivals()
        return bool(np.logaddexp.reduce(found) - np.log(len(found)) >= -np.log(chance))

    def strongest(self) -> int:
        """The rival that speaks most against the point; of several the first."""
        return int(np.argmax(self.of_rivals()))


def chance_of(number: int, points: int | None, risk: float) -> float:
    """The chance with which one point may be dropped wrongly, so that with ``risk`` any of a study is.

    In equal parts where the number of ``points`` is settled; otherwise, where a study may go on with more,
    as risk / (2.2 k (ln k)^2), k = number + 2, which sum to less than the risk over any number of points.

    >>> chance_of(7, 100, 0.01)
    0.0001
    >>> 0.0085 < sum(chance_of(number, None, 0.01) for number in range(100_000)) < 0.01
    True
    """
    if points is not None:
        return risk / points
    rank = number + 2
    return float(risk / (2.2 * rank * np.log(rank) ** 2))
