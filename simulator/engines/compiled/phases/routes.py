"""How messages go through the network phase by phase: lanes, and what passes from one on to the next.

Every link has a lane, behind them every core one for what comes to it, behind those every core one for what
it sends, and at last every bundle. A lane is fed by others: what has crossed a link goes on over further
links or into a core.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers
from deltasim.simulator.engines.compiled.phases.shared_merges import bundle_up
from deltasim.simulator.engines.compiled.records import FEED, LANE, NONE, Records
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.weight_columns import Flags, bits_of, flags_of

Words = npt.NDArray[np.uint64]


class Ways(NamedTuple):
    """The lanes of links and bundles in such an order that each comes behind all that feed it, and all feeds.

    A message passes a feed where one of the cores it wants is among those of the feed. These are the same for
    all messages where the routes from all cores go the same way on from here, as in a mesh (``stride`` 0);
    otherwise there is a row for each source core. By a ``whole`` feed all go on that come to it.
    """

    order: Integers
    lanes: Records
    feeds: Records
    through: Words
    busy: Integers  # rows for links that a message holds for a time that depends on its source core
    duplicates: int  # so often at most a lane's keys are in bundles


class Steps(NamedTuple):
    """From every source core every step from lane to lane, with the cores that lie behind it."""

    lane: Integers
    origin: Integers
    source: Integers
    behind: Words  # (steps, words)


def ways_of(plan: Plan) -> Ways | None:
    """The ways of a plan's messages; None where links lead round in a circle."""
    links, cores = plan.links.count, plan.cores
    steps, taken = steps_of(plan)
    spans, held = spans_of(plan, steps)
    lane, feeds, through = feeds_of(steps, taken, spans, plan)
    into_core = (lane >= links) & (feeds["origin"] < links) & (feeds["whole"] == 1)
    dropping = np.bincount(feeds["origin"][into_core], minlength=links)[:links]
    bundles, duplicates, lane, feeds = with_bundles(lane, feeds, links + 2 * cores)
    order = in_order(lane, feeds["origin"], links, links + 2 * cores)
    if order is None:
        return None
    count = links + 2 * cores + bundles
    bounds = np.searchsorted(lane, np.arange(count + 1))
    lanes = np.zeros(count, LANE)
    lanes["feeds"], lanes["feeds_end"] = bounds[:-1], bounds[1:]
    lanes["busy"][:links], lanes["held"][:links] = spans["busy"], spans["held"]
    lanes["dropping"][:links] = dropping
    return Ways(order, lanes, feeds, through, held, duplicates)


def feeds_of(
    steps: Steps, taken: Flags, spans: dict[str, Integers], plan: Plan
) -> tuple[Integers, Records, Words]:
    """One feed for each two lanes of which one leads to the other, by lane: (lane, feed, rows of cores)."""
    links, cores = plan.links.count, plan.cores
    sorting = np.lexsort((steps.source, steps.origin, steps.lane))
    lane, origin, source = (column[sorting] for column in (steps.lane, steps.origin, steps.source))
    behind = steps.behind[sorting]
    fresh = np.append(True, (np.diff(lane) != 0) | (np.diff(origin) != 0))[: len(lane)]
    first = np.flatnonzero(fresh)
    group = np.cumsum(fresh) - 1
    members = np.bincount(group, minlength=len(first))
    alike = np.bincount(group, (behind == behind[first][group]).all(axis=1), len(first)) == members
    passing = np.unique(np.stack([steps.source, steps.lane]), axis=1)[1]
    coming = np.bincount(passing, minlength=links + 2 * cores)  # sources that come so far
    coming[links + cores :] = 1  # what a core sends is its own
    lane, origin = lane[first], origin[first]
    all_come = coming[origin] == members
    feeds, through = np.zeros(len(first), FEED), [np.zeros(0, np.uint64)]
    place, words = 0, behind.shape[1]
    for number in range(len(first)):
        mine = slice(first[number], first[number] + members[number])
        rows = behind[first[number]][np.newaxis]
        uniform = alike[number] and all_come[number]
        if not uniform:
            rows = np.zeros((cores, words), np.uint64)
            rows[source[mine]] = behind[mine]
        feeds[number] = (origin[number], place, 0 if uniform else words, 0, NONE, 0)
        through.append(rows.reshape(-1))
        place += rows.size
    into_core = (lane >= links) & (origin < links)
    before = origin[into_core]
    feeds["lag"][into_core] = spans["busy"][before] - plan.links.link_period_ps[before]
    feeds["held"][into_core] = spans["held"][before]
    feeds["whole"] = all_come & np.logical_and.reduceat(taken[sorting], first)
    feeds["whole"] &= (feeds["lag"] == 0) & (feeds["held"] == NONE)
    return lane, feeds, np.concatenate(through)


def with_bundles(lane: Integers, feeds: Records, number: int) -> tuple[int, int, Integers, Records]:
    """Let lanes be fed by bundles, numbered from ``number`` on: (bundles, duplicates, lane, feed) by lane."""
    whole = feeds["whole"] == 1
    feeding: dict[int, set[int]] = {}
    for into, origin in zip(lane[whole].tolist(), feeds["origin"][whole].tolist(), strict=True):
        feeding.setdefault(into, set()).add(origin)
    pairs, duplicates = bundle_up(feeding, number)
    feeding |= {number + bundle: set(pair) for bundle, pair in enumerate(pairs)}
    holds = [(into, origin) for into, origins in feeding.items() for origin in sorted(origins)]
    fresh = np.zeros(len(holds), FEED)
    fresh["origin"], fresh["held"], fresh["whole"] = [origin for _, origin in holds], NONE, 1
    lane = np.concatenate([lane[~whole], np.array([into for into, _ in holds], np.int64)])
    order = np.argsort(lane, kind="stable")
    return len(pairs), duplicates, lane[order], np.concatenate([feeds[~whole], fresh])[order]


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


def in_order(lane: Integers, origin: Integers, links: int, bundles: int) -> Integers | None:
    """Links and bundles (from number ``bundles`` on), each behind all that lead to it; None for a circle."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for into, before in zip(lane.tolist(), origin.tolist(), strict=True):
        if into < links or into >= bundles:
            sorter.add(into, *([before] if before < links or before >= bundles else []))
    try:
        return np.array(list(sorter.static_order()), np.int64)
    except CycleError:
        return None


def spans_of(plan: Plan, steps: Steps) -> tuple[dict[str, Integers], Integers]:
    """How long a message holds each link: its flits, at the pace of the slowest link so far.

    Returns ``busy`` of each link where that is the same for all source cores, otherwise ``held``, where its
    row begins; and the rows.
    """
    links, cores = plan.links, plan.cores
    period, further = links.link_period_ps, links.message_flits - 1
    slowest = np.tile(period[:, np.newaxis], (1, cores))  # (links, source cores)
    if further > 0 and len(np.unique(period)) > 1:
        over = steps.lane < links.count
        before = {
            (source, lane): origin
            for source, lane, origin in zip(
                *(column[over].tolist() for column in (steps.source, steps.lane, steps.origin)), strict=True
            )
        }
        for (source, lane), origin in before.items():
            while origin < links.count:
                slowest[lane, source] = max(slowest[lane, source], period[origin])
                origin = before[source, origin]
    rows = further * slowest + period[:, np.newaxis]
    differ = np.flatnonzero((rows != rows[:, :1]).any(axis=1))
    held = np.full(links.count, NONE, np.int64)
    held[differ] = np.arange(len(differ)) * cores
    return {"busy": rows[:, 0] if cores else period, "held": held}, rows[differ].reshape(-1)
