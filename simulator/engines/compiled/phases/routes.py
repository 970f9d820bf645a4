"""How messages go through the network phase by phase: arrival lists, and what passes from one on to the next.

Every link has an arrival list, behind them every core one for what comes to it, behind those every core one
for what it sends, and at last every shared merge. Input edges lead from list to list: what has crossed a link
goes on over further links or into a core.
"""

from __future__ import annotations

from collections.abc import Hashable
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.engines.compiled.phases.shared_merges import shared_merges_of
from deltasim.simulator.engines.compiled.records import ARRIVAL_LIST, INPUT_EDGE
from deltasim.simulator.plan.memo import memoised_by
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE, Records
from deltasim.simulator.plan.weight_columns import bits_of, flags_of

Words = npt.NDArray[np.uint64]


class RouteGraph(NamedTuple):
    """Arrival lists and their input edges; ``order``: links and shared merges, each behind all that lead to
    it.

    A message passes an edge where one of the cores it wants is among those of the edge. These are the same
    for all messages where the routes from all cores go the same way on from here, as in a mesh (``stride``
    0); otherwise there is a row for each source core. By a ``pass_through`` edge all go on that come to it.
    """

    order: Integers
    arrival_lists: Records
    input_edges: Records
    through: Words
    busy: Integers  # rows for links that a message holds for a time that depends on its source core
    duplicates: int  # so often at most a list's keys are in shared merges


class Steps(NamedTuple):
    """From every source core every step from list to list, with the cores that lie behind it."""

    arrival_list: Integers
    origin: Integers
    source: Integers
    behind: Words  # (steps, words)


def routes_follow_from(plan: Plan) -> Hashable:
    """What the route graph follows from: trees and the time a message holds each link, nothing of a core."""
    links = plan.links
    return plan.chip.topology, plan.trees, links.records["period_ps"].tobytes(), links.message_flits


@memoised_by(routes_follow_from)
def route_graph_of(plan: Plan) -> RouteGraph | None:
    """The routes of a plan's messages; None where links form a cycle."""
    links, cores = plan.links.count, plan.cores
    steps, taken = steps_of(plan)
    holding_times, held = link_holding_times(plan, steps)
    arrival_list, input_edges, through = input_edges_of(steps, taken, holding_times, plan)
    into_core = (arrival_list >= links) & (input_edges["origin"] < links) & (input_edges["pass_through"] == 1)
    dropping = np.bincount(input_edges["origin"][into_core], minlength=links)[:links]
    merges, duplicates, arrival_list, input_edges = with_shared_merges(
        arrival_list, input_edges, links + 2 * cores
    )
    order = in_order(arrival_list, input_edges["origin"], links, links + 2 * cores)
    if order is None:
        return None
    count = links + 2 * cores + merges
    bounds = np.searchsorted(arrival_list, np.arange(count + 1))
    arrival_lists = np.zeros(count, ARRIVAL_LIST)
    arrival_lists["inputs"], arrival_lists["inputs_end"] = bounds[:-1], bounds[1:]
    arrival_lists["busy"][:links], arrival_lists["held"][:links] = (
        holding_times["busy"],
        holding_times["held"],
    )
    arrival_lists["dropping"][:links] = dropping
    return RouteGraph(order, arrival_lists, input_edges, through, held, duplicates)


def input_edges_of(
    steps: Steps, taken: Flags, holding_times: dict[str, Integers], plan: Plan
) -> tuple[Integers, Records, Words]:
    """One edge for each two lists of which one leads to the other, by list: (list, edge, rows of cores)."""
    links, cores = plan.links.count, plan.cores
    sorting = np.lexsort((steps.source, steps.origin, steps.arrival_list))
    arrival_list, origin, source = (
        array[sorting] for array in (steps.arrival_list, steps.origin, steps.source)
    )
    behind = steps.behind[sorting]
    fresh = np.append(True, (np.diff(arrival_list) != 0) | (np.diff(origin) != 0))[: len(arrival_list)]
    first = np.flatnonzero(fresh)
    group = np.cumsum(fresh) - 1
    members = np.bincount(group, minlength=len(first))
    alike = np.bincount(group, (behind == behind[first][group]).all(axis=1), len(first)) == members
    passing = np.unique(np.stack([steps.source, steps.arrival_list]), axis=1)[1]
    coming = np.bincount(passing, minlength=links + 2 * cores)  # sources that come so far
    coming[links + cores :] = 1  # what a core sends is its own
    arrival_list, origin = arrival_list[first], origin[first]
    all_come = coming[origin] == members
    input_edges, through = np.zeros(len(first), INPUT_EDGE), [np.zeros(0, np.uint64)]
    place, words = 0, behind.shape[1]
    for number in range(len(first)):
        mine = slice(first[number], first[number] + members[number])
        rows = behind[first[number]][np.newaxis]
        uniform = alike[number] and all_come[number]
        if not uniform:
            rows = np.zeros((cores, words), np.uint64)
            rows[source[mine]] = behind[mine]
        input_edges[number] = (origin[number], place, 0 if uniform else words, 0, NONE, 0)
        through.append(rows.reshape(-1))
        place += rows.size
    into_core = (arrival_list >= links) & (origin < links)
    before = origin[into_core]
    input_edges["serialisation_tail"][into_core] = (
        holding_times["busy"][before] - plan.links.records["period_ps"][before]
    )
    input_edges["held"][into_core] = holding_times["held"][before]
    input_edges["pass_through"] = all_come & np.logical_and.reduceat(taken[sorting], first)
    input_edges["pass_through"] &= (input_edges["serialisation_tail"] == 0) & (input_edges["held"] == NONE)
    return arrival_list, input_edges, np.concatenate(through)


def with_shared_merges(
    arrival_list: Integers, input_edges: Records, number: int
) -> tuple[int, int, Integers, Records]:
    """Let shared merges, numbered from ``number`` on, lead to lists: (merges, duplicates, list, edge)."""
    pass_through = input_edges["pass_through"] == 1
    feeding: dict[int, set[int]] = {}
    for into, origin in zip(
        arrival_list[pass_through].tolist(), input_edges["origin"][pass_through].tolist(), strict=True
    ):
        feeding.setdefault(into, set()).add(origin)
    pairs, duplicates = shared_merges_of(feeding, number)
    feeding |= {number + merge_number: set(pair) for merge_number, pair in enumerate(pairs)}
    holds = [(into, origin) for into, origins in feeding.items() for origin in sorted(origins)]
    fresh = np.zeros(len(holds), INPUT_EDGE)
    fresh["origin"], fresh["held"], fresh["pass_through"] = [origin for _, origin in holds], NONE, 1
    arrival_list = np.concatenate(
        [arrival_list[~pass_through], np.array([into for into, _ in holds], np.int64)]
    )
    order = np.argsort(arrival_list, kind="stable")
    return (
        len(pairs),
        duplicates,
        arrival_list[order],
        np.concatenate([input_edges[~pass_through], fresh])[order],
    )


def steps_of(plan: Plan) -> tuple[Steps, Flags]:
    """Follow the trees from every core that sends; a flag for each step that all take who come so far."""
    trees, topology, links, cores = plan.trees, plan.chip.topology, plan.links.count, plan.cores
    sources, begins = np.unique(trees.source, return_index=True)
    ends, singly = [*begins[1:].tolist(), len(trees.source)], np.eye(cores, dtype=np.bool_)
    found: list[list[npt.NDArray[Any]]] = []
    for source, reach, begin, end in zip(
        sources.tolist(), topology.reaches(sources.tolist()), begins.tolist(), ends, strict=True
    ):
        sender = links + cores + source
        wanted: Flags = flags_of(trees.wanted[begin:end], cores)
        own: Flags = np.any(wanted, axis=0)
        remote = own.copy()
        remote[source] = False
        there = np.flatnonzero(remote)
        used = np.flatnonzero(reach.used(remote[np.newaxis])[0])
        before = reach.parent[used]
        home = np.array([source] if own[source] else [], np.int64)
        going = wanted[wanted.any(axis=1)]  # those that are sent at all
        inside = reach.used(np.where(np.arange(cores) == source, False, going))  # (trees, entries)
        come = np.where(before == NONE, True, inside[:, before])
        pass_through = [
            (inside[:, used] | ~come).all(axis=0),
            (going[:, there] | ~inside[:, reach.last[there]]).all(axis=0),
            going[:, home].all(axis=0),
        ]
        found.append(
            [
                np.concatenate([reach.link[used], links + there, links + home]),
                np.concatenate(
                    [
                        np.where(before == NONE, sender, reach.link[before]),
                        reach.link[reach.last[there]],
                        np.full(len(home), sender),
                    ]
                ),
                np.full(len(used) + len(there) + len(home), source),
                bits_of(np.concatenate([reach.behind[used], singly[there], singly[home]])),
                np.concatenate(pass_through),
            ]
        )
    arrival_list, origin, source_of, behind, all_take = (
        np.concatenate(array) for array in zip(*found, strict=True)
    )
    return Steps(arrival_list, origin, source_of, behind), all_take


def in_order(arrival_list: Integers, origin: Integers, links: int, merges: int) -> Integers | None:
    """Links and shared merges (from ``merges`` on), each behind all that lead to it; None for a cycle."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for into, before in zip(arrival_list.tolist(), origin.tolist(), strict=True):
        if into < links or into >= merges:
            sorter.add(into, *([before] if before < links or before >= merges else []))
    try:
        return np.array(list(sorter.static_order()), np.int64)
    except CycleError:
        return None


def link_holding_times(plan: Plan, steps: Steps) -> tuple[dict[str, Integers], Integers]:
    """How long a message holds each link: its flits, at the pace of the slowest link so far.

    Returns ``busy`` of each link where that is the same for all source cores, otherwise ``held``, where its
    row begins; and the rows.
    """
    links, cores = plan.links, plan.cores
    period, further = links.records["period_ps"], links.message_flits - 1
    slowest = np.tile(period[:, np.newaxis], (1, cores))  # (links, source cores)
    if further > 0 and len(np.unique(period)) > 1:
        over = steps.arrival_list < links.count
        before = {
            (source, arrival_list): origin
            for source, arrival_list, origin in zip(
                *(array[over].tolist() for array in (steps.source, steps.arrival_list, steps.origin)),
                strict=True,
            )
        }
        for (source, arrival_list), origin in before.items():
            while origin < links.count:
                slowest[arrival_list, source] = max(slowest[arrival_list, source], period[origin])
                origin = before[source, origin]
    rows = further * slowest + period[:, np.newaxis]
    differ = np.flatnonzero((rows != rows[:, :1]).any(axis=1))
    held = np.full(links.count, NONE, np.int64)
    held[differ] = np.arange(len(differ)) * cores
    return {"busy": rows[:, 0] if cores else period, "held": held}, rows[differ].reshape(-1)
