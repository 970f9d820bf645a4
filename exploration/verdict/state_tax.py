"""What a delta network remembers beside its neurons' states, and what that costs on a chip."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.simulator.chip import Chip
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.mapping.mapping import Mapping
from deltasim.simulator.plan.encoder_passes import encoder_passes


class StateTax(NamedTuple):
    """Bytes held, and joules of a whole run spent, for last-sent values and for accumulators."""

    last_sent_bytes: int
    accumulator_bytes: int
    last_sent_j: float
    accumulator_j: float


class StateWords(NamedTuple):
    """Words read and written of one population's last-sent values and accumulators, over a run."""

    last_sent_read: int
    last_sent_written: int
    sums_read: int
    sums_written: int


def state_words(network: Network, trace: Trace, passes: Integers, ledger: Ledger) -> tuple[StateWords, ...]:
    """For each population what was moved of these, by the rules of docs/semantics.md.

    A scan reads the last-sent value of every element, as often as it passes over it (`encoder_passes`), and
    writes it for every message; a multiply-accumulate reads and writes a sum; an update reads sums (and
    writes those that start anew); the start of a sequence writes them all.
    """
    scanned, sent = (passes * trace.scanned(network)).tolist(), trace.sent(network).tolist()
    frames = trace.steps // network.passes
    macs = dict(zip(ledger.layers, ledger.layer_counts[:, ledger.actions.index("core.mac")], strict=True))
    found = []
    for place, population in enumerate(network.populations):
        remembered = [
            number
            for number, projection in enumerate(network.projections)
            if projection.source == population.name and not network.sends_events(number)
        ]
        computed = 0 if population.cell.kind == "input" else frames * population.size
        preset = population.size * trace.sequences if network.incoming[place] else 0
        sums = population.cell.accumulators
        added = int(macs.get(population.name, 0))
        again = network.fed_accumulators(place) * computed if network.resets_accumulators[place] else 0
        found.append(
            StateWords(
                sum(scanned[n] for n in remembered),
                sum(sent[n] for n in remembered) + len(remembered) * population.size * trace.sequences,
                added + sums * computed,
                added + again + sums * preset,
            )
        )
    return tuple(found)


def state_tax(network: Network, trace: Trace, chip: Chip, mapping: Mapping, ledger: Ledger) -> StateTax:
    """Bytes and joules of what a network without deltas would not have to remember from step to step.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.simulate import simulate
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> mapping, trace = map_network(network, chip), dense_trace(network, [3])
    >>> tax = state_tax(network, trace, chip, mapping, simulate(network, trace, chip, mapping))
    >>> tax.last_sent_bytes, tax.accumulator_bytes                 # 8 + 16 values, 4 sums of 16 neurons
    (96, 256)
    """
    last_sent = sums = 0.0
    passes = encoder_passes(network, chip)
    for population, words in enumerate(state_words(network, trace, passes, ledger)):
        home = mapping.homes[population]
        read, write = (chip.priced[action].value for action in (home.read, home.write))
        moved = words.last_sent_read * read + words.last_sent_written * write
        last_sent += home.value_bits * moved
        sums += home.sum_bits * (words.sums_read * read + words.sums_written * write)
    arithmetic = network.arithmetic
    values = sum(
        projection.connection.source_size
        for number, projection in enumerate(network.projections)
        if not network.sends_events(number)
    )
    held = sum(population.cell.accumulators * population.size for population in network.populations)
    return StateTax(
        -(-values * arithmetic.activation_bits // 8),
        -(-held * arithmetic.accumulator_bits // 8),
        last_sent,
        sums,
    )
