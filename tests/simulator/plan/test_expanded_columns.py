"""A plan's numbers for trees and sizes say the same as its segments and branches laid out one by one."""

from __future__ import annotations

from hypothesis import given, settings

from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.weight_columns import flags_of
from tests.simulator.strategies import Case, cases


@settings(max_examples=60)
@given(cases())
def test_numbers_and_copies_agree(case: Case) -> None:
    plan = compile_plan(case.network, case.chip, case.mapping)
    columns, trees, multicast = plan.columns, plan.trees, multicast_trees_of(plan)
    senders, segments = column_segments_of(plan)
    wanted = flags_of(trees.wanted, plan.cores)
    assert (multicast.trees["links"] == trees.links).all()
    assert (senders["segments_end"] - senders["segments"] == wanted[columns.tree].sum(axis=1)).all()
    for projection, first in enumerate(columns.offset[:-1].tolist()):
        target = int(plan.target[projection])
        partition_on = {partition.core: n for n, partition in enumerate(plan.partitions[target])}
        for column in range(first, int(columns.offset[projection + 1])):
            own = segments[senders["segments"][column] : senders["segments_end"][column]]
            cores = own["core"].tolist()
            assert cores == wanted[columns.tree[column]].nonzero()[0].tolist()
            assert int(trees.source[columns.tree[column]]) == senders["core"][column]
            assert int(columns.words[column]) == own["words"].sum()
            row = int(columns.row[projection]) + int(columns.stride[projection]) * (column - first)
            kinds = [
                int(columns.size[columns.first[target] + partition_on[core] * columns.rows[target] + row])
                for core in cores
            ]
            assert columns.size_words[kinds].tolist() == own["words"].tolist()
            assert columns.size_bytes[kinds].tolist() == own["bytes"].tolist()
