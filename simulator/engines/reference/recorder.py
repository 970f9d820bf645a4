"""Counting while a sequence runs: every count is entered by unit and by layer, then finalised as a ledger."""

from __future__ import annotations

import numpy as np

from deltasim.simulator.engines.reference.server import Server
from deltasim.simulator.ledger.bandwidth import by_memory, shared_memories
from deltasim.simulator.ledger.exact import whole_numbers
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.timeline import empty_timelines, enter
from deltasim.simulator.plan.plan import Plan

SHARED = -1  # what no layer alone caused


class Statistics:
    """Counts of one sequence, and the integrals that the laws compare them with."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.number = {action: index for index, action in enumerate(plan.actions)}
        self.by_unit = [[0] * len(plan.actions) for _ in plan.units]
        self.by_layer = [[0] * len(plan.actions) for _ in plan.layers]
        self.injected = self.delivered = self.lost = 0
        self.expected_deliveries = self.expected_traversals = self.expected_words = 0
        self.message_traversals = self.missed_bytes = 0
        self.timelines, self.timeline = (
            empty_timelines(int(plan.memories.shared.sum())),
            plan.memories.records["shared"].tolist(),
        )

    def count(self, unit: int, action: str, amount: int, layer: int = SHARED) -> None:
        """Enter ``amount`` of an action; ``layer`` is a population number or ``SHARED`` (the last layer)."""
        self.enter(unit, self.number[action], amount, layer)

    def enter(self, unit: int, number: int, amount: int, layer: int) -> None:
        """The same of an action by its number, as the records of a plan have it."""
        self.by_unit[unit][number] += amount
        self.by_layer[layer][number] += amount

    def moved(self, memory: int, first_ps: int, last_ps: int, size: int) -> None:
        """Enter bytes of a shared memory that flowed between two times."""
        enter(self.timelines[self.timeline[memory]], first_ps, last_ps, size)

    def finalise(self, units: list[Server], step_latency_ps: list[int], elapsed_ps: int) -> Ledger:
        """The ledger of the sequence; units of the plan without a SimPy resource are idle throughout."""
        times = [(0, 0, elapsed_ps, 0, 0, 0) for _ in self.plan.units]
        for index, unit in enumerate(units):
            unit.finalise(elapsed_ps)
            times[index] = (
                unit.busy_ps,
                unit.occupied_ps - unit.busy_ps,
                unit.idle_ps,
                unit.queue_wait_ps,
                unit.queue_area_ps,
                unit.queue_peak,
            )
        busy, stalled, idle, waits, areas, peaks = map(whole_numbers, zip(*times, strict=True))
        return Ledger(
            self.plan.units,
            self.plan.actions,
            self.plan.layers,
            whole_numbers(self.by_unit),
            whole_numbers(self.by_layer),
            busy,
            stalled,
            idle,
            waits,
            areas,
            peaks,
            step_latency_ps=np.array(step_latency_ps, np.int64),
            sequence_latency_ps=np.array([elapsed_ps], np.int64),
            memories=shared_memories(self.plan.memories),
            traffic=by_memory(self.plan.memories, self.timelines),
        )
