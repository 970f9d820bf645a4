"""A result in plain types: the record that ``--json`` prints, and the frames that go to Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.reports.saved.fields import chip_fields, network_fields
from deltasim.reports.saved.record_form import VERSION
from deltasim.reports.uncertainty.prices import price_records
from deltasim.simulator.memories import kinds as memories

if TYPE_CHECKING:
    import polars

    from deltasim.reports.measured import Measured
    from deltasim.simulator.ledger.ledger import Ledger
    from deltasim.simulator.ledger.pricing import Energy


def as_record(result: Measured) -> dict[str, Any]:
    """The figures of a run under the keys of `RecordForm`; every value is a plain JSON type."""
    energy, dram = result.energy, result.dram
    return {
        "kind": "run",
        "version": VERSION,
        "benchmark": result.benchmark,
        "data": result.data,
        "chip": result.chip.name,
        "engine": result.engine,
        "theta": result.theta,
        "sequences": result.sequences,
        "steps": result.steps,
        "messages": len(result.trace.messages),
        "occupancy": dict(result.occupancy),
        **quality(result),
        "reduction": dict(result.reduction),
        "energy": {
            "inference_j": energy.total_j / result.sequences,
            "step_j": energy.total_j / result.steps,
            "parts": {part: joules / result.sequences for part, joules in energy.by_part.items()},
            "interval_j": {
                "inference": list(result.sure.inference),
                "parts": {part: list(found) for part, found in result.sure.parts.items()},
                "layers": {layer: list(found) for layer, found in result.sure.layers.items()},
            },
            "estimated_share": energy.estimated_share,
        },
        "intervals": {figure: list(found) for figure, found in result.intervals.items()},
        "latency": result.latency._asdict(),
        "power": None if result.power is None else result.power._asdict(),
        "dram": dict.fromkeys(("reads", "bytes", "row_hits", "row_misses", "row_conflicts"))
        if dram is None
        else dram._asdict(),
        "limits": result.limits,
        "digest": result.digest,
        "wall_s": float(result.wall_s),
        "provenance": origins(result),
    }


def quality(result: Measured) -> dict[str, Any]:
    """How well it did: a score where labels say what ought to come out, else how far it is from dense."""
    if result.deviation is not None:
        return {"deviation": result.deviation._asdict()}
    name, value, dense = result.score
    return {
        "score": {
            "name": name,
            "value": None if value is None else float(value),
            "dense": None if dense is None else float(dense),
        }
    }


def origins(result: Measured) -> dict[str, Any]:
    """Where the figures come from: command, digests, versions, the dense run's energy, every price."""
    source, dense = result.provenance, result.dense_energy
    return {
        "command": source.command,
        "seed": source.seed,
        "fallback": result.fallback,
        "profile": source.profile,
        "versions": dict(source.versions),
        "digests": {
            "data": source.data_digest,
            "network": result.network.digest,
            "trace": result.trace.digest,
            "chip": result.chip.digest,
            "mapping": result.mapping.digest,
        },
        "dense": {
            "inference_j": dense.total_j / result.sequences,
            "parts": {part: joules / result.sequences for part, joules in dense.by_part.items()},
            "latency": result.dense_latency._asdict(),
        },
        "described": {"chip": chip_fields(result.chip), "network": network_fields(result.network)},
        "prices": price_records(result.energy, result.chip, result.sequences),
    }


def runs(result: Measured) -> tuple[tuple[str, Ledger, Energy], ...]:
    """The two runs that a result holds, by the name that tables and charts give them."""
    return (
        ("delta", result.ledger, result.energy),
        ("dense", result.dense_ledger, result.dense_energy),
    )


SHARED = ("link", "bus", *memories.SHARED, "chip")  # kinds of units that belong to no core


def unit_frame(result: Measured) -> polars.DataFrame:
    """One row for every (run, unit, action) with a count.

    Columns: run, unit, kind, node; ``core``, null for what cores share; ``layer``, the one whose neurons the
    core holds, null where it holds several or none; action, part, count; ``price`` in joules (of what is
    counted in picoseconds: watts); joules; ``low_j`` and ``high_j``, between which they lie in 90 % of cases
    by the spread of that price. Actions without a price (row hits, bytes) have no part and 0 joules. Counts
    have 64 bits, or 128 where one (picoseconds of a year) needs them.
    """
    import polars

    rows = []
    layers = layer_of_cores(result)
    for run, ledger, energy in runs(result):
        prices = {line["action"]: line for line in price_records(energy, result.chip, result.sequences)}
        parts = {line.action: line.part for line in energy.lines}
        for unit, action in np.argwhere(ledger.counts):
            held, name = ledger.units[unit], ledger.actions[action]
            core = None if held.kind in SHARED else held.node
            joules = float(energy.joules[unit, action])
            price = prices.get(name, {"price": None, "low": 0.0, "high": 0.0})
            each = joules / price["price"] if price["price"] else 0.0
            layer = None if core is None else layers.get(core)
            named = (run, held.name, held.kind, held.node, core, layer, name, parts.get(name))
            ends = (each * price["low"], each * price["high"])
            rows.append((*named, int(ledger.counts[unit, action]), price["price"], joules, *ends))
    wide = any(ledger.counts.dtype == object for _, ledger, _ in runs(result))
    columns = {
        "run": polars.String, "unit": polars.String, "kind": polars.String, "node": polars.Int64,
        "core": polars.Int64, "layer": polars.String, "action": polars.String, "part": polars.String,
        "count": polars.Int128 if wide else polars.Int64, "price": polars.Float64, "joules": polars.Float64,
        "low_j": polars.Float64, "high_j": polars.Float64,
    }  # fmt: skip
    return polars.DataFrame(rows, schema=columns, orient="row")


def layer_of_cores(result: Measured) -> dict[int, str]:
    """For each core with neurons of one layer alone that layer."""
    held: dict[int, set[str]] = {}
    for population, partitions in zip(result.network.populations, result.mapping.partitions, strict=True):
        if population.cell.kind != "input":
            for part in partitions:
                held.setdefault(part.core, set()).add(population.name)
    return {core: min(names) for core, names in held.items() if len(names) == 1}


def layer_frame(result: Measured) -> polars.DataFrame:
    """One row for every (run, layer, part): the joules that the layer caused in that part of the chip."""
    import polars

    rows = [
        (run, layer, part, joules)
        for run, _, energy in runs(result)
        for layer, split in energy.by_layer.items()
        for part, joules in split.items()
    ]
    columns = {"run": polars.String, "layer": polars.String, "part": polars.String, "joules": polars.Float64}
    return polars.DataFrame(rows, schema=columns, orient="row")


def sequence_frame(result: Measured) -> polars.DataFrame:
    """One row for every sequence: steps, latency in both runs (ps), joules of both, score, joules by action.

    ``points`` over ``points_of``, each summed over the sequences, is the score; null where it is no such
    ratio. A column for each priced action holds the joules of the delta run.
    """
    import polars

    pairs = result.points
    columns: dict[str, Any] = {
        "sequence": np.arange(result.sequences),
        "steps": np.diff(np.asarray(result.trace.sequence_bounds)),
        "latency_ps": result.ledger.sequence_latency_ps,
        "dense_latency_ps": result.dense_ledger.sequence_latency_ps,
        "joules": result.sequence_joules.sum(axis=1),
        "dense_joules": result.dense_sequence_joules.sum(axis=1),
        "points": None if pairs is None else pairs[:, 0],
        "points_of": None if pairs is None else pairs[:, 1],
    }
    actions = [line.action for line in result.energy.lines]
    columns |= dict(zip(actions, result.sequence_joules.T, strict=True))
    types = {"points": polars.Float64, "points_of": polars.Float64}
    return polars.DataFrame(
        {name: [None] * result.sequences if held is None else held for name, held in columns.items()},
        schema_overrides=types,
    )


def step_frame(result: Measured) -> polars.DataFrame:
    """One row for every step: its sequence, its place in it, its messages, its latency in both runs (ps)."""
    import polars

    bounds = np.asarray(result.trace.sequence_bounds)
    lengths = np.diff(bounds)
    return polars.DataFrame(
        {
            "sequence": np.repeat(np.arange(len(lengths)), lengths),
            "step": np.arange(int(bounds[-1])) - np.repeat(bounds[:-1], lengths),
            "messages": np.diff(np.asarray(result.trace.step_bounds)),
            "latency_ps": result.ledger.step_latency_ps,
            "dense_latency_ps": result.dense_ledger.step_latency_ps,
        }
    )
