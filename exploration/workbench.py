"""What is done for one point, in whatever process: make its chip, place its network, count, bound."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from deltasim.exploration.bounds.bound import Bound, bound
from deltasim.exploration.bounds.times import least_times_ps
from deltasim.exploration.bounds.work import Work
from deltasim.exploration.front import Reals
from deltasim.exploration.pricing import Form, PriceTable, form_of, price_table
from deltasim.exploration.racing.order import race_order
from deltasim.exploration.racing.race import Race, Raced, summed, until_dominated
from deltasim.exploration.space.space import Setting
from deltasim.exploration.subjects import Computed, Subjects
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError, InputErrors
from deltasim.simulator.chip.area import idle_power, known_mm2, unknown_parts
from deltasim.simulator.chip.paths import value_at
from deltasim.simulator.ledger.arithmetic_prices import MAC
from deltasim.simulator.ledger.laws import LawBroken
from deltasim.simulator.ledger.ledger import Ledger, joined
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import in_order, run_sequences

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.mapping.mapping import Mapping as Placement
    from deltasim.simulator.plan.plan import Plan
    from deltasim.workloads.benchmark import Benchmark

PRICED_BY = ("name", "about", "status", "sources", "node", "prices")
"""Fields of a chip that change what counts cost, and no count."""

Place = Callable[["Benchmark", "Network", "Chip"], "tuple[Placement, str | None]"]


class BenchMaker(Protocol):
    """What a process has to know once, to make the bench whose methods are what it does."""

    def bench(self) -> Any: ...


class Setup(NamedTuple):
    """What a process has to know once: how the benchmark is found, the base chips, and what is handed in.

    ``place`` puts a network on a chip; ``limits`` says in a sentence what limits a run.
    """

    load: Callable[[str | None], Benchmark]
    chips: dict[str, Chip]
    place: Place
    limits: Callable[[Ledger], str]

    def bench(self) -> Workbench:
        """The bench of a study."""
        return Workbench(self)


class Prepared(NamedTuple):
    """What is known of a point before it is simulated. ``evaluation`` names its counts by what decides them.

    ``area_mm2`` is that of the parts whose area is known, ``unknown`` the others; ``off_chip_bytes`` are
    weights that lie in a DRAM; ``bound`` is what no simulation goes below, where it was asked for.
    """

    evaluation: str
    table: PriceTable
    area_mm2: float | None
    unknown: list[str]
    off_chip_bytes: int
    score: float | None
    sequences: int
    bound: Bound | None


class Failed(NamedTuple):
    """Why a point is no chip, or holds no network."""

    reason: str


class Evaluation(NamedTuple):
    """What was counted of all sequences: totals, picoseconds, and both for each sequence.

    ``counts`` are those of the form, ``latencies_ps`` and ``each`` one entry for each sequence, in order.
    """

    form: Form
    counts: tuple[int, ...]
    latencies_ps: tuple[int, ...]
    each: tuple[tuple[int, ...], ...]
    limits: str

    @property
    def elapsed_ps(self) -> int:
        return sum(self.latencies_ps)


@dataclass
class Workbench:
    """Makes and simulates points; holds the traces it used last."""

    setup: Setup
    subjects: Subjects = field(init=False)

    def __post_init__(self) -> None:
        self.subjects = Subjects(self.setup.load)

    def made(self, setting: Setting) -> tuple[Chip, Computed, Placement]:
        """The chip, the messages and the mapping of a point. Errors: InputError."""
        computed = self.subjects.computed(setting.subject)
        chip = chip_of(self.setup.chips, setting)
        mapping, _ = self.setup.place(computed.benchmark, computed.network, chip)
        return chip, computed, mapping

    def prepare(self, setting: Setting, bounded: bool) -> Prepared | Failed:
        """What is known of a point without simulating it, or why it is none."""
        try:
            chip, computed, mapping = self.made(setting)
            plan = compile_plan(computed.network, chip, mapping)
            table = price_table(chip, computed.network, plan.layers)
            watts = {name: price.value for name, price in chip.priced.items()}
            least = bound(plan, computed.trace, table.form.names, watts) if bounded else None
        except InputError as error:
            return Failed(reason(error))
        lines = idle_power(chip)
        off_chip = {memory.name for memory in chip.memories if memory.off_chip}
        return Prepared(
            evaluation_digest(chip, computed, mapping),
            table,
            known_mm2(lines),
            list(unknown_parts(lines)),
            sum(block.bytes for block in mapping.blocks if block.memory in off_chip),
            computed.score,
            computed.trace.sequences,
            least,
        )

    def evaluate(self, setting: Setting, race: Race | None) -> Evaluation | Raced | Failed:
        """Count what the sequences cost at a point; in a race, until it is dominated with confidence."""
        try:
            chip, computed, mapping = self.made(setting)
            plan = compile_plan(computed.network, chip, mapping)
            if race is None:
                ledgers = run_sequences(plan, computed.trace)
            else:
                found = raced(plan, computed, race)
                if isinstance(found, Raced):
                    return found
                ledgers = found
        except InputError as error:
            return Failed(reason(error))
        except LawBroken as error:
            return Failed(f"the simulation contradicts itself: {error}")
        return counted(plan, ledgers, self.setup.limits)


def chip_of(chips: Mapping[str, Chip], setting: Setting) -> Chip:
    """The chip of a point. Errors: InputError for what is no chip."""
    base = chips[setting.chip]
    fields = dict(setting.fields)
    if None in fields.values():  # which takes away what is there
        content = base.content()
        fields = {
            name: value
            for name, value in fields.items()
            if value is not None or value_at(content, name) is not None
        }
    return base.changed(fields) if fields else base


def counted(plan: Plan, ledgers: Sequence[Ledger], limits: Callable[[Ledger], str]) -> Evaluation:
    """What the ledgers of all sequences come to."""
    form = form_of(plan.chip, plan.layers)
    each = {id(ledger): row_of(ledger, form) for ledger in ledgers}
    rows = tuple(each[id(ledger)] for ledger in ledgers)
    return Evaluation(
        form, summed(rows), tuple(ledger.elapsed_ps for ledger in ledgers), rows, limits(joined(ledgers))
    )


def raced(plan: Plan, computed: Computed, race: Race) -> Raced | list[Ledger]:
    """Simulate sequence by sequence until the point is dominated with confidence; all ledgers otherwise."""
    order = order_for(computed, race)
    table = price_table(plan.chip, computed.network, plan.layers)
    ledgers: list[Ledger] = []

    def rows() -> Iterator[tuple[tuple[int, ...], int]]:
        for ledger in running:
            ledgers.append(ledger)
            yield row_of(ledger, table.form), ledger.elapsed_ps

    with contextlib.closing(in_order(plan, computed.trace, order.tolist())) as running:
        dropped = until_dominated(race, order, least_costs(plan, computed, race), table, rows())
    return dropped or [ledgers[place] for place in np.argsort(order).tolist()]


def order_for(computed: Computed, race: Race) -> Integers:
    """The order in which a race takes the sequences."""
    lengths = np.array([len(one) for one in computed.benchmark.sequences], np.int64)
    return race_order(lengths, computed.benchmark.classes, race.seed)


def least_costs(plan: Plan, computed: Computed, race: Race) -> Reals:
    """What every sequence costs at least: its time, by its bound, and otherwise 0. (figures, sequences)."""
    found = np.zeros((len(race.names), computed.trace.sequences))
    if race.bounded and "latency" in race.names:
        found[race.names.index("latency")] = least_times_ps(Work(plan, computed.trace)) * 1e-12
    return found


def row_of(ledger: Ledger, form: Form) -> tuple[int, ...]:
    """The counts of a ledger in the order of a form."""
    totals = [ledger.total(name) for name in form.names[: len(ledger.actions)]]
    macs = ledger.layer_counts[:, ledger.actions.index(MAC)].tolist() if MAC in ledger.actions else []
    return (*totals, *macs)


def evaluation_digest(chip: Chip, computed: Computed, mapping: Placement) -> str:
    """The name of a point's counts: sha256 over all they follow from, and nothing that only prices do."""
    content: dict[str, Any] = {name: value for name, value in chip.content().items() if name not in PRICED_BY}
    content["cores"] = {name: value for name, value in content["cores"].items() if name != "arithmetic"}
    held = (
        json.dumps(content, sort_keys=True),
        computed.digest,
        mapping.digest,
        importlib.metadata.version("deltasim"),
    )
    return hashlib.sha256("\n".join(held).encode()).hexdigest()


def reason(error: InputError) -> str:
    """Why a point is none, in a sentence; of several, the first."""
    return str(error.errors[0] if isinstance(error, InputErrors) else error)


_benches: dict[str, Any] = {}


def task(study: str, setup: BenchMaker, name: str, arguments: tuple[Any, ...]) -> Any:
    """In a worker: do one thing on the bench of a study, which is made when the first task of it comes."""
    return getattr(bench_of(study, setup), name)(*arguments)


def bench_of(study: str, setup: BenchMaker) -> Any:
    """In a worker: the bench of a study."""
    if study not in _benches:
        _benches.clear()
        _benches[study] = setup.bench()
    return _benches[study]
