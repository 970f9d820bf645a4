"""Run one sequence on the compiled engine and turn its arrays into a ledger."""

from __future__ import annotations

import numpy as np

from networks.trace import Trace
from simulator.compiled_engine.kernel import run
from simulator.compiled_engine.state import (
    AREA,
    BUSY,
    COLUMN_WORDS,
    COPIES,
    COVERED,
    DELIVERED,
    IDLE,
    INJECTED,
    OCCUPIED,
    PEAK,
    TRAVERSED,
    TREE_LINKS,
    WAIT,
    State,
    state_at_rest,
)
from simulator.compiled_engine.tables import Tables, tables_of
from simulator.laws import LawBroken, Tally, check
from simulator.ledger import Ledger
from simulator.plan import Plan
from simulator.static import elapsed, preset


class CompiledEngine:
    """A plan made ready for the kernels; runs any number of sequences."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tables: Tables = tables_of(plan)
        self.room = 1024

    def run_sequence(self, trace: Trace) -> Ledger:
        """Simulate one sequence from a chip at rest; raises LawBroken when the run contradicts itself."""
        plan, messages = self.plan, trace.messages
        columns = plan.columns.offset[messages["projection"]] + messages["source"]
        layers = plan.target[messages["projection"]]
        while True:
            state = state_at_rest(plan, self.tables, columns, layers, trace.step_bounds, self.room)
            if run(state, self.tables):
                break
            self.room *= 4
        return self.ledger(state)

    def ledger(self, state: State) -> Ledger:
        plan = self.plan
        elapsed_ps = int(state.ended.max())
        for population, finished in enumerate(state.finished.tolist()):
            if plan.into[population] and finished + 1 != (int(plan.sweep[population]) + 1) * self.frames(state):
                raise LawBroken(f"population {plan.layers[population]} never finished: the chip stands still")
        for unit, layer, action, amount in (*preset(plan), *elapsed(plan, list(state.channels), elapsed_ps)):
            column = plan.actions.index(action)
            state.counts[unit, column] += amount
            state.layer_counts[layer, column] += amount
        units = state.units
        serving = len(plan.units) - plan.cores - 1
        idle = units[:, IDLE] + elapsed_ps - units[:, COVERED]
        late = np.flatnonzero(units[:serving, COVERED] > elapsed_ps)
        if late.size:
            raise LawBroken(f"{plan.units[late[0]].name}: still at work when the run had ended")
        ledger = Ledger(
            plan.units,
            plan.actions,
            plan.layers,
            state.counts,
            state.layer_counts,
            units[:, BUSY].copy(),
            units[:, OCCUPIED] - units[:, BUSY],
            idle,
            units[:, WAIT].copy(),
            units[:, AREA].copy(),
            units[:, PEAK].copy(),
            step_latency_ps=state.ended - state.began,
            sequence_latency_ps=np.array([elapsed_ps], np.int64),
        )
        scalars = state.scalars
        tally = (INJECTED, COPIES, DELIVERED, TREE_LINKS, TRAVERSED, COLUMN_WORDS)
        check(ledger, Tally(*(int(scalars[place]) for place in tally)))
        return ledger

    def frames(self, state: State) -> int:
        return (len(state.step_bounds) - 1) // len(self.plan.order)
