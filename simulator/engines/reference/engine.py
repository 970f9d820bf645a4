"""Run one sequence on the SimPy engine."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import simpy

from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats
from deltasim.simulator.engines.reference.cores import CoreProcesses
from deltasim.simulator.engines.reference.machine import Machine
from deltasim.simulator.engines.reference.memories import Memories
from deltasim.simulator.engines.reference.neurons import Computing, Replayed
from deltasim.simulator.engines.reference.recorder import Statistics
from deltasim.simulator.engines.reference.server import Watch
from deltasim.simulator.engines.reference.synchronisation import Milestones, synchronise
from deltasim.simulator.ledger.background import elapsed, preset
from deltasim.simulator.ledger.laws import LawBroken, Tally, check
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.plan.active_neurons import active_neurons
from deltasim.simulator.plan.plan import Plan


def run_sequence(
    plan: Plan,
    trace: Trace,
    frames: Floats | None = None,
    shuffle: int | None = None,
    requests: list[tuple[int, int, int, int]] | None = None,
    watches: Sequence[Watch] | None = None,
) -> Ledger:
    """Simulate one sequence from a chip at rest.

    ``trace`` holds one sequence. With ``frames`` (T, inputs) the neurons compute for themselves, knowing only
    the messages that reach them, and what they send must be the trace, message for message and bit for bit;
    without, they replay it. ``shuffle`` seeds the order in which processes are created; it changes nothing.
    ``requests`` receives what is asked of DRAMs: arrival (ps), memory, address, bytes. ``watches``, one for
    each unit, are told whom it serves and how many wait.

    Raises LawBroken when the run contradicts itself.
    """
    env = simpy.Environment()
    steps = trace.steps
    length = steps // len(plan.order)
    statistics = Statistics(plan)
    machine = Machine(env, plan, statistics)
    for unit, watch in zip(machine.units, watches or (), strict=False):
        unit.watch = watch
    memories = Memories(plan, machine, statistics, requests)
    neurons = Replayed(plan, trace) if frames is None else Computing(plan, frames, trace.messages[trace.lost])
    milestones = Milestones(env)
    active = active_neurons(plan, trace)
    cores = CoreProcesses(env, plan, machine, memories, neurons, milestones, statistics, length, active)
    processes = [*cores.processes(), synchronise(env, plan, milestones, length)]
    if shuffle is not None:
        random.Random(shuffle).shuffle(processes)
    for process in processes:
        env.process(process)
    env.run()
    for pass_number, populations in enumerate(plan.order):
        for population in populations:
            if not milestones.of("finished", population, (pass_number + 1) * length - 1).triggered:
                raise LawBroken(f"population {plan.layers[population]} never finished: the chip deadlocks")
    if isinstance(neurons, Computing):
        compare(neurons.messages(), trace)
    elapsed_ps = max(cores.ended_ps)
    for entry in (*preset(plan), *elapsed(plan, memories.drams, elapsed_ps)):
        statistics.count(entry.unit, entry.action, entry.amount, entry.layer)
    latency = [ended - began for began, ended in zip(cores.began_ps, cores.ended_ps, strict=True)]
    ledger = statistics.finalise(machine.units, latency, elapsed_ps)
    check(
        ledger,
        Tally(
            injected=statistics.injected,
            deliveries=statistics.expected_deliveries,
            delivered=statistics.delivered,
            tree_links=statistics.expected_traversals,
            traversed=statistics.message_traversals,
            column_words=statistics.expected_words,
            credits_missing=sum(link.missing for link in machine.links),
            missed_bytes=statistics.missed_bytes,
            lost=statistics.lost,
        ),
    )
    return ledger


def compare(sent: np.ndarray[tuple[int], np.dtype[np.void]], trace: Trace) -> None:
    """The messages the cores arrived at are those of ``deltasim.networks.execute``."""
    if sent.tobytes() != trace.messages.tobytes():
        where = 0
        while where < min(len(sent), len(trace.messages)) and sent[where] == trace.messages[where]:
            where += 1
        raise LawBroken(
            f"message {where}: the cores sent {sent[where : where + 1]}, "
            f"the trace says {trace.messages[where : where + 1]}"
        )
