"""Replay a run on chips of which one thing is better, and rank what that gains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import NamedTuple

from deltasim.exploration.whatif.balance import balanced
from deltasim.exploration.whatif.changes import WIDER, Change, changes_of
from deltasim.exploration.whatif.faster import with_faster
from deltasim.networks.trace import Trace
from deltasim.runtime.errors import InputError, InputErrors
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import Mapping
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.simulate import run_plan

WORTH = 0.01
"""Of the run's time: what a pair of changes gains beyond both alone, to be told."""

TWICE = "at twice the price an access"


class Gain(NamedTuple):
    """What a change does to a run: its time and energy then; None where it cannot be made, as ``note`` says.

    ``shorter`` and ``saved`` are shares of the time and energy as they were; below 0 they grow.
    """

    change: Change
    elapsed_ps: int | None
    joules: float | None
    shorter: float | None
    saved: float | None
    note: str


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A run, and what each change would make of it; ``gains`` in order of the time they save."""

    elapsed_ps: int
    joules: float
    gains: tuple[Gain, ...]

    def gain(self, key: str) -> Gain:
        """The gain of one change, by its key ("mac.faster")."""
        return next(gain for gain in self.gains if gain.change.key == key)

    @property
    def possible(self) -> tuple[Gain, ...]:
        """Those that can be made, in order of the time they save."""
        return tuple(gain for gain in self.gains if gain.shorter is not None)

    @property
    def by_energy(self) -> tuple[Gain, ...]:
        """Those that can be made, in order of the energy they save."""
        return tuple(sorted(self.possible, key=lambda gain: -(gain.saved or 0.0)))

    @property
    def first(self) -> Gain:
        """The unit of which 10 % more speed shortens the run most."""
        return next(gain for gain in self.possible if gain.change.key.endswith(".faster"))


Place = Callable[[Chip], Mapping]


def what_if(
    plan: Plan,
    trace: Trace,
    ledger: Ledger,
    place: Place,
    progress: Callable[[int, int], None] | None = None,
    jobs: int | None = 1,
) -> WhatIf:
    """Replay ``trace`` with each of `changes_of`; ``plan`` and ``ledger`` are those of the chip as it is.

    A unit that is faster takes 1/1.1 of the time for each of its services, at the same prices. A chip with
    other fields is described, placed by ``place``, compiled and priced anew. Where two units wait for
    each other, both twice as wide are one change more.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> from deltasim.simulator.simulate import run_plan
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> place = lambda other: map_network(network, other)
    >>> plan, trace = compile_plan(network, chip, place(chip)), dense_trace(network, [3])
    >>> found = what_if(plan, trace, run_plan(plan, trace), place)
    >>> found.first.change.part, round(found.gain("mac.faster").shorter, 3)
    ('bus', 0.0)
    """
    changes = changes_of(plan.chip, plan.mapping)
    joules = price(ledger, plan.chip, plan.network).total_j
    found: list[Gain] = []
    total = len(changes) + comb(sum(change.what == WIDER for change in changes), 2)

    def ask(change: Change) -> None:
        found.append(gain_of(change, plan, trace, ledger.elapsed_ps, joules, place, jobs))
        if progress:
            progress(min(len(found), total - 1), total)

    for change in changes:
        ask(change)
    for pair in pairs(found):
        ask(pair)
        if not helps_together(found):
            found.pop()
    if progress:
        progress(total, total)
    found.sort(key=lambda gain: -2.0 if gain.shorter is None else -gain.shorter)
    made = [gain for gain in found if gain.shorter is not None]
    refused = [gain for gain in found if gain.shorter is None]
    return WhatIf(ledger.elapsed_ps, joules, (*made, *refused))


def pairs(found: Sequence[Gain]) -> list[Change]:
    """Each two units, both twice as wide: one may wait for the other, and neither gain anything alone."""
    wider = [gain.change for gain in found if gain.change.what == WIDER]
    return [
        Change(
            f"{one.key}+{other.key}",
            f"{one.part} and {other.part}",
            "both twice as wide",
            (*one.units, *other.units),
            fields={**one.fields, **other.fields},
        )
        for one, other in combinations(wider, 2)
    ]


def helps_together(found: Sequence[Gain]) -> bool:
    """Whether the pair asked last gains more than its two changes one by one, by a hundredth of the time."""
    pair = found[-1]
    each = [gain.shorter or 0.0 for gain in found[:-1] if gain.change.key in pair.change.key.split("+")]
    return pair.shorter is not None and pair.shorter > sum(each) + WORTH


def gain_of(
    change: Change, plan: Plan, trace: Trace, elapsed_ps: int, joules: float, place: Place, jobs: int | None
) -> Gain:
    """One change, replayed."""
    note = ""
    try:
        if change.fields:
            chip, note = changed(plan.chip, change)
            plan = compile_plan(plan.network, chip, place(chip))
        elif change.units:  # faster
            for kind in change.units:
                plan = with_faster(plan, kind, change.factor)
        else:
            words = plan.columns.words[plan.columns.of(trace.messages)].sum()
            trace = balanced(plan, trace)
            other = plan.columns.words[plan.columns.of(trace.messages)].sum()
            if other != words:
                note = f"with {float(other / words - 1):+.1%} multiply-accumulates"
        ledger = run_plan(plan, trace, jobs=jobs)
    except InputError as error:
        first = error.errors[0] if isinstance(error, InputErrors) else error
        return Gain(change, None, None, None, None, f"not on this chip: {first.rule}")
    then = price(ledger, plan.chip, plan.network).total_j
    return Gain(
        change,
        ledger.elapsed_ps,
        then,
        1 - ledger.elapsed_ps / elapsed_ps if elapsed_ps else 0.0,
        1 - then / joules if joules else 0.0,
        note,
    )


def changed(chip: Chip, change: Change) -> tuple[Chip, str]:
    """The chip with other fields, and what has to be said of its prices. Errors: InputError.

    Where a width is doubled and no model prices an access that is so wide, it costs twice as much, and what
    leaks twice as well.
    """
    try:
        return chip.changed(change.fields), ""
    except InputError as error:
        refused = error.errors if isinstance(error, InputErrors) else (error,)
        actions = [one.place.rpartition("prices.")[2] for one in refused if "prices." in one.place]
        if len(actions) < len(refused) or not all(action in chip.prices for action in actions):
            raise
    static = {action.name for action in chip_actions(chip) if action.static}
    prices = {
        f"prices.{name}.{'power' if name in static else 'energy'}": 2 * chip.priced[name].value
        for name in actions
    }
    stated = {name: f"{value} {'W' if name.endswith('.power') else 'J'}" for name, value in prices.items()}
    return chip.changed({**change.fields, **stated}), TWICE
