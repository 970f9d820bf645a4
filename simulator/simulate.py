"""Simulate a trace on a chip: every sequence from rest, the same one never twice, the ledgers added up."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Sequence

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip import Chip
from deltasim.simulator.engines.parallel import NOTED, RUNS, workers
from deltasim.simulator.engines.services import Services
from deltasim.simulator.engines.time_limit import LARGEST_PS, most_ps, require_time
from deltasim.simulator.ledger.ledger import Ledger, joined
from deltasim.simulator.mapping.mapping import Mapping, map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan

ENGINES = tuple(RUNS)


def simulate(
    network: Network,
    trace: Trace,
    chip: Chip,
    mapping: Mapping | None = None,
    *,
    inputs: Sequence[Floats] | None = None,
    engine: str = "compiled",
    jobs: int | None = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Count what ``trace`` costs on ``chip``.

    ``trace`` comes from ``deltasim.networks.execute`` (or is synthetic). With ``inputs`` (the frames of every
    sequence), which only the engine ``simpy`` takes, the neurons compute for themselves and must arrive at
    the trace. Sequences that hold the same messages take the same course and are simulated once.
    ``jobs`` sequences run at once (None: one for each processor), in threads or, with ``simpy``, in
    processes; the ledger is the same whatever their number. ``progress`` is called with (sequences done,
    sequences).

    Errors: InputError when the trace belongs to another network, the engine is unknown or takes no inputs;
    LawBroken when a run contradicts itself.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> network = random_stack("gru", 8, (16,), np.random.default_rng(0))
    >>> ledger = simulate(network, dense_trace(network, [3]), load_chip("edgedrnn"))
    >>> ledger.total("core.mac")         # 3 steps of (8 + 16) columns of 48 words
    3456
    """
    require_engine(engine)
    if inputs is not None and engine != "simpy":
        rule = "this engine replays the trace, its neurons do not compute"
        raise InputError("engine", engine, rule, "Leave the inputs out, or use simpy.")
    if trace.network_digest != network.digest:
        rule = f"the trace was not made by network {network.name}"
        raise InputError("trace", trace.network_digest[:12], rule, "Execute this network again.")
    plan = compile_plan(network, chip, mapping or map_network(network, chip))
    return run_plan(plan, trace, inputs=inputs, engine=engine, jobs=jobs, progress=progress)


def require_engine(engine: str) -> None:
    """Refuse an engine that there is not."""
    if engine not in ENGINES:
        raise InputError("engine", engine, "there is no such engine", nearest(engine, ENGINES))


def run_plan(
    plan: Plan,
    trace: Trace,
    *,
    inputs: Sequence[Floats] | None = None,
    engine: str = "compiled",
    jobs: int | None = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """``simulate`` on a plan that is there already; the trace belongs to its network.

    Errors: InputError for no sequence, and for one that would last longer than 106 days on the chip.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> run_plan(plan, dense_trace(network, [3, 3]), jobs=2).total("core.mac")
    6912
    """
    return joined(run_sequences(plan, trace, inputs=inputs, engine=engine, jobs=jobs, progress=progress))


def sizes_of(trace: Trace) -> list[tuple[int, int]]:
    """Steps and messages of each sequence: those of one size alone are equal to no other."""
    steps, messages = np.diff(trace.sequence_bounds), np.diff(trace.step_bounds[trace.sequence_bounds])
    return list(zip(steps.tolist(), messages.tolist(), strict=True))


def run_sequences(
    plan: Plan,
    trace: Trace,
    *,
    inputs: Sequence[Floats] | None = None,
    engine: str = "compiled",
    jobs: int | None = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Ledger]:
    """``run_plan``, with the ledger of every sequence apart. Those of equal sequences are one object.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> [ledger.total("core.mac") for ledger in run_sequences(plan, dense_trace(network, [3, 4]))]
    [3456, 4608]
    """
    ledgers = in_order(plan, trace, range(trace.sequences), inputs=inputs, engine=engine, jobs=jobs)
    found = []
    with contextlib.closing(ledgers):
        for ledger in ledgers:
            found.append(ledger)
            if progress:
                progress(len(found), trace.sequences)
    return found


def in_order(
    plan: Plan,
    trace: Trace,
    order: Sequence[int],
    *,
    inputs: Sequence[Floats] | None = None,
    engine: str = "compiled",
    jobs: int | None = 1,
) -> Generator[Ledger, None, None]:
    """The ledgers of some sequences, one after another in the order given; whoever closes it ends the rest.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> [ledger.total("core.mac") for ledger in in_order(plan, dense_trace(network, [3, 4, 3]), (1, 2))]
    [4608, 3456]
    """
    if trace.sequences < 1:
        rule = "a run has at least one sequence"
        raise InputError("trace", "0 sequences", rule, "Execute the network on one.")
    if most_ps(plan, trace.steps, len(trace.messages)) > LARGEST_PS:
        for index in range(trace.sequences):
            require_time(plan, trace, index)
    same: list[int] = []  # which of the sequences that are simulated each one is equal to
    chosen: list[int] = []
    known: dict[object, int] = {}
    sizes = sizes_of(trace)
    often = Counter(sizes)
    for index in order:
        content = trace.sequence(index).digest if often[sizes[index]] > 1 else sizes[index]
        if content not in known:
            known[content] = len(chosen)
            chosen.append(index)
        same.append(known[content])
    ledgers: list[Ledger] = []
    runs = RUNS[engine](plan, trace, inputs, chosen, workers(jobs))
    with contextlib.closing(runs):
        for place in same:
            if place == len(ledgers):
                ledgers.append(next(runs))
            yield ledgers[place]


def services_of(plan: Plan, trace: Trace, engine: str = "compiled") -> Services:
    """Whom every unit served over one sequence, and when: the same from either engine.

    Errors: InputError when the engine is unknown.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> network, chip = random_stack("gru", 2, (4,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> compiled, simpy = (services_of(plan, dense_trace(network, [1]), name) for name in ENGINES)
    >>> len(compiled.served), compiled.served == simpy.served, compiled.asked == simpy.asked
    (28, True, True)
    """
    require_engine(engine)
    require_time(plan, trace, 0)
    return NOTED[engine](plan, trace)


def rehearse(plan: Plan, frames: Floats, engine: str) -> None:
    """Run the first of ``frames`` alone, so that no kernel has to be compiled or loaded once time counts.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> rehearse(compile_plan(network, chip, map_network(network, chip)), np.ones((3, 8)), "compiled")
    """
    first = frames[:1]
    trace, _ = execute(plan.network, [first])
    run_plan(plan, trace, inputs=[first] if engine == "simpy" else None, engine=engine)
