"""Run sequences on the compiled engine and turn its records into ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.runtime.views import directory
from deltasim.simulator.engines.compiled.events.beginnings import TooManyJobs, beginnings, run_beginnings
from deltasim.simulator.engines.compiled.events.loop import run_to_end
from deltasim.simulator.engines.compiled.phases.arrival_lists import empty_arrivals
from deltasim.simulator.engines.compiled.phases.eligible import PhasePlan, phase_plan
from deltasim.simulator.engines.compiled.phases.loop import phases
from deltasim.simulator.engines.compiled.phases.stages import stage_addresses
from deltasim.simulator.engines.compiled.records import LOW_BITS, State, Tables
from deltasim.simulator.engines.compiled.state import state_at_rest
from deltasim.simulator.engines.compiled.tables import Start, tables_of
from deltasim.simulator.ledger.background import Amount, dram_background, with_constant
from deltasim.simulator.ledger.bandwidth import by_memory, shared_memories
from deltasim.simulator.ledger.exact import Counts, entered, wide
from deltasim.simulator.ledger.laws import LawBroken, Tally, check
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import Records


class Ready(NamedTuple):
    """What the kernels read of a plan; ``forward`` where it runs in phases."""

    tables: Tables
    seen: Integers  # the directory of the tables
    start: Start
    forward: PhasePlan | None


@memoised
def made_ready(plan: Plan) -> Ready:
    """A plan made ready in the quickest way that it allows."""
    forward = phase_plan(plan)
    return ready_for(plan, forward) if forward else made_ready_for_events(plan)


@memoised
def made_ready_for_events(plan: Plan) -> Ready:
    """A plan made ready to run with events, which every one can."""
    return ready_for(plan, None)


def ready_for(plan: Plan, forward: PhasePlan | None) -> Ready:
    """A plan's tables for a run in phases, or with events."""
    tables, start = tables_of(plan, forward)
    return Ready(tables, directory(tables), start, forward)


SLICE = 1 << 22
"""After so many keys, some milliseconds, a run in phases comes back to Python, which handles Ctrl-C then."""

LONGEST = 1 << 26
"""A phase with more keys may take longer than somebody waits who has pressed Ctrl-C."""

CAPACITY: WeakKeyDictionary[Plan, tuple[int, int]] = WeakKeyDictionary()
"""Keys and messages that runs in phases had room for, of plans that have run so to the end."""


class EngineStopped(RuntimeError):
    """The engine was stopped before this sequence had ended."""


class CompiledEngine:
    """A plan made ready for the kernels; runs any number of sequences, several at once in threads."""

    def __init__(self, plan: Plan, ready: Ready | None = None) -> None:
        self.plan, self.ready = plan, ready or made_ready(plan)
        # jobs alive at once, or keys of a phase and messages of a step; both grow as needed
        self.capacity, self.messages = CAPACITY.get(plan, (max(1024, 64 * plan.cores), 256))
        self.stopped = False
        self.under_way: list[State] = []

    @property
    def interruptible(self) -> bool:
        """Whether Ctrl-C stops it while it runs: not in kernels that run to the end, nor while compiling.

        A plan that has run in phases before is compiled, and how long its phases are is known.
        """
        return self.ready.forward is not None and CAPACITY.get(self.plan, (LONGEST, 0))[0] < LONGEST

    def run_sequence(self, trace: Trace) -> Ledger:
        """Simulate the one sequence of ``trace`` from a chip at rest. Raises LawBroken, EngineStopped."""
        ready = self.ready
        while True:
            capacity = self.capacity
            state = state_at_rest(self.plan, ready.start, trace, 0 if ready.forward else capacity)
            with self._watched(state):
                ended = self._in_phases(state, ready) if ready.forward else run_to_end(state, ready.seen)
            if ended:
                if ready.forward:
                    CAPACITY[self.plan] = self.capacity, self.messages
                return self._ledger(state)
            if ready.forward:
                ready = made_ready_for_events(self.plan)
            else:
                self.capacity = max(self.capacity, 4 * capacity)

    def run_noted(self, trace: Trace) -> tuple[Ledger, Records]:
        """The same with events, and what was noted on the way (`records.NOTE`), in order of time."""
        ready, notes = made_ready_for_events(self.plan), 1 << 14
        while True:
            state = state_at_rest(self.plan, ready.start, trace, self.capacity, notes)
            if run_to_end(state, ready.seen):
                return self._ledger(state), state.notes[: int(state.run["notes"][0])]
            if int(state.run["notes"][0]) == notes:
                notes *= 4
            else:
                self.capacity *= 4

    def beginnings(self, trace: Trace, chosen: Sequence[int]) -> list[int]:
        """Those of some sequences that `run_beginnings` is for: with events, and in one pass."""
        plan = self.plan
        alike = self.ready.forward is None and plan.network.passes == 1 and not plan.stages.tells_rest
        return beginnings(trace, chosen) if alike else []

    def run_beginnings(self, trace: Trace, indices: Sequence[int]) -> dict[int, Ledger]:
        """Simulate the last of some sequences, and with it those that it begins with (`beginnings`).

        Those that cannot be had so are left out. Raises LawBroken, EngineStopped.
        """
        ready, longest = self.ready, trace.sequence(indices[-1])
        frames, found = np.diff(trace.sequence_bounds), dict[int, Ledger]()
        while True:
            capacity, left = self.capacity, [index for index in indices if index not in found]
            state, lengths = state_at_rest(self.plan, ready.start, longest, capacity), frames[left].tolist()
            states = run_beginnings(state, ready.tables, ready.seen, lengths, self._watched)
            try:
                for index, ended in zip(left, states, strict=False):
                    found[index] = self._ledger(ended)
            except TooManyJobs:
                self.capacity = max(self.capacity, 4 * capacity)
                continue
            return found

    @contextmanager
    def _watched(self, state: State) -> Iterator[None]:
        """While it runs, `stop` ends it."""
        self.under_way.append(state)
        try:
            if self.stopped:  # asked only now: whoever stops finds the state, or is found here
                raise EngineStopped
            yield
            if self.stopped:
                raise EngineStopped
        finally:
            self.under_way = [other for other in self.under_way if other is not state]

    def _in_phases(self, state: State, ready: Ready) -> bool:
        """Run phase by phase, with more room from any phase on that needs it.

        False when stopped, or where a phase is so long that its times do not fit into keys.
        """
        run = state.run
        assert ready.forward is not None
        stages, known = stage_addresses(ready.forward), directory(state)
        while True:
            capacity, messages = self.capacity, self.messages
            arrivals = empty_arrivals(ready.tables, ready.forward, stages, capacity, messages)
            own = directory(arrivals)
            while run["needed"][0] <= capacity and run["messages"][0] <= messages:
                run["left"] = SLICE
                if phases(known, ready.seen, own):
                    return True
                if run["overflow"][0]:
                    return False
            self.capacity = max(capacity, 2 * int(run["needed"][0]))
            self.messages = max(messages, 2 * int(run["messages"][0]))

    def stop(self) -> None:
        """End all sequences under way at their next tick, as if there were no room left."""
        self.stopped = True
        for state in list(self.under_way):
            state.run["overflow"] = 1

    def _ledger(self, state: State) -> Ledger:
        plan, run, units = self.plan, state.run[0], state.units[: len(self.plan.units)]
        elapsed_ps = int(state.steps["ended"].max())
        for population, record in enumerate(state.populations):
            last = (int(plan.pass_number[population]) + 1) * int(run["frames"]) - 1
            if plan.into[population] and record["finished"] != last:
                raise LawBroken(f"population {plan.layers[population]} never finished: the chip deadlocks")
        late = np.flatnonzero(units["recorded_until"] > elapsed_ps)
        if late.size:
            raise LawBroken(f"{plan.units[late[0]].name}: still at work when the run had ended")
        drams = dram_background(plan, self._drams(state), elapsed_ps)
        counts, layer_counts = self._with_background(state.counts, drams, elapsed_ps)
        ledger = Ledger(
            plan.units,
            plan.actions,
            plan.layers,
            counts,
            layer_counts,
            units["busy"].copy(),
            units["occupied"] - units["busy"],
            units["idle"] + elapsed_ps - units["recorded_until"],
            wide(units["wait_high"], units["wait"], LOW_BITS),
            wide(units["area_high"], units["area"], LOW_BITS),
            units["peak"].copy(),
            step_latency_ps=state.steps["ended"] - state.steps["began"],
            sequence_latency_ps=np.array([elapsed_ps], np.int64),
            memories=shared_memories(plan.memories),
            traffic=by_memory(plan.memories, state.timelines),
        )
        seen = {field: int(run[field]) for field in Tally._fields if field != "credits_missing"}
        check(ledger, Tally(**seen, credits_missing=self._credits_missing(state)))
        return ledger

    def _with_background(
        self, counted: Counts, drams: Iterable[Amount], elapsed_ps: int
    ) -> tuple[Counts, Counts]:
        """Counts by unit and by layer, with what no message causes."""
        plan = self.plan
        table = with_constant(counted, plan, elapsed_ps)
        units, number = len(plan.units), plan.actions.index
        places = [(one.unit, one.layer, number(one.action), one.amount) for one in drams]
        return (
            entered(table[:units], ((unit, column, amount) for unit, _, column, amount in places)),
            entered(table[units:], ((layer, column, amount) for _, layer, column, amount in places)),
        )

    def _drams(self, state: State) -> dict[int, Integers]:
        """The state of every shared memory's rule, by memory."""
        return dict(zip(np.flatnonzero(self.plan.memories.shared).tolist(), state.channels, strict=True))

    def _credits_missing(self, state: State) -> int:
        """Credits that are neither returned nor about to be."""
        limits = self.plan.buffers
        flits = len(state.credits) * limits.flits if limits else 0
        return int(flits - state.credits.sum() - state.buffers["leaving"].sum())
