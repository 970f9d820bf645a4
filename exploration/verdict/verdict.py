"""A chip's verdict on a network: what deltas save on it, and what other ways of saving would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deltasim.exploration.verdict.break_even import break_even, energy_curve
from deltasim.exploration.verdict.fair_dense import FairDense, fair_dense
from deltasim.exploration.verdict.state_tax import StateTax, state_tax
from deltasim.networks.builders.magnitude_pruning import pruned
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Float32, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import Trace, dense_trace
from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import Mapping, map_network
from deltasim.simulator.mapping.send_counts import even_send_counts
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan

STEPS = 32
"""Of the short sequence on which occupancies are drawn."""

HALVINGS = 5


class Other(NamedTuple):
    """Another network in place of the delta network; None where ``about`` says why there is none."""

    name: str
    network: Network | None
    about: str


class Cost(NamedTuple):
    """Joules and seconds of an inference; None where ``about`` says why."""

    name: str
    joules: float | None
    seconds: float | None
    about: str


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a network costs on a chip by other means, and the occupancy below which deltas pay.

    ``costs`` are of one inference. ``curve`` holds joules of a step over occupancy, ``fair_step_j`` those of
    the dense accelerator for each batch; ``break_even`` the occupancy where they meet (None: nowhere).
    ``tax`` is of the whole delta run.
    """

    tax: StateTax
    costs: tuple[Cost, ...]
    curve: tuple[tuple[float, float], ...]
    fair_step_j: dict[int, float]
    break_even: dict[int, float | None]

    def cheapest(self) -> Cost:
        """The cheapest of the other ways."""
        return min((one for one in self.costs if one.joules is not None), key=lambda one: one.joules or 0.0)


def at_8_bits(network: Network) -> Other:
    """The network with weights of 8 bits and activations of 16, for what it costs."""
    name = "dense, 8-bit weights"
    widest = max(network.weight_bits(number) for number in range(len(network.projections)))
    if widest <= 8:
        return Other(name, None, "the network has them already")
    if not isinstance(network.arithmetic, Float32):
        return Other(name, None, f"the network is in {network.arithmetic}")
    return Other(name, quantised(network, FixedPoint(weight=Q(2, 6))), "weights of 8 bits, activations of 16")


def pruned_to(
    network: Network, inputs: Sequence[Floats], good_enough: Callable[[Sequence[Floats]], bool]
) -> Other:
    """The network without its smallest weights, as many as can go while its outputs are good enough.

    The share is found by halving, to within 3 %; the network is not trained again.
    """
    low, high, best = 0.0, 1.0, None
    silent = network.dense
    for _ in range(HALVINGS):
        share = (low + high) / 2
        tried = pruned(silent, share)
        _, outputs = execute(tried, inputs)
        if good_enough(outputs):
            low, best = share, tried
        else:
            high = share
    if best is None:
        return Other("dense, pruned", None, "no weights can go without losing more than the deltas do")
    kept = best.weight_words / network.weight_words
    return Other("dense, pruned", best, f"{100 * kept:.0f} % of the weights left, not trained again")


def cost_of(other: Other, chip: Chip, lengths: Sequence[int], jobs: int | None) -> Cost:
    """An inference of another network, every element sent."""
    if other.network is None:
        return Cost(other.name, None, None, other.about)
    try:
        ledger, _ = dense_run(other.network, chip, dense_trace(other.network, lengths), jobs)
    except InputError as error:
        return Cost(other.name, None, None, f"{error.rule}")
    joules = price(ledger, chip, other.network).total_j / len(lengths)
    return Cost(other.name, joules, ledger.elapsed_ps * 1e-12 / len(lengths), other.about)


def dense_run(network: Network, chip: Chip, trace: Trace, jobs: int | None) -> tuple[Ledger, Mapping]:
    """A dense trace on a chip; where it pins columns, all are equally hot."""
    counts = even_send_counts(network) if chip.placement.pins else None
    mapping = map_network(network, chip, counts)
    return run_plan(compile_plan(network, chip, mapping), trace, jobs=jobs), mapping


def judged(
    network: Network,
    chip: Chip,
    mapping: Mapping,
    delta: tuple[Trace, Ledger],
    dense: tuple[Trace, Ledger],
    others: Sequence[Other],
    batch: int,
    jobs: int | None = None,
) -> Verdict:
    """The verdict on runs that are there: of the messages, and with every element sent.

    ``mapping`` is that of both; ``batch`` the sequences over which the dense accelerator uses a weight again.
    """
    trace, ledger = delta
    dense_messages, dense_ledger = dense
    lengths = [int(length) for length in np.diff(dense_messages.sequence_bounds) // network.passes]
    batches = tuple(dict.fromkeys((1, batch)))
    tax = state_tax(network, trace, chip, mapping, ledger)
    dense_energy = price(dense_ledger, chip, network)
    full = state_tax(network, dense_messages, chip, mapping, dense_ledger)
    fairs = [fair_dense(dense_ledger, dense_energy, full, chip, size) for size in batches]
    costs = [
        Cost("dense, on this chip", dense_energy.total_j / len(lengths),
             dense_ledger.elapsed_ps * 1e-12 / len(lengths), "every element sent"),
        *(cost_of(other, chip, lengths, jobs) for other in others),
        *(named(fair, len(lengths)) for fair in fairs),
    ]  # fmt: skip
    frames = min(STEPS, max(lengths))
    short = dense_trace(network, [frames])
    plan = compile_plan(network, chip, mapping)

    def joules(messages: Trace) -> float:
        return price(run_plan(plan, messages, jobs=jobs), chip, network).total_j / frames

    curve = energy_curve(short, joules)
    short_ledger = run_plan(plan, short, jobs=jobs)
    short_tax = state_tax(network, short, chip, mapping, short_ledger)
    short_energy = price(short_ledger, chip, network)
    steps = {
        size: fair_dense(short_ledger, short_energy, short_tax, chip, size).joules / frames
        for size in batches
    }
    return Verdict(
        tax, tuple(costs), curve, steps, {size: break_even(curve, cost) for size, cost in steps.items()}
    )


def named(fair: FairDense, sequences: int) -> Cost:
    """The dense accelerator, by its batch."""
    about = "no scan, no last-sent values, never waits"
    if fair.batch > 1:
        about += f"; each weight read once for {fair.batch} sequences"
    name = f"dense accelerator, batch {fair.batch}"
    return Cost(name, fair.joules / sequences, fair.seconds / sequences, about)
