"""The trees of a plan, link by link."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.plan.memo import memoised_by
from deltasim.simulator.plan.plan import ABSENT, Plan
from deltasim.simulator.plan.weight_columns import flags_of


@dataclass(frozen=True, eq=False)
class MulticastTrees:
    """The links of tree *k* are the entries ``start[k]`` to ``start[k + 1]``, nearest first.

    Entry *e* is link ``link[e]``; it is entered when the head has left entry ``parent[e]`` of the tree (-1:
    at once). Behind it the message reaches the cores ``drop_core[drop_start[e]:drop_start[e + 1]]``, whose
    segments stand at ``drop_place`` among the column's segments. ``local`` is the place of the source core's
    own segment, or -1. Where a message has a copy for each core, a tree is a path for each of its cores but
    the source, one after another by core.
    """

    start: Integers
    link: Integers
    parent: Integers
    drop_start: Integers
    drop_core: Integers
    drop_place: Integers
    local: Integers


def trees_follow_from(plan: Plan) -> Hashable:
    """What the trees follow from, link by link."""
    return plan.chip.topology, plan.trees, plan.unicast


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
    found: dict[str, list[Integers]] = {
        name: [] for name in ("size", "link", "parent", "drop", "core", "place")
    }
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
        found["core"].append(core[order])
        found["place"].append(places[tree, core][order])
        entries += len(row)
    chained = {name: np.concatenate(rows).astype(np.int64, copy=False) for name, rows in found.items()}
    drops = np.bincount(chained["drop"], minlength=entries)
    return MulticastTrees(
        start=np.concatenate([[0], np.cumsum(chained["size"])]).astype(np.int64),
        link=chained["link"],
        parent=chained["parent"],
        drop_start=np.concatenate([[0], np.cumsum(drops)]).astype(np.int64),
        drop_core=chained["core"],
        drop_place=chained["place"],
        local=local,
    )


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
    start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(wanted)))]).astype(np.int64)
    parent = np.arange(len(link)) - 1 - start[owner]
    parent[bounds[:-1]] = ABSENT
    last = np.zeros(len(link), np.int64)
    last[bounds[1:] - 1] = 1
    return MulticastTrees(
        start=start,
        link=link,
        parent=parent,
        drop_start=np.concatenate([[0], np.cumsum(last)]).astype(np.int64),
        drop_core=core.astype(np.int64),
        drop_place=place[tree, core].astype(np.int64),
        local=local.astype(np.int64),
    )
