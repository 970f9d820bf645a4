"""How messages go through the network phase by phase: lanes, and what passes from one on to the next.

Every link has a lane, behind them every core one for what comes to it, and behind those every core one for
what it sends. A lane is fed by others: what has crossed a link goes on over further links or into a core.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.columns import Flags, bits_of, flags_of
from simulator.compiled_engine.records import FEED, LANE, NONE, Records
from simulator.plan import Integers, Plan

Words = npt.NDArray[np.uint64]


class Ways(NamedTuple):
    """The lanes of the links in such an order that each comes behind all that feed it, and all feeds.

    A message passes a feed where one of the cores it wants is among those of the feed. These are the same for
    all messages where the routes from all cores go the same way on from here, as in a mesh (``stride`` 0);
    otherwise there is a row for each source core. By a ``whole`` feed all go on that come to it.
    """

    links: Integers
    lanes: Records
    feeds: Records
    through: Words
    busy: Integers  # rows for links that a message holds for a time that depends on its source core


class Steps(NamedTuple):
    """From every source core every step from lane to lane, with the cores that lie behind it."""

    lane: Integers
    origin: Integers
    source: Integers
    behind: Words  # (steps, words)


def ways_of(plan: Plan) -> Ways | None:
    """The ways of a plan's messages; None where links lead round in a circle."""
    links, cores = plan.wires.links, plan.cores
    steps, whole = steps_of(plan)
    order = in_order(steps, links)
    if order is None:
        return None
    spans, held = spans_of(plan, steps)
    sorting = np.lexsort((steps.source, steps.origin, steps.lane))
    lane, origin, source, behind = (column[sorting] for column in steps)
    fresh = np.append(True, (np.diff(lane) != 0) | (np.diff(origin) != 0))[: len(lane)]
    first = np.flatnonzero(fresh)
    group = np.cumsum(fresh) - 1
    members = np.bincount(group, minlength=len(first))
    alike = np.bincount(group, (behind == behind[first][group]).all(axis=1), len(first)) == members
    coming = np.bincount(
        np.unique(np.stack([steps.source, steps.lane]), axis=1)[1], minlength=links + 2 * cores
    )
    coming[links + cores :] = 1  # what a core sends is its own
    alike &= coming[origin[first]] == members
    feeds, through = np.zeros(len(first), FEED), []
    place, words = 0, behind.shape[1]
    for number in range(len(first)):
        mine = slice(first[number], first[number] + members[number])
        rows = behind[first[number]][np.newaxis]
        if not alike[number]:
            rows = np.zeros((cores, words), np.uint64)
            rows[source[mine]] = behind[mine]
        feeds[number] = (origin[first[number]], place, 0 if alike[number] else words, 0, NONE, 0)
        through.append(rows.reshape(-1))
        place += rows.size
    feeds["whole"] = (members == coming[origin[first]]) & np.logical_and.reduceat(whole[sorting], first)
    into_core = (lane[first] >= links) & (feeds["origin"] < links)
    before = feeds["origin"][into_core]
    feeds["lag"][into_core] = spans["busy"][before] - plan.wires.link_period_ps[before]
    feeds["held"][into_core] = spans["held"][before]
    feeds["whole"] &= (feeds["lag"] == 0) & (feeds["held"] == NONE)
    bounds = np.searchsorted(lane[first], np.arange(links + 2 * cores + 1))
    lanes = np.zeros(links + 2 * cores, LANE)
    lanes["feeds"], lanes["feeds_end"] = bounds[:-1], bounds[1:]
    lanes["busy"][:links], lanes["held"][:links] = spans["busy"], spans["held"]
    return Ways(order, lanes, feeds, np.concatenate([np.zeros(0, np.uint64), *through]), held)


def steps_of(plan: Plan) -> tuple[Steps, Flags]:
    """Follow the trees from every core that sends; a flag for each step that all take who come so far."""
    trees, topology, links, cores = plan.trees, plan.chip.topology, plan.wires.links, plan.cores
    sources, begins = np.unique(trees.source, return_index=True)
    ends = [*begins[1:].tolist(), len(trees.source)]
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
        singly = np.eye(cores, dtype=np.bool_)
        going = wanted[wanted.any(axis=1)]  # those that set out at all
        inside = reach.used(np.where(np.arange(cores) == source, False, going))  # (trees, entries)
        come = np.where(before == NONE, True, inside[:, before])
        whole = [
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
                np.concatenate(whole),
            ]
        )
    lane, origin, source_of, behind, all_take = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    return Steps(lane, origin, source_of, behind), all_take


def in_order(steps: Steps, links: int) -> Integers | None:
    """The links of all trees, each behind those that lead to it; None where they lead round in a circle."""
    over = steps.lane < links
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for link in np.unique(steps.lane[over]).tolist():
        sorter.add(link)
    inner = over & (steps.origin < links)
    leads = np.unique(steps.origin[inner] * links + steps.lane[inner])
    for first, second in zip(*(half.tolist() for half in divmod(leads, max(1, links))), strict=True):
        sorter.add(second, first)
    try:
        return np.array(list(sorter.static_order()), np.int64)
    except CycleError:
        return None


def spans_of(plan: Plan, steps: Steps) -> tuple[dict[str, Integers], Integers]:
    """How long a message holds each link: its flits, at the pace of the slowest link so far.

    Returns ``busy`` of each link where that is the same for all source cores, otherwise ``held``, where its
    row begins; and the rows.
    """
    wires, cores = plan.wires, plan.cores
    period, further = wires.link_period_ps, wires.message_flits - 1
    slowest = np.tile(period[:, np.newaxis], (1, cores))  # (links, source cores)
    if further > 0 and len(np.unique(period)) > 1:
        over = steps.lane < wires.links
        before = {
            (source, lane): origin
            for source, lane, origin in zip(
                *(column[over].tolist() for column in (steps.source, steps.lane, steps.origin)), strict=True
            )
        }
        for (source, lane), origin in before.items():
            while origin < wires.links:
                slowest[lane, source] = max(slowest[lane, source], period[origin])
                origin = before[source, origin]
    rows = further * slowest + period[:, np.newaxis]
    differ = np.flatnonzero((rows != rows[:, :1]).any(axis=1))
    held = np.full(wires.links, NONE, np.int64)
    held[differ] = np.arange(len(differ)) * cores
    return {"busy": rows[:, 0] if cores else period, "held": held}, rows[differ].reshape(-1)
