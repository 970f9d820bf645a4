"""What a reader is told of a run, row by row: the same rows for the terminal, the notebook and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deltasim.reports.figures import memory_names, times_fewer, total
from deltasim.reports.packet_model import packet_sentence
from deltasim.reports.quantities import count, percent, quantity, ratio, score, threshold

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

PARTS = {
    "compute": "arithmetic",
    "encode": "scan and messages",
    "state": "state",
    "network": "network on chip",
    "static": "leakage",
    "dram": "DRAM",
}


class Row(NamedTuple):
    """One line of the summary; ``share`` and ``saved`` are empty where they say nothing."""

    label: str
    delta: str
    share: str = ""
    dense: str = ""
    saved: str = ""
    detail: bool = False


class Group(NamedTuple):
    """Rows that belong together."""

    title: str
    rows: tuple[Row, ...]


def part_label(part: str) -> str:
    """What a part of the chip is called for a reader; memories keep their own names.

    >>> part_label("encode"), part_label("dram")
    ('scan and messages', 'DRAM')
    """
    return PARTS.get(part, part)


def between(interval: tuple[float, float]) -> str:
    """An interval of joules in words.

    >>> between((1.2e-9, 3.4e-9))
    '1.20 nJ to 3.40 nJ'
    """
    return f"{quantity(interval[0], 'J')} to {quantity(interval[1], 'J')}"


def heading(result: Measured) -> str:
    """Title of a run: benchmark, chip, thresholds."""
    return f"{result.benchmark} on {result.chip.name}, {threshold(result.theta)}"


def groups(result: Measured) -> tuple[Group, ...]:
    """The summary, total energy first."""
    shown = [energy_group(result), latency_group(result), traffic_group(result), quality_group(result)]
    if (at_rate := power_group(result)) is not None:
        shown.insert(2, at_rate)
    return tuple(shown)


def in_ten_lines(result: Measured) -> str:
    """A run for ``print``: its heading, the rows that are no details, what limits it, its digest."""
    named = ("energy per inference", "latency per inference", "latency per step", "weight words fetched")
    rows = [row for group in groups(result) for row in group.rows]
    lines = [heading(result)]
    for row in rows:
        if row.label in named or row.label.startswith("mean power") or row.label == result.score.name:
            beside = f" (dense {row.dense}{f', {row.saved}' if row.saved else ''})" if row.dense else ""
            lines.append(f"  {row.label}: {row.delta}{beside}")
    shares = ", ".join(f"{name} {percent(share)}" for name, share in result.occupancy.items())
    lines.append(f"  occupancy: {shares}")
    lines.append(f"  {count(result.sequences)} sequences, {count(result.steps)} steps; {result.data}")
    lines.append(f"  {result.limits}")
    lines.append(f"  run {result.digest[:12]}, {result.engine} engine")
    return "\n".join(lines)


def energy_group(result: Measured) -> Group:
    """Energy of one inference and its parts, largest first, beside dense."""
    delta, dense, runs = result.energy, result.dense_energy, result.sequences
    rows = [
        Row(
            "energy per inference",
            quantity(delta.total_j / runs, "J"),
            "",
            quantity(dense.total_j / runs, "J"),
            ratio(result.reduction["energy"]),
        )
    ]
    for part, joules in sorted(delta.by_part.items(), key=lambda item: (-item[1], item[0])):
        other = dense.by_part.get(part, 0.0)
        if joules == 0 and other == 0:
            continue
        rows.append(
            Row(
                part_label(part),
                quantity(joules / runs, "J"),
                percent(joules / delta.total_j if delta.total_j else 0.0),
                quantity(other / runs, "J"),
                ratio(times_fewer(other, joules)),
                detail=True,
            )
        )
    rows.append(
        Row(
            "energy per step",
            quantity(delta.total_j / result.steps, "J"),
            "",
            quantity(dense.total_j / result.steps, "J"),
        )
    )
    return Group("Energy", tuple(rows))


def latency_group(result: Measured) -> Group:
    """Latency of an inference and of a step: mean and 99th percentile."""
    delta, dense = result.latency, result.dense_latency
    labels = {
        "inference_mean_s": "latency per inference",
        "inference_p99_s": "99th percentile",
        "step_mean_s": "latency per step",
        "step_p99_s": "99th percentile",
    }
    return Group(
        "Latency",
        tuple(
            Row(
                label,
                quantity(getattr(delta, name), "s"),
                "",
                quantity(getattr(dense, name), "s"),
                ratio(times_fewer(getattr(dense, name), getattr(delta, name))),
                detail="p99" in name,
            )
            for name, label in labels.items()
        ),
    )


def power_group(result: Measured) -> Group | None:
    """Power at the period of steps, where there is one."""
    delta, dense = result.power, result.dense_power
    if delta is None or dense is None:
        return None
    rows = [
        Row(
            f"mean power, a step every {quantity(delta.period_s, 's')}",
            quantity(delta.mean_w, "W"),
            "",
            quantity(dense.mean_w, "W"),
            ratio(times_fewer(dense.mean_w, delta.mean_w)),
        ),
        Row("while it waits", quantity(delta.idle_w, "W"), "", quantity(dense.idle_w, "W"), detail=True),
        Row("at work", percent(delta.duty), "", percent(dense.duty), detail=True),
        Row(
            "slack of the worst step",
            quantity(delta.slack_s, "s"),
            "",
            quantity(dense.slack_s, "s"),
            detail=True,
        ),
        Row("late steps", count(delta.late_steps), "", count(dense.late_steps), detail=True),
    ]
    return Group("Power", tuple(rows))


def traffic_group(result: Measured) -> Group:
    """Weight words, multiply-accumulates and DRAM traffic, per inference."""
    runs, memories = result.sequences, memory_names(result.chip)

    def per_inference(label: str, delta: float, dense: float, unit: str = "", detail: bool = False) -> Row:
        shown = ratio(times_fewer(dense, delta))
        return Row(label, quantity(delta / runs, unit), "", quantity(dense / runs, unit), shown, detail)

    rows = [
        per_inference(
            "weight words fetched",
            total(result.ledger, memories, "words"),
            total(result.dense_ledger, memories, "words"),
        ),
        per_inference(
            "multiply-accumulates", result.ledger.total("core.mac"), result.dense_ledger.total("core.mac")
        ),
    ]
    dram, dense = result.dram, result.dense_dram
    if dram and dense:
        rows.append(per_inference("DRAM bytes", dram.bytes, dense.bytes, "B"))
        rows.append(per_inference("DRAM reads", dram.reads, dense.reads))
        for label, name in (
            ("row hits", "row_hits"),
            ("row misses", "row_misses"),
            ("row conflicts", "row_conflicts"),
        ):
            found, other = getattr(dram, name), getattr(dense, name)
            rows.append(
                Row(
                    label,
                    quantity(found / runs, ""),
                    percent(found / dram.reads if dram.reads else 0.0),
                    quantity(other / runs, ""),
                    detail=True,
                )
            )
    return Group("Traffic per inference", tuple(rows))


def quality_group(result: Measured) -> Group:
    """Occupancy, and the score where there is one."""
    rows = [
        Row(f"occupancy, {name}", percent(share), "", percent(1.0))
        for name, share in result.occupancy.items()
    ]
    if result.deviation is not None:
        rms, largest, agree = result.deviation
        rows.append(Row("deviation from dense, RMS", f"{rms:.3g}"))
        rows.append(Row("largest", f"{largest:.3g}", detail=True))
        rows.append(Row("frames that agree with dense", percent(agree)))
    value, dense = result.score.value, result.score.dense
    if value is None:
        return Group("Quality", tuple(rows))
    difference = ""
    if dense is not None:
        shown = score(result.score.name, 1.0).endswith("%")
        gap = f"{100 * (value - dense):+.2f} points" if shown else f"{value - dense:+.3g}"
        difference = gap.replace("-", "−")
    rows.append(
        Row(
            result.score.name,
            score(result.score.name, value),
            "",
            score(result.score.name, dense),
            difference,
        )
    )
    return Group("Quality", tuple(rows))


def over_sequences(result: Measured) -> str | None:
    """What other sequences of the kind would give; None for one, which says nothing of others."""
    found = result.intervals
    if "latency.inference_mean_s" not in found:
        return None
    low, high = found["latency.inference_mean_s"]
    told = [f"latency is {quantity(low, 's')} to {quantity(high, 's')}"]
    if (saved := found.get("reduction.energy")) is not None:
        told.append(f"energy saved {ratio(saved[0])} to {ratio(saved[1])}")
    if (scored := found.get("score.value")) is not None:
        name = result.score.name
        told.append(f"{name} {score(name, scored[0])} to {score(name, scored[1])}")
    return f"With the sequences drawn again, {', '.join(told)} in 90 % of draws."


def notes(result: Measured) -> tuple[str, ...]:
    """The sentences under the table: data, limit, what the figures rest on."""
    said = [
        result.limits,
        f"{percent(result.energy.estimated_share)} of the energy rests on estimated prices.",
        f"By the spreads of its prices an inference takes {between(result.sure.inference)} in 90 % of draws.",
    ]
    if (drawn := over_sequences(result)) is not None:
        said.append(drawn)
    data = result.data.rstrip(".")
    lost = f", of which {count(result.trace.lost.size)} were lost" if result.trace.lost.size else ""
    said.append(
        f"Data: {data}; {count(result.sequences)} {'sequence' if result.sequences == 1 else 'sequences'}, "
        f"{count(result.steps)} steps, {count(len(result.trace.messages))} messages{lost}."
    )
    caution = packet_sentence(result.ledger, least=0.01)
    if caution is not None:
        said.append(caution)
    if result.fallback:
        said.append(result.fallback)
    return tuple(said)
