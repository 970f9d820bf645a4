"""Run sequences on the compiled engine and turn its records into ledgers."""

from __future__ import annotations

import numpy as np

from networks.trace import Trace
from simulator.compiled_engine.kernel import run_to_end
from simulator.compiled_engine.records import State
from simulator.compiled_engine.state import state_at_rest
from simulator.compiled_engine.tables import tables_of
from simulator.laws import LawBroken, Tally, check
from simulator.ledger import Ledger
from simulator.plan import Plan
from simulator.static import elapsed, preset


class CompiledEngine:
    """A plan made ready for the kernels; runs any number of sequences."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tables, self.start = tables_of(plan)
        self.room = 1024  # jobs alive at once; grows to what a run needed

    def run_sequence(self, trace: Trace) -> Ledger:
        """Simulate the one sequence of ``trace`` from a chip at rest. Raises LawBroken."""
        while True:
            state = state_at_rest(self.plan, self.start, trace, self.room)
            if run_to_end(state, self.tables):
                return self._ledger(state)
            self.room *= 4

    def _ledger(self, state: State) -> Ledger:
        plan, run, units = self.plan, state.run[0], state.units
        elapsed_ps = int(state.steps["ended"].max())
        for population, record in enumerate(state.populations):
            last = (int(plan.sweep[population]) + 1) * int(run["frames"]) - 1
            if plan.into[population] and record["finished"] != last:
                raise LawBroken(f"population {plan.layers[population]} never finished: the chip stands still")
        counts, layer_counts = state.counts[: len(plan.units)], state.counts[len(plan.units) :]
        late = np.flatnonzero(units["covered"] > elapsed_ps)
        if late.size:
            raise LawBroken(f"{plan.units[late[0]].name}: still at work when the run had ended")
        for entry in (*preset(plan), *elapsed(plan, list(state.channels), elapsed_ps)):
            column = plan.actions.index(entry.action)
            counts[entry.unit, column] += entry.amount
            layer_counts[entry.layer, column] += entry.amount
        ledger = Ledger(
            plan.units,
            plan.actions,
            plan.layers,
            counts,
            layer_counts,
            units["busy"].copy(),
            units["occupied"] - units["busy"],
            units["idle"] + elapsed_ps - units["covered"],
            units["wait"].copy(),
            units["area"].copy(),
            units["peak"].copy(),
            step_latency_ps=state.steps["ended"] - state.steps["began"],
            sequence_latency_ps=np.array([elapsed_ps], np.int64),
        )
        check(ledger, Tally(*(int(run[field]) for field in Tally._fields)))
        return ledger
