"""What each parameter is worth, in a person's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deltasim.exploration.metrics import METRICS
from deltasim.exploration.worth import Worth, best, worths
from deltasim.reports.quantities import percent
from deltasim.reports.study.words import as_text, figure, short

if TYPE_CHECKING:
    from deltasim.exploration.study import Study
    from deltasim.reports.study.charts import DenseChip


def worth_rows(study: Study) -> list[tuple[str, str]]:
    """A parameter and what it is worth, a row for each figure that it changes."""
    return [(short(worth.parameter), sentence(worth)) for worth in worths(study)]


def sentence(worth: Worth) -> str:
    """What a parameter does to one figure.

    >>> sentence(Worth("size", "energy", ("4 KiB", "8 KiB", "12 KiB"), True, (4e-6, 1e-6, 1e-6), 8, "8 KiB"))
    'up to 8 KiB saves 3.00 µJ of energy (75.0 %), nothing after: the network fits'
    >>> sentence(Worth("policy", "latency", ("nearest", "pinned"), False, (2e-3, 1e-3), 3, None))
    'pinned saves 1.00 ms of latency (50.0 %) against nearest'
    >>> sentence(Worth("lanes", "area", (4, 8), True, (1.0, 1.5), 3, None))
    'from 4 to 8 costs 0.5 mm² of area (50.0 %)'
    """
    place, worst = best(worth)
    values = [as_text(value) for value in worth.values]
    low, high = worth.levels[place], worth.levels[worst]
    if METRICS[worth.metric].more:
        amount = f"{figure(worth.metric, abs(low - high))} of {worth.metric.replace('_', ' ')}"
        return f"{values[place]} gains {amount} against {values[worst]}"
    change = figure(worth.metric, abs(high - low))
    what = worth.metric.replace("_", " ")
    if not worth.ordered:
        share = percent((high - low) / high)
        return f"{values[place]} saves {change} of {what} ({share}) against {values[worst]}"
    if place == 0 and worst == len(values) - 1:
        share = percent((high - low) / low) if low else "from nothing"
        return f"from {values[0]} to {values[-1]} costs {change} of {what} ({share})"
    saved = f"saves {change} of {what} ({percent((high - low) / high)})"
    if worst == 0:
        after = "" if place == len(values) - 1 else ", nothing after"
        after = ", more costs more" if worth.levels[-1] > low * 1.01 else after
        why = ": the network fits" if worth.fits == worth.values[place] else ""
        return f"up to {values[place]} {saved}{after}{why}"
    return f"{values[place]} {saved} against {values[worst]}"


def mapped(study: Study) -> str | None:
    """What a search for a mapping gained."""
    found = study.mapped
    if found is None:
        return None
    changes = ", ".join(
        f"{name} {figure(name, float(study.figures[name][found.before]))} to "
        f"{figure(name, float(study.figures[name][found.after]))}"
        for name in ("energy", "latency")
    )
    return (
        f"The mapping of point {found.point} saves {percent(found.saved)} of energy times latency against "
        f"the chip's own placement ({changes}), in {len(study.points):,} evaluations."
    )


def dense_sentence(study: Study, dense: DenseChip) -> str:
    """The dense chip of equal area, against its point."""
    (entry,) = study.entries([dense.point])
    ratios = f"{dense.energy / entry['energy_j']:.2g} times the energy"
    ratios += f" and {dense.latency / entry['latency_s']:.2g} times the latency"
    return (
        f"The diamond is the dense chip of equal area: the parts of point {dense.point} as an accelerator, "
        f"every element sent, without scans and last-sent values and never waiting. It takes {ratios} "
        f"({figure('energy', dense.energy)}, {figure('latency', dense.latency)})."
    )


def lead(study: Study, front: Sequence[object]) -> str:
    """The one sentence to remember."""
    count = len(front)
    number = study.knee
    if number is None:
        return "No point meets the constraints."
    entry = next(one for one in study.front() if one["point"] == number)
    shown = ", ".join(
        f"{name.replace('_', ' ')} {figure(name, entry[METRICS[name].key])}"
        for name in study.shown
        if entry[METRICS[name].key] is not None
    )
    settings = ", ".join(f"{short(name)} {as_text(value)}" for name, value in entry["parameters"].items())
    points = "1 point is" if count == 1 else f"{count:,} points are"
    return (
        f"{points} worth building of {len(study.points):,}; nearest to the best of everything is point "
        f"{number} ({settings}): {shown}."
    )
