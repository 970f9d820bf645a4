"""Can packets wait for each other in a cycle? The channel-dependency graph of a fabric's routes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

AnyIntegers = npt.NDArray[np.integer]


def dependency_cycle(
    ends: AnyIntegers, home: AnyIntegers, toward: AnyIntegers, dateline_class: AnyIntegers
) -> tuple[int, ...]:
    """The links of one cycle in which packets can wait for each other, in order; empty when there is none.

    A packet that holds channel (link, class) may wait for the channel it takes next. Routes cannot deadlock
    when the graph of these waits has no cycle (Dally and Seitz, IEEE Transactions on Computers C-36, 1987).
    ``ends`` is (L, 2), ``home`` (N,), ``toward`` and ``dateline_class`` (R, N). Only routes that start at a
    terminal count.

    >>> ends = np.array([(0, 1), (1, 2), (2, 0)])                   # a ring of one way
    >>> toward = np.array([[-1, 0, 0], [1, -1, 1], [2, 2, -1]])
    >>> dependency_cycle(ends, np.arange(3), toward, np.zeros((3, 3), int))
    (0, 1, 2)
    """
    classes = int(dateline_class.max(initial=0)) + 1
    waits: set[tuple[int, int]] = set()
    for terminal in range(home.size):
        router = np.unique(home)
        held = np.full(router.size, -1)
        seen = np.zeros(toward.shape[0], bool)
        while router.size:
            link = toward[router, terminal]
            moving = link >= 0
            router, held, link = router[moving], held[moving], link[moving]
            channel = link * classes + dateline_class[router, terminal]
            waits.update(zip(held[held >= 0].tolist(), channel[held >= 0].tolist(), strict=True))
            onward = ~seen[router]  # from here on the way is the same for all who come this way
            seen[router] = True
            router, held = np.unique(np.stack([ends[link[onward], 1], channel[onward]]), axis=1)
    return tuple(channel // classes for channel in first_cycle(waits))


def first_cycle(waits: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """One cycle of waits, from its lowest number on; empty when there is none.

    >>> first_cycle({(3, 1), (1, 2), (2, 3), (0, 1)}), first_cycle({(0, 1), (1, 2)})
    ((1, 2, 3), ())
    """
    import networkx

    graph: networkx.DiGraph[int] = networkx.DiGraph(sorted(waits))
    if networkx.is_directed_acyclic_graph(graph):
        return ()
    cycle = [start for start, _ in networkx.find_cycle(graph)]
    turn = cycle.index(min(cycle))
    return tuple(cycle[turn:] + cycle[:turn])
