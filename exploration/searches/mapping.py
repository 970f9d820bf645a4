"""Search for a mapping, neurons to cores and columns to memories, with the simulator in the loop.

An evolution: a generation of mappings is changed at random out of the best of all before it. Each generation
has a generator of random numbers with a seed of its own, so an interrupted search goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.exploration.front import front
from deltasim.exploration.searches.layout import Layout, Placing, Reals, Spread, by_work, gathered, in_part
from deltasim.exploration.searches.proposals import Ask, Outcome, Proposal, seed_of
from deltasim.exploration.space.parameters import Choice, Range
from deltasim.exploration.space.space import LABEL, MAPPING

if TYPE_CHECKING:
    from collections.abc import Mapping

GENERATION = 16
PARENTS = 8
"""Mappings of a generation, and how many of the best they are made of."""

MORE_MOVES, OTHER_VALUE, FROM_BOTH = 0.5, 0.2, 0.15
"""How likely one more move is, another value of another parameter, and parts of two mappings in one."""

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of first placements: how much of a neuron's weight is its work, the rest being the same for all."""

TRIES = 20
EXPLICIT = "placement.explicit"


def ask_mapping(
    free: Mapping[str, Choice | Range], budget: int, seed: int, layout: Callable[[], Layout]
) -> Ask:
    """A search for a mapping, and for values of the other parameters of a study beside it.

    The first point is the chip's own placement; then come placements by work, then what evolves.
    """
    known: list[Layout] = []

    def ask(generation: int, told: Sequence[Outcome]) -> list[Proposal]:
        count = min(GENERATION, budget - len(told))
        if count <= 0:
            return []
        if not known:
            known.append(layout())
        rng = np.random.default_rng(seed_of(seed, generation))
        parents = [outcome.proposal.values for outcome in best(told)]
        if generation == 0:
            parents = [entry(free, rng, value) for value in first(known[0])]
        seen = {content(outcome.proposal.values, known[0]) for outcome in told}
        found = [] if generation else [Proposal(values) for values in parents[:count]]
        seen |= {content(one.values, known[0]) for one in found}
        while len(found) < count:
            number = len(told) + len(found)
            for _ in range(TRIES):
                values = child(known[0], free, parents, rng, f"found {number}")
                if content(values, known[0]) not in seen:
                    break
            seen.add(content(values, known[0]))
            found.append(Proposal(values))
        return found

    return ask


def best(told: Sequence[Outcome]) -> list[Outcome]:
    """The points to go on from: those within the constraints first, of these front after front."""
    inside = [one for one in told if one.costs is not None and one.miss <= 0]
    outside = sorted((one for one in told if one.costs is not None and one.miss > 0), key=lambda o: o.miss)
    chosen: list[Outcome] = []
    while inside and len(chosen) < PARENTS:
        rows = front(np.array([one.costs for one in inside]))
        chosen += [one for one, on in zip(inside, rows, strict=True) if on]
        inside = [one for one, on in zip(inside, rows, strict=True) if not on]
    return [*chosen, *outside][:PARENTS] if len(chosen) < PARENTS else chosen


def first(layout: Layout) -> list[dict[str, Any]]:
    """The chip's own placement, neurons by work on all cores, and layers gathered on cores of their own."""
    held = layout.start.memory
    found = [{LABEL: "as described"}]
    for share in SHARES:
        spreads = tuple(by_work(in_part(work, share), layout.cores) for work in layout.work)
        found.append(written(Placing(spreads, held), layout, f"{share:.0%} by work"))
    return [*found, written(Placing(gathered(layout), held), layout, "layers apart")]


def entry(free: Mapping[str, Choice | Range], rng: np.random.Generator, mapping: Any) -> dict[str, Any]:
    """A point: the mapping, and any value of each other parameter."""
    return {MAPPING: mapping} | {name: one.at(float(rng.random())) for name, one in free.items()}


def written(placing: Placing, layout: Layout, label: str) -> dict[str, Any]:
    """A mapping as fields of a chip."""
    named = list(zip(layout.populations, placing.spreads, strict=True))
    explicit = {
        "cores": {name: [core for core, _ in spread] for name, spread in named},
        "neurons": {name: [neurons for _, neurons in spread] for name, spread in named},
        "memory": dict(placing.memory),
    }
    return {LABEL: label, EXPLICIT: explicit}


def read(mapping: Mapping[str, Any], layout: Layout) -> Placing:
    """The mapping that fields of a chip stand for; the chip's own without any."""
    if EXPLICIT not in mapping:
        return layout.start
    given = mapping[EXPLICIT]
    spreads = [
        tuple(zip(given["cores"][name], given["neurons"][name], strict=True)) for name in layout.populations
    ]
    return Placing(tuple(spreads), tuple(sorted(given["memory"].items())))


def content(values: Mapping[str, Any], layout: Layout) -> str:
    """What tells a point from another: all but its label."""
    rest = {name: value for name, value in values.items() if name != MAPPING}
    return repr((read(values[MAPPING], layout), sorted(rest.items(), key=str)))


def child(
    layout: Layout,
    free: Mapping[str, Choice | Range],
    parents: Sequence[Mapping[str, Any]],
    rng: np.random.Generator,
    label: str,
) -> dict[str, Any]:
    """A point made of one or two others, and changed."""
    values = dict(parents[int(rng.integers(len(parents)))])
    placing = read(values[MAPPING], layout)
    if rng.random() < FROM_BOTH:
        other = read(parents[int(rng.integers(len(parents)))][MAPPING], layout)
        mine = rng.random(len(placing.spreads)) < 0.5
        both = zip(placing.spreads, other.spreads, mine, strict=True)
        placing = placing._replace(spreads=tuple(a if own else b for a, b, own in both))
    placing = moved(placing, layout, rng)
    while rng.random() < MORE_MOVES:
        placing = moved(placing, layout, rng)
    for name, one in free.items():
        if rng.random() < OTHER_VALUE:
            values[name] = one.at(float(rng.random()))
    return values | {MAPPING: written(placing, layout, label)}


def moved(placing: Placing, layout: Layout, rng: np.random.Generator) -> Placing:
    """One move: of a projection's weights to another memory, or of one population's neurons."""
    if len(layout.memories) > 1 and rng.random() < 1 / (1 + len(MOVES)):
        held = dict(placing.memory)
        projection = layout.projections[int(rng.integers(len(layout.projections)))]
        held.pop(projection, None)
        if rng.random() < 0.5:  # else it lies where the policy puts it
            held[projection] = layout.memories[int(rng.integers(len(layout.memories)))]
        return placing._replace(memory=tuple(sorted(held.items())))
    population = int(rng.integers(len(placing.spreads)))
    move = MOVES[int(rng.integers(len(MOVES)))]
    spreads = list(placing.spreads)
    spreads[population] = move(spreads[population], layout.cores, layout.work[population], rng)
    return placing._replace(spreads=tuple(spreads))


def shift(spread: Spread, cores: int, work: Reals, rng: np.random.Generator) -> Spread:
    """Let one partition have fewer neurons and another more; the boundaries between them move along."""
    sizes = [neurons for _, neurons in spread]
    giving = [place for place, neurons in enumerate(sizes) if neurons > 1]
    if len(spread) < 2 or not giving:
        return spread
    source = giving[int(rng.integers(len(giving)))]
    target = int(rng.integers(len(spread) - 1))
    target += target >= source
    amount = int(np.exp(rng.uniform(0, np.log(sizes[source]))))  # small ones as often as large
    sizes[source] -= amount
    sizes[target] += amount
    return tuple((core, neurons) for (core, _), neurons in zip(spread, sizes, strict=True))


def swap(spread: Spread, cores: int, work: Reals, rng: np.random.Generator) -> Spread:
    """Put a partition on another core; what lies there comes here."""
    place, target = int(rng.integers(len(spread))), int(rng.integers(cores))
    here = spread[place][0]
    to = {here: target, target: here}
    return tuple((to.get(core, core), neurons) for core, neurons in spread)


def merge(spread: Spread, cores: int, work: Reals, rng: np.random.Generator) -> Spread:
    """Empty a core: its neurons go to the next partition."""
    if len(spread) < 2:
        return spread
    place = int(rng.integers(len(spread) - 1))
    (left, a), (right, b) = spread[place], spread[place + 1]
    kept = left if rng.random() < 0.5 else right
    return (*spread[:place], (kept, a + b), *spread[place + 2 :])


def split(spread: Spread, cores: int, work: Reals, rng: np.random.Generator) -> Spread:
    """Put half of a partition on a core that holds none."""
    used = {core for core, _ in spread}
    unused = [core for core in range(cores) if core not in used]
    place = int(rng.integers(len(spread)))
    core, neurons = spread[place]
    if not unused or neurons < 2:
        return spread
    there = unused[int(rng.integers(len(unused)))]
    halves = ((core, neurons // 2), (there, neurons - neurons // 2))
    return (*spread[:place], *halves, *spread[place + 1 :])


def rebalance(spread: Spread, cores: int, work: Reals, rng: np.random.Generator) -> Spread:
    """The same cores, with neurons by some share of their work."""
    found = by_work(in_part(work, float(rng.random())), len(spread))
    return tuple((core, neurons) for (core, _), (_, neurons) in zip(spread, found, strict=True))


MOVES: tuple[Callable[[Spread, int, Reals, np.random.Generator], Spread], ...] = (
    shift,
    shift,
    swap,
    merge,
    split,
    rebalance,
)
