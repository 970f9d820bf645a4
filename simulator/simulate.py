"""Simulate a trace on a chip: every sequence from rest, the same one never twice, the ledgers added up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from networks.arrays import Floats
from networks.errors import InputError, nearest
from networks.graph import Network
from networks.trace import Trace
from simulator.chip import Chip
from simulator.compile import compile_plan
from simulator.ledger import Ledger, joined
from simulator.mapping import Mapping, map_network
from simulator.plan import Plan

ENGINES = ("compiled", "simpy")


def simulate(
    network: Network,
    trace: Trace,
    chip: Chip,
    mapping: Mapping | None = None,
    *,
    inputs: Sequence[Floats] | None = None,
    engine: str = "compiled",
    progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Count what ``trace`` costs on ``chip``.

    ``trace`` comes from ``networks.execute`` (or is synthetic). With ``inputs`` (the frames of every
    sequence), which only the engine ``simpy`` takes, the neurons compute for themselves and must arrive at
    the trace. Sequences that hold the same messages take the same course and are simulated once.
    ``progress`` is called with (sequences done, sequences).

    Errors: InputError when the trace belongs to another network, the engine is unknown or takes no inputs;
    LawBroken when a run contradicts itself.

    >>> import numpy as np
    >>> from networks.build import random_stack
    >>> from networks.trace import dense_trace
    >>> from simulator.chip import load_chip
    >>> network = random_stack("gru", 8, (16,), np.random.default_rng(0))
    >>> ledger = simulate(network, dense_trace(network, [3]), load_chip("edgedrnn"))
    >>> ledger.total("core.mac")         # 3 steps of (8 + 16) columns of 48 words
    3456
    """
    if engine not in ENGINES:
        raise InputError("engine", engine, "there is no such engine", nearest(engine, ENGINES))
    if inputs is not None and engine != "simpy":
        rule = "this engine replays the trace, its neurons do not compute"
        raise InputError("engine", engine, rule, "Leave the inputs out, or use simpy.")
    if trace.network_digest != network.digest:
        rule = f"the trace was not made by network {network.name}"
        raise InputError("trace", trace.network_digest[:12], rule, "Execute this network again.")
    plan = compile_plan(network, chip, mapping or map_network(network, chip))
    run = prepare(plan, engine)
    known: dict[str, Ledger] = {}
    ledgers = []
    for index in range(trace.sequences):
        sequence = trace.sequence(index)
        if sequence.digest not in known:
            known[sequence.digest] = run(sequence, None if inputs is None else inputs[index])
        ledgers.append(known[sequence.digest])
        if progress:
            progress(index + 1, trace.sequences)
    return joined(ledgers)


def prepare(plan: Plan, engine: str) -> Callable[[Trace, Floats | None], Ledger]:
    """What runs one sequence on an engine; only that engine is imported."""
    if engine == "simpy":
        from simulator.simpy_engine.engine import run_sequence

        return lambda trace, frames: run_sequence(plan, trace, frames)
    from simulator.compiled_engine.engine import CompiledEngine

    compiled = CompiledEngine(plan)
    return lambda trace, _frames: compiled.run_sequence(trace)
