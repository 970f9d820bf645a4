"""Which run is fastest and which scores best, with which probability: their sequences drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.reports.comparison.drawing import columns
from deltasim.reports.comparison.inputs import Compared, letter
from deltasim.reports.comparison.likely import likely
from deltasim.reports.comparison.measures import at
from deltasim.reports.uncertainty.figures import ratio_of_sums
from deltasim.reports.uncertainty.prices import Doubles
from deltasim.reports.uncertainty.sequences import resampled


class Best(NamedTuple):
    """The run that most draws find best in a figure, and in how many it is better than all others.

    ``probability`` is None where in no draw any run is.
    """

    figure: str
    run: int
    probability: float | None

    @property
    def sentence(self) -> str:
        """In words.

        >>> Best("latency", 1, 0.975).sentence, Best("accuracy", 0, None).sentence
        ('B is fastest with 97.5 %.', 'None has a better accuracy than all others.')
        """
        fast = self.figure == "latency"
        if self.probability is None:
            return f"None {'is faster' if fast else f'has a better {self.figure}'} than all others."
        what = "is fastest" if fast else f"has the best {self.figure}"
        return f"{letter(self.run)} {what} with {likely(self.probability)}."


def best_over_sequences(runs: Sequence[Compared]) -> tuple[Best, ...]:
    """Latency, then the score; nothing where a folder does not know its sequences, or there is but one.

    All runs have the same sequences, which are drawn once for all. More is better in every score.
    """
    found = []
    seconds = [columns(one.run, ["latency_ps"]) for one in runs]
    known = [one for one in seconds if one is not None]
    if len(known) == len(runs) and len(known[0]) > 1:
        found.append(best("latency", -resampled(np.column_stack(known))))
    if any(at(one.run.record, "score.value") is None for one in runs):
        return tuple(found)
    points = [columns(one.run, ["points", "points_of"]) for one in runs]
    scored = [one for one in points if one is not None and np.isfinite(one).all()]
    if len(scored) == len(runs) and len(scored[0]) > 1 and all((one[:, 1] > 0).all() for one in scored):
        drawn = np.column_stack([ratio_of_sums(resampled(one)) for one in scored])
        found.append(best(str(runs[0].run.record["score"]["name"]), drawn))
    return tuple(found)


def best(figure: str, drawn: Doubles) -> Best:
    """The column that is largest by itself in most draws.

    >>> best("accuracy", np.array([[0.9, 0.8], [0.7, 0.8], [0.8, 0.8], [0.9, 0.7]]))
    Best(figure='accuracy', run=0, probability=0.5)
    """
    largest = drawn == drawn.max(axis=1, keepdims=True)
    alone = largest[largest.sum(axis=1) == 1].sum(axis=0)
    run = int(alone.argmax())
    return Best(figure, run, float(alone[run]) / len(drawn) if alone[run] else None)
