"""What of several runs is drawn again: prices and sequences of each, as their folders have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.reports.comparison.inputs import Compared
from deltasim.reports.comparison.measures import Measure, at
from deltasim.reports.comparison.verdict import Priced, draws
from deltasim.reports.saved.folder import SavedRun
from deltasim.reports.uncertainty.figures import ratio_of_sums
from deltasim.reports.uncertainty.prices import Doubles, Interval, spread_of
from deltasim.reports.uncertainty.sequences import interval, resampled
from deltasim.runtime.errors import InputError

Ratios = tuple[Interval | None, ...]


def priced_runs(runs: Sequence[Compared]) -> list[Priced] | None:
    """The prices of each run with their spreads, sequence by sequence where every folder knows these.

    None where a record says no spreads. Errors: InputError for a damaged folder.
    """
    found = []
    for one in runs:
        prices = at(one.run.record, "provenance.prices") or ()
        spreads = tuple(spread for price in prices if (spread := spread_of(price)) is not None)
        if not spreads or len(spreads) < len(prices):
            return None
        found.append(Priced(spreads, np.array([[spread.joules for spread in spreads]])))
    tables = [
        columns(one.run, [spread.action for spread in held.spreads])
        for one, held in zip(runs, found, strict=True)
    ]
    known = [table for table in tables if table is not None]
    if len(known) < len(found):
        return found
    return [held._replace(joules=table) for held, table in zip(found, known, strict=True)]


def columns(run: SavedRun, names: Sequence[str]) -> Doubles | None:
    """Columns of a run's table of sequences; None for a folder without one. Errors: InputError."""
    table = run.sequences()
    if table is None:
        return None
    if table.height != run.record["sequences"] or not set(names) <= set(table.columns):
        rule = "its table of sequences belongs to its record"
        raise InputError(run.folder, "damaged", rule, "Run the job again with this version.")
    try:
        return np.asarray(table.select(names).to_numpy(), np.float64)
    except (TypeError, ValueError):
        rule = "its table of sequences holds numbers"
        raise InputError(run.folder, "damaged", rule, "Run the job again with this version.") from None


def with_ratios(
    measures: Sequence[Measure], runs: Sequence[Compared], priced: Sequence[Priced]
) -> tuple[Measure, ...]:
    """The figures with the intervals of their ratios: of energy, latency and score."""
    found = {"energy.inference_j": of_draws(draws(priced)[0])}
    seconds = [columns(one.run, ["latency_ps"]) for one in runs]
    points = [columns(one.run, ["points", "points_of"]) for one in runs]
    known = [one for one in seconds if one is not None]
    if len(known) == len(runs) and len(known[0]) > 1:
        found["latency.inference_mean_s"] = of_draws(resampled(np.column_stack(known)))
    scored = [one for one in points if one is not None and np.isfinite(one).all()]
    if len(scored) == len(runs) and len(scored[0]) > 1 and all((one[:, 1] > 0).all() for one in scored):
        found["score.value"] = of_draws(np.column_stack([ratio_of_sums(resampled(one)) for one in scored]))
    none = (None,) * len(runs)
    return tuple(measure._replace(ratio_intervals=found.get(measure.key, none)) for measure in measures)


def of_draws(drawn: Doubles) -> Ratios:
    """Intervals of the ratios to the first column; None where that is 0 in a draw.

    >>> of_draws(np.array([[1.0, 2.0], [2.0, 4.0]]))
    (None, (2.0, 2.0))
    """
    runs = len(drawn[0])
    if not drawn[:, 0].all():
        return (None,) * runs
    return (None, *(interval(drawn[:, other] / drawn[:, 0]) for other in range(1, runs)))
