"""The trees of a plan, link by link."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.chip.virtual_channels import RINGS, dateline_class_after
from deltasim.simulator.plan.memo import memoised_by
from deltasim.simulator.plan.plan import ABSENT, Plan
from deltasim.simulator.plan.records import ENTRY, TREE, Records, offsets_of, records
from deltasim.simulator.plan.weight_columns import flags_of
from deltasim.simulator.topology import Topology


class MulticastTrees(NamedTuple):
    """Every tree with its entries, as `deltasim.simulator.plan.records` says.

    Where a message has a copy for each core, a tree is a path for each of its cores but the source, one after
    another by core.
    """

    trees: Records
    entries: Records
    lists: Integers

    @property
    def roots(self) -> Integers:
        """The entries that a message takes at once, of all trees."""
        return self.lists[self.trees["roots"][0] : self.trees["roots_end"][-1]]


def trees_follow_from(plan: Plan) -> Hashable:
    """What the trees follow from, link by link."""
    return plan.chip.topology, plan.trees, plan.unicast, queues_of(plan)


def queues_of(plan: Plan) -> tuple[int, int]:
    """How many queues of packets there are for each link, and among these those of messages."""
    return (plan.buffers.queues, plan.buffers.dateline_classes) if plan.buffers else (1, 1)


@memoised_by(trees_follow_from)
def multicast_trees_of(plan: Plan) -> MulticastTrees:
    """Of the tree from a core to all cores the part that leads to the wanted ones, for every tree."""
    trees, topology = plan.trees, plan.chip.topology
    wanted = flags_of(trees.wanted, topology.cores)
    place = np.cumsum(wanted, axis=1) - 1  # of a core's segment among those of the column
    if plan.unicast:
        return paths_of(plan, wanted, place)
    sources, begins = np.unique(trees.source, return_index=True)
    ends = [*begins[1:].tolist(), len(trees.source)]
    local = np.full(len(wanted), ABSENT, np.int64)
    found: dict[str, list[Integers]] = {name: [] for name in ("size", "link", "parent", "drop", "place")}
    entries = 0
    for source, reach, begin, end in zip(
        sources.tolist(), topology.reaches(sources.tolist()), begins.tolist(), ends, strict=True
    ):
        mine, places = wanted[begin:end].copy(), place[begin:end]
        local[begin:end] = np.where(mine[:, source], places[:, source], ABSENT)
        mine[:, source] = False
        used = reach.used(mine)
        number = np.cumsum(used).reshape(used.shape) - 1 + entries  # of an entry that is used
        first = np.concatenate([[0], np.cumsum(used.sum(axis=1))])[:-1] + entries
        row, entry = np.nonzero(used)
        parent = reach.parent[entry]
        found["size"].append(used.sum(axis=1))
        found["link"].append(reach.link[entry])
        found["parent"].append(np.where(parent == ABSENT, ABSENT, number[row, parent] - first[row]))
        tree, core = np.nonzero(mine)
        drop = number[tree, reach.last[core]]
        order = np.lexsort((core, drop))
        found["drop"].append(drop[order])
        found["place"].append(places[tree, core][order])
        entries += len(row)
    chained = {name: np.concatenate(rows).astype(np.int64, copy=False) for name, rows in found.items()}
    size, drops = chained["size"], np.bincount(chained["drop"], minlength=entries)
    return laid_out(plan, size, chained["link"], chained["parent"], drops, chained["place"], local)


def paths_of(plan: Plan, wanted: Flags, place: Integers) -> MulticastTrees:
    """A path of its own to every core that is wanted, for every tree."""
    source, trees = plan.trees.source.astype(np.int64), np.arange(len(wanted))
    local = np.where(wanted[trees, source], place[trees, source], ABSENT)
    away = wanted.copy()
    away[trees, source] = False
    tree, core = np.nonzero(away)
    bounds, link = plan.chip.topology.routes(source[tree], core)
    lengths = np.diff(bounds)
    owner = np.repeat(tree, lengths)  # of each entry, its tree
    size = np.bincount(owner, minlength=len(wanted))
    parent = np.arange(len(link)) - 1 - (np.cumsum(size) - size)[owner]
    parent[bounds[:-1]] = ABSENT
    last = np.zeros(len(link), np.int64)
    last[bounds[1:] - 1] = 1
    return laid_out(plan, size, link, parent, last, place[tree, core], local)


def laid_out(
    plan: Plan,
    size: Integers,
    link: Integers,
    parent: Integers,
    drops: Integers,
    place: Integers,
    local: Integers,
) -> MulticastTrees:
    """Records of trees and entries.

    ``size`` is entries of each tree; ``parent`` of an entry is counted within its tree, ABSENT of a root;
    ``drops`` is how many cores an entry reaches, ``place`` of each in turn its segment among the column's.
    """
    queues, dateline_classes = queues_of(plan)
    first = np.cumsum(size) - size
    tree, is_root = np.repeat(np.arange(len(size)), size), parent == ABSENT
    roots, others = np.flatnonzero(is_root), np.flatnonzero(~is_root)
    before = (first[tree] + parent)[others]
    following = others[np.argsort(before, kind="stable")]
    roots_at = offsets_of(tree[roots], len(size))
    following_at = offsets_of(before, len(link)) + len(roots)
    drops_at = np.concatenate([[0], np.cumsum(drops)]) + len(link)
    queue = np.minimum(tree_dateline_classes(plan.chip.topology, first, link, parent), dateline_classes - 1)
    return MulticastTrees(
        records(TREE, first=first, links=size, local=local, roots=roots_at[:-1], roots_end=roots_at[1:]),
        records(
            ENTRY,
            link=link,
            link_queue=link * queues + queue,
            following=following_at[:-1],
            following_end=following_at[1:],
            drops=drops_at[:-1],
            drops_end=drops_at[1:],
        ),
        np.concatenate([roots, following, place]).astype(np.int64),
    )


def tree_dateline_classes(topology: Topology, first: Integers, link: Integers, parent: Integers) -> Integers:
    """The dateline class on every entry of every tree: it depends on what lies before the entry only."""
    found = np.zeros(len(link), np.int64)
    if topology.kind not in RINGS:
        return found
    links = link.tolist()
    for begin, end in pairwise([*first.tolist(), len(links)]):
        for entry in range(begin, end):
            before, dateline_class = ABSENT, 0
            if parent[entry] != ABSENT:
                above = begin + int(parent[entry])
                before, dateline_class = links[above], int(found[above])
            found[entry] = dateline_class_after(topology, links[entry], before, dateline_class)
    return found
