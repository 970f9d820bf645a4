"""The headline: the few figures a reader takes away, and the sentence that joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.reports.page.parts import Card
from deltasim.reports.quantities import percent, quantity, ratio, score

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured


def lead(result: Measured) -> str:
    """The run in one sentence."""
    saved = result.reduction["energy"]
    energy = quantity(result.energy.total_j / result.sequences, "J")
    pace = quantity(result.latency.inference_mean_s, "s")
    compared = f", {ratio(saved)} less energy than the dense network on the same chip" if saved else ""
    at_rate = ""
    if result.power is not None:
        every = quantity(result.power.period_s, "s")
        at_rate = f" With a step every {every} the chip draws {quantity(result.power.mean_w, 'W')}."
    return f"One inference takes {energy} and {pace}{compared}.{at_rate}"


def cards(result: Measured) -> tuple[Card, ...]:
    """Headline figures; each names the key under which run.json holds the same number."""
    energy, pace, saved, scored = result.energy, result.latency, result.reduction, result.score
    joules, dense_joules = energy.total_j / result.sequences, result.dense_energy.total_j / result.sequences
    sent = f"sent: {percent(result.occupancy['input'])} of inputs"
    if "hidden" in result.occupancy:
        sent += f", {percent(result.occupancy['hidden'])} of hidden state"
    found = [
        Card(
            "Energy per inference",
            quantity(joules, "J"),
            f"dense {quantity(dense_joules, 'J')}, {ratio(saved['energy'])}",
            "energy.inference_j",
            joules,
        ),
        Card(
            "Latency per inference",
            quantity(pace.inference_mean_s, "s"),
            f"99 % within {quantity(pace.inference_p99_s, 's')}",
            "latency.inference_mean_s",
            pace.inference_mean_s,
        ),
        Card(
            "Fewer weight fetches",
            ratio(saved["weight_fetches"]),
            sent,
            "reduction.weight_fetches",
            saved["weight_fetches"],
        ),
    ]
    if result.power is not None:
        found.append(
            Card(
                "Mean power",
                quantity(result.power.mean_w, "W"),
                f"a step every {quantity(result.power.period_s, 's')}, at work {percent(result.power.duty)}",
                "power.mean_w",
                result.power.mean_w,
            )
        )
    if scored.value is not None:
        found.append(
            Card(
                scored.name.capitalize(),
                score(scored.name, scored.value),
                f"dense {score(scored.name, scored.dense)}",
                "score.value",
                float(scored.value),
            )
        )
    if result.deviation is not None:
        found.append(
            Card(
                "Deviation from dense",
                f"{result.deviation.rms:.3g}",
                f"RMS; {percent(result.deviation.agree)} of frames agree",
                "deviation.rms",
                result.deviation.rms,
            )
        )
    if result.dram is not None:
        found.append(
            Card(
                "DRAM bytes per inference",
                quantity(result.dram.bytes / result.sequences, "B"),
                f"{ratio(saved['dram_bytes'])} fewer than dense"
                if saved["dram_bytes"]
                else "all weights lie nearer",
                "dram.bytes",
                result.dram.bytes,
            )
        )
    found.append(
        Card(
            "Estimated",
            percent(energy.estimated_share),
            "of the energy rests on estimated prices",
            "energy.estimated_share",
            energy.estimated_share,
        )
    )
    return tuple(found)
