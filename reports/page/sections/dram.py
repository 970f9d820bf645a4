"""What DRAM did: how rows were found, what each kind of work cost, beside the dense run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair

from deltasim.reports.figures import memory_names
from deltasim.reports.page.parts import Figure, Section, Spec
from deltasim.reports.page.theme import drawn_from, finished, series, si_axis
from deltasim.reports.quantities import percent, quantity, ratio
from deltasim.reports.saved.record import runs

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

FOUND = {"row_hits": "row hit", "row_misses": "row miss", "row_conflicts": "row conflict"}
WORKS = {
    "activate": "activate and precharge",
    "read": "read",
    "io": "I/O",
    "refresh": "refresh",
    "background_active": "background, open",
    "background_precharged": "background, closed",
    "background_active_down": "powered down, open",
    "background_precharged_down": "powered down",
}


def section(result: Measured) -> Section | None:
    """DRAM rows and energy; None for a chip without DRAM."""
    traffic = result.dram
    if traffic is None or result.dense_dram is None:
        return None
    share = percent(dram_joules(result) / result.energy.total_j if result.energy.total_j else 0.0)
    cost = Figure(
        "dram-energy", "DRAM energy of one inference by kind of work (joules)", energy_chart(result)
    )
    if not traffic.reads:
        sentence = (
            "No weight is read from DRAM: all lie in nearer memories. "
            f"Refresh and background still take {share} of the energy."
        )
        return Section("dram", "DRAM", sentence, (cost,))
    each = quantity(traffic.bytes / result.sequences, "B")
    sentence = (
        f"One inference reads {each}, {ratio(result.reduction['dram_bytes'])} fewer than dense; "
        f"{percent(traffic.row_hits / traffic.reads)} of the bursts are row hits. "
        f"DRAM takes {share} of the energy."
    )
    return Section(
        "dram",
        "DRAM",
        sentence,
        (
            Figure(
                "dram-rows",
                "Bursts read in one inference, by how they found their row",
                rows_chart(result),
            ),
            cost,
        ),
    )


def dram_joules(result: Measured) -> float:
    """Energy of all DRAM in the delta run."""
    return sum(result.energy.by_part.get(name, 0.0) for name in memory_names(result.chip, "dram"))


def rows_chart(result: Measured) -> Spec:
    """Stacked bars, delta and dense."""
    rows = []
    for run, traffic in (("delta", result.dram), ("dense", result.dense_dram)):
        if traffic is None:
            continue
        for place, (field, label) in enumerate(FOUND.items()):
            number = getattr(traffic, field)
            share = percent(number / traffic.reads if traffic.reads else 0.0)
            each = number / result.sequences
            rows.append(
                {"run": run, "found": label, "place": place, "value": each}
                | {"shown": quantity(each, ""), "share": share}
            )
    tooltips = [altair.Tooltip("shown:N", title="bursts"), altair.Tooltip("share:N", title="of all bursts")]
    return stacked(rows, "found", list(FOUND.values()), tooltips, si_axis(""))


def energy_chart(result: Measured) -> Spec:
    """Stacked bars, delta and dense; works that cost nothing are left out."""
    rows, named = [], []
    for run, _, energy in runs(result):
        for memory in memory_names(result.chip, "dram"):
            for line in energy.lines:
                owner, _, work = line.action.rpartition(".")
                if owner != memory or not line.joules:
                    continue
                label = WORKS.get(work, work)
                named.append(label)
                each = line.joules / result.sequences
                share = percent(line.joules / energy.by_part[memory])
                rows.append(
                    {"run": run, "work": label, "place": list(WORKS.values()).index(label), "value": each}
                    | {"shown": quantity(each, "J"), "share": share}
                )
    labels = [label for label in WORKS.values() if label in named]
    tooltips = [altair.Tooltip("shown:N", title="energy"), altair.Tooltip("share:N", title="of DRAM")]
    return stacked(rows, "work", labels, tooltips, si_axis("J"))


def stacked(
    rows: list[dict[str, object]],
    field: str,
    labels: list[str],
    tooltips: list[altair.Tooltip],
    axis: altair.Axis,
) -> Spec:
    """Two stacked bars, delta over dense, a colour for each label."""
    bars = (
        drawn_from(rows)
        .mark_bar(height={"band": 0.6})
        .encode(
            y=altair.Y(
                "run:N", sort=["delta", "dense"], title=None, axis=altair.Axis(ticks=False, domain=False)
            ),
            x=altair.X("value:Q", stack="zero", axis=axis),
            color=altair.Color(f"{field}:N", scale=series(labels), title=None),
            order="place:Q",
            tooltip=[altair.Tooltip("run:N"), altair.Tooltip(f"{field}:N"), *tooltips],
        )
    )
    return finished(bars, 130)
