"""A network: groups of neurons, the projections between them, and the arithmetic they are computed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from deltasim.networks.budget import Budget
from deltasim.networks.loss import Loss
from deltasim.networks.numbers.arithmetic import FLOAT32, Arithmetic, FixedPoint, Q
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.behaviour import behaviour, is_ours
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    from deltasim.networks.cells import Cell
    from deltasim.networks.connections import Connection


@dataclass(frozen=True, eq=False)
class Population:
    """A group of neurons that follow the same rule.

    ``bias`` (cell.accumulators, size) is what the accumulators hold at the start of a sequence, in the
    network's arithmetic (raw integers of the accumulator format in fixed point); None only for an Input.
    ``pass_number`` says in which pass over the sequence the population is computed: a bidirectional stack
    needs one for each layer. A population with ``reverse`` meets the frames of its pass from the last to the
    first.

    >>> from deltasim.networks.cells import GRU
    >>> import numpy as np
    >>> Population("gru_0", GRU(8), np.zeros((4, 8), np.float32)).size
    8
    """

    name: str
    cell: Cell
    bias: Numbers | None = None
    pass_number: int = 0
    reverse: bool = False

    @property
    def size(self) -> int:
        return self.cell.size


def projection_name(source: str, target: str, label: str) -> str:
    """What a projection is called in files, thresholds and reports.

    >>> projection_name("input", "lif", ""), projection_name("lif", "lif", "late")
    ('input->lif', 'lif->lif:late')
    """
    return f"{source}->{target}:{label}" if label else f"{source}->{target}"


@dataclass(frozen=True, eq=False)
class Projection:
    """Source to target, with a threshold and a memory of what was last sent of its own.

    ``role`` ("input" or "recurrent") says which accumulators the gate blocks of the weights feed. ``delay``
    is how many steps ago the source had the value that is read: 0 in the same step (acyclic). ``theta`` >= 0
    is one number, or one for each source neuron, in the real units of the source's value. ``weight_format``
    is the format of its own weights in fixed point; None: that of the network. ``accumulators`` names those
    of the target that the gate blocks feed; None: those its cell has for the role. ``label`` tells several
    projections between the same two populations apart, synapses of different delays or accumulators. ``loss``
    says how its messages are lost; None: none is. ``budget`` bounds how many it sends; None: nothing does.

    >>> from deltasim.networks.connections import AllToAll
    >>> weights = AllToAll.from_matrices(np.ones((4, 2)))
    >>> Projection("input", "readout", weights, theta=0.1).name
    'input->readout'
    """

    source: str
    target: str
    connection: Connection
    role: str = "input"
    delay: int = 0
    theta: float | Numbers = 0.0
    weight_format: Q | None = None
    accumulators: tuple[int, ...] | None = None
    label: str = ""
    loss: Loss | None = None
    budget: Budget | None = None

    @property
    def name(self) -> str:
        """``source->target``, and ``:label`` where it has one."""
        return projection_name(self.source, self.target, self.label)

    def fed(self, cell: Cell) -> tuple[int, ...]:
        """The accumulators of the target, a ``cell``, that the gate blocks feed, block by block."""
        return cell.accumulators_of(self.role) if self.accumulators is None else self.accumulators

    def thresholds(self, arithmetic: Arithmetic) -> Numbers:
        """One threshold for each source neuron, as the transmit rule compares it in this arithmetic."""
        return arithmetic.threshold(np.broadcast_to(self.theta, self.connection.source_size))

    def arithmetic(self, network: Arithmetic) -> Arithmetic:
        """What its messages are integrated in: the network's arithmetic, with its own weight format.

        Errors: InputError for a format that fixed point does not have.

        >>> from deltasim.networks.connections import AllToAll
        >>> narrow = Projection("a", "b", AllToAll(np.ones((1, 1, 1), np.int8)), weight_format=Q(1, 3))
        >>> narrow.arithmetic(FixedPoint()).weight_bits, narrow.arithmetic(FLOAT32).weight_bits
        (4, 32)
        """
        if self.weight_format is None or not isinstance(network, FixedPoint):
            return network
        try:
            return replace(network, weight=self.weight_format)
        except InputError as error:
            place = f"projection {self.name}: weight format"
            raise InputError(place, error.value, error.rule, error.remedy) from None


@dataclass(frozen=True, eq=False)
class Network:
    """Frozen graph of populations and projections; checked whole when it is made.

    Populations are kept in an order in which every delay-0 source precedes its target (a given order that
    does not is sorted, stably). A projection's index in ``projections`` is its number in a Trace, and its
    turn when a target integrates. ``outputs`` names the populations whose values, side by side, are the
    network's output.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 4, (8, 8), np.random.default_rng(0), theta_x=0.1, theta_h=0.2)
    >>> [p.name for p in network.populations], [p.name for p in network.projections]
    (['input', 'gru_0', 'gru_1'], ['input->gru_0', 'gru_0->gru_0', 'gru_0->gru_1', 'gru_1->gru_1'])
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    outputs: tuple[str, ...]
    arithmetic: Arithmetic = FLOAT32

    def __post_init__(self) -> None:
        from deltasim.networks.graph_rules import check, sorted_populations

        for field in ("populations", "projections", "outputs"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        check(self)
        object.__setattr__(self, "populations", sorted_populations(self))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {population.name: index for index, population in enumerate(self.populations)}

    def population(self, name: str) -> Population:
        """The population of this name."""
        return self.populations[self.index(name)]

    def index(self, name: str) -> int:
        """Its position in ``populations``."""
        if name not in self._places:
            known = nearest(name, self._places)
            raise InputError(f"network {self.name}", name, "there is no population of this name", known)
        return self._places[name]

    @property
    def passes(self) -> int:
        """Passes over a sequence: a sequence of T frames has ``passes * T`` steps."""
        return 1 + max(population.pass_number for population in self.populations)

    @property
    def inputs(self) -> tuple[Population, ...]:
        """The Input populations, whose channels side by side make a frame."""
        return tuple(population for population in self.populations if population.cell.kind == "input")

    @property
    def input_size(self) -> int:
        return sum(population.size for population in self.inputs)

    @property
    def output_size(self) -> int:
        return sum(self.population(name).size for name in self.outputs)

    @cached_property
    def order(self) -> tuple[tuple[int, ...], ...]:
        """For each pass, the indices of its populations in computing order (Inputs are not computed)."""
        computed = [(i, p) for i, p in enumerate(self.populations) if p.cell.kind != "input"]
        return tuple(
            tuple(i for i, p in computed if p.pass_number == pass_number)
            for pass_number in range(self.passes)
        )

    @cached_property
    def incoming(self) -> tuple[tuple[int, ...], ...]:
        """For each population, the indices of the projections into it, ascending."""
        targets = [self.index(projection.target) for projection in self.projections]
        places = range(len(self.populations))
        return tuple(tuple(i for i, target in enumerate(targets) if target == place) for place in places)

    @cached_property
    def resets_accumulators(self) -> tuple[bool, ...]:
        """For each population, whether its accumulators start from the bias anew at every step.

        Those of spiking cells do, and those that receive spikes: every projection into them sends its
        source's values as they are (events); any other projection sends differences (deltas), which add up.
        """
        spiking = [population.cell.spiking for population in self.populations]
        for projection in self.projections:
            if self.population(projection.source).cell.spiking:
                spiking[self.index(projection.target)] = True
        return tuple(spiking)

    def fed_accumulators(self, index: int) -> int:
        """How many accumulators of a population some projection feeds; the others are constants.

        >>> from deltasim.networks.builders.recurrent import random_stack
        >>> random_stack("gru", 4, (8,), np.random.default_rng(0)).fed_accumulators(1)
        4
        """
        cell = self.populations[index].cell
        return len({row for number in self.incoming[index] for row in self.projections[number].fed(cell)})

    def sends_events(self, projection: int) -> bool:
        """Whether the projection sends values as they are, without a memory of what it sent last."""
        return self.resets_accumulators[self.index(self.projections[projection].target)]

    @property
    def losses(self) -> tuple[Loss | None, ...]:
        """How each projection loses messages."""
        return tuple(projection.loss for projection in self.projections)

    def weight_bits(self, projection: int) -> int:
        """Bits of each weight of a projection."""
        return self.projections[projection].arithmetic(self.arithmetic).weight_bits

    @property
    def weight_words(self) -> int:
        """Weights stored, all projections together."""
        return sum(projection.connection.weight_words for projection in self.projections)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over everything that changes values: graph, cells, weights, thresholds, arithmetic.

        A cell, connection or arithmetic of one's own counts with what its code does."""
        digest = hashlib.sha256()
        description = {
            "arithmetic": [type(self.arithmetic).__name__, _fields(self.arithmetic)],
            "outputs": self.outputs,
            "populations": [
                [p.name, p.cell.kind, _fields(p.cell), p.pass_number, p.reverse] for p in self.populations
            ],
            "projections": [
                [p.source, p.target, _kind(p.connection), p.role, p.delay]
                + ([] if p.weight_format is None else [p.weight_format])
                + ([] if p.accumulators is None else [{"accumulators": p.accumulators}])
                + ([{"label": p.label}] if p.label else [])
                + ([] if p.loss is None else [{"loss": asdict(p.loss)}])
                + ([] if p.budget is None else [{"budget": p.budget.described}])
                for p in self.projections
            ],
        }
        digest.update(json.dumps(description, sort_keys=True).encode())
        for population in self.populations:
            if population.bias is not None:
                _absorb(digest, population.bias)
        for projection in self.projections:
            for part in projection.connection.content:
                _absorb(digest, part)
            _absorb(digest, projection.thresholds(self.arithmetic))
        return digest.hexdigest()

    def with_thresholds(self, theta: float | Mapping[str, float | Numbers]) -> Network:
        """The same network with other thresholds: one number for all, or by role or projection name.

        A projection's own name wins over its role; what is not named keeps its threshold.

        >>> from deltasim.networks.builders.recurrent import random_stack
        >>> network = random_stack("rnn", 4, (8,), np.random.default_rng(0))
        >>> changed = network.with_thresholds({"input": 0.1, "rnn_0->rnn_0": 0.3})
        >>> [projection.theta for projection in changed.projections]
        [0.1, 0.3]
        """
        if not isinstance(theta, Mapping):
            return replace(self, projections=tuple(replace(p, theta=theta) for p in self.projections))
        known = {"input", "recurrent", *(projection.name for projection in self.projections)}
        for name in theta:
            if name not in known:
                rule = "thresholds are given by role or by projection name"
                raise InputError(f"network {self.name}", name, rule, nearest(name, known))
        changed = (replace(p, theta=theta.get(p.name, theta.get(p.role, p.theta))) for p in self.projections)
        return replace(self, projections=tuple(changed))

    @property
    def dense(self) -> Network:
        """The same network sending every change: all thresholds 0, no budgets."""
        unbounded = (replace(p, theta=0.0, budget=None) for p in self.projections)
        return replace(self, projections=tuple(unbounded))

    def starting_accumulators(self, index: int) -> Numbers:
        """A fresh copy of what population ``index`` accumulates from, (accumulators, size)."""
        bias = self.populations[index].bias
        if bias is None:
            return np.zeros((0, self.populations[index].size), self.arithmetic.accumulator_dtype)
        return bias.astype(self.arithmetic.accumulator_dtype)

    def starting_states(self, index: int) -> Numbers:
        """Zeros, (states, size)."""
        population = self.populations[index]
        return np.zeros((len(population.cell.states), population.size), self.arithmetic.dtype)


def _fields(thing: Cell | Arithmetic) -> object:
    """What a cell or an arithmetic is beside its name: its fields, or, for one's own, all that it does."""
    if not is_ours(thing):
        return behaviour(thing)
    return thing.described if isinstance(thing, FixedPoint) else asdict(thing)


def _kind(connection: Connection) -> str:
    """The name of a connection's class; for one's own, with a digest over what it does."""
    own = "" if is_ours(connection) else f" {behaviour(type(connection))}"
    return type(connection).__name__ + own


def _absorb(digest: Any, array: ArrayLike) -> None:
    """Add an array's type, shape and content to a digest."""
    whole = np.ascontiguousarray(array)
    digest.update(f"{whole.dtype.str}{whole.shape}".encode())
    digest.update(whole.data)
