"""What plans share is what each would have made alone, whatever chips came before."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.phases.routes import route_graph_of
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.memo import SHARED, memoised_by
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.weight_columns import compile_columns

MESH = load_chip("mesh16")
NETWORKS = [
    random_stack("gru", 5, (width,), np.random.default_rng(width), arithmetic=FixedPoint())
    for width in (6, 40)
]
CHIPS = st.fixed_dictionaries(
    {
        "network.topology": st.sampled_from(["mesh:4x4", "mesh:2x8", "torus:4x4", "ring:16"]),
        "network.link_width": st.sampled_from(["16 bit", "32 bit", "64 bit"]),
        "network.message_bits": st.sampled_from([32, 48]),
        "network.hop_cycles": st.sampled_from([1, 2]),
        "cores.mac.lanes": st.sampled_from([1, 4]),
        "memories.0.size": st.sampled_from(["12 KiB", "64 KiB"]),
    }
)


def same(one: Any, other: Any) -> bool:
    """Whether two results hold the same arrays, of the same types."""
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype and np.array_equal(one, other))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return bool(one == other)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NETWORKS), CHIPS), min_size=2, max_size=6))
def test_a_plan_among_others_is_the_plan_alone(asked: list[tuple[Any, dict[str, object]]]) -> None:
    for network, changes in asked:
        chip = MESH.changed(changes)
        plan = compile_plan(network, chip, map_network(network, chip))
        alone = compile_columns.__wrapped__(network, plan.mapping, chip.topology, False)  # type: ignore[attr-defined]
        assert same((plan.columns, plan.trees), alone)
        for memoised in (route_graph_of, multicast_trees_of):
            assert same(memoised(plan), memoised.__wrapped__(plan))  # type: ignore[attr-defined]


def test_the_oldest_goes_first() -> None:
    made: list[int] = []

    @memoised_by(lambda number: number)
    def squared(number: int) -> int:
        made.append(number)
        return number**2

    for number in (*range(SHARED), 0, SHARED, 0, 1):  # 0 is asked for again before SHARED takes 1's place
        assert squared(number) == number**2
    assert made == [*range(SHARED), SHARED, 1]


def test_what_is_nothing_is_memoised_too() -> None:
    made: list[int] = []

    @memoised_by(lambda number: number)
    def nothing(number: int) -> None:
        made.append(number)

    nothing(1)
    nothing(1)
    assert made == [1]
