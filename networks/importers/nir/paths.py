"""From neuron to neuron: which nodes lie between, the shapes of values, and what these are multiplied by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np

from deltasim.networks.connections import AllToAll, Connection, Convolution, Sparse
from deltasim.networks.importers.nir.graph import NEURONS, Graph, Node
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

WEIGHTED = ("Affine", "Linear", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d")
POOLS = ("SumPool2d", "AvgPool2d")
MOST_PATHS = 100_000
MOST_WORDS = 1 << 27

Shape: TypeAlias = tuple[int, ...]


class Path(NamedTuple):
    """From a population over the nodes between, in order, to another population."""

    source: str
    nodes: tuple[str, ...]
    target: str


@dataclass
class Map:
    """What a path does to values: factors and seconds of delay before and behind one connection."""

    shape: Shape
    before: Numbers
    late_before: Numbers
    connection: Connection | None = None
    pool: tuple[int, int] = (1, 1)
    share: float = 1.0
    behind: Numbers = field(default_factory=lambda: np.ones(1))
    late_behind: Numbers = field(default_factory=lambda: np.zeros(1))

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


def populations_of(graph: Graph) -> tuple[str, ...]:
    """The nodes that become populations, in the order of the file: inputs, neurons, and relays.

    A relay is a weighted node whose values go to another, or an output that is not just the values of one
    population. Sums over windows that do not overlap are no relays where a convolution follows: they are
    taken into its kernel.
    """
    found = []
    for name, node in graph.nodes.items():
        if node.kind in ("Input", *NEURONS):
            found.append(name)
        elif node.kind == "Output":
            if plain_source(graph, name) is None:
                found.append(name)
        elif node.kind in WEIGHTED and any(
            not (node.kind in POOLS and is_fused(graph, name, after)) for after in weighted_after(graph, name)
        ):
            found.append(name)
    return tuple(found)


def plain_source(graph: Graph, output: str) -> str | None:
    """The node whose values an output shows as they are, if there is one: neurons or a weighted node."""
    name = output
    seen = set()
    while True:
        before = graph.into(name)
        if len(before) != 1 or before[0] in seen:
            return None
        name = before[0]
        seen.add(name)
        kind = graph.nodes[name].kind
        if kind in (*NEURONS, "Input"):
            return name
        if kind not in ("Identity", "Flatten"):
            return None


def weighted_after(graph: Graph, name: str) -> list[str]:
    """The weighted nodes that the values of a node reach without passing neurons."""
    found, ahead, seen = [], graph.out_of(name), set()
    while ahead:
        after = ahead.pop()
        if after in seen:
            continue
        seen.add(after)
        kind = graph.nodes[after].kind
        if kind in WEIGHTED:
            found.append(after)
        elif kind not in (*NEURONS, "Output"):
            ahead += graph.out_of(after)
    return found


def is_fused(graph: Graph, pool: str, after: str) -> bool:
    """Whether a pooling can be taken into the kernel of a convolution that follows at once."""
    node = graph.nodes[pool]
    if graph.nodes[after].kind != "Conv2d" or after not in graph.out_of(pool):
        return False
    kernel, stride, padding = (node.whole(name, 2) for name in ("kernel_size", "stride", "padding"))
    shape = shape_of(graph, graph.into(pool)[0])
    fits = len(shape) == 3 and all(size % step == 0 for size, step in zip(shape[1:], stride, strict=True))
    return kernel == stride and padding == (0, 0) and fits


def paths_into(graph: Graph, target: str, populations: frozenset[str]) -> list[Path]:
    """Every path into a population from the nearest ones. Errors: InputError for a cycle without neurons."""
    own = (target,) if graph.nodes[target].kind in WEIGHTED else ()
    found: list[Path] = []
    open_ends = [(before, own) for before in reversed(graph.into(target))]
    while open_ends:
        name, nodes = open_ends.pop()
        if name in populations:
            found.append(Path(name, nodes, target))
            continue
        if name in nodes:
            rule = "nodes without memory form a cycle"
            raise InputError(graph.nodes[name].place, graph.nodes[name].kind, rule, "Put neurons into it.")
        if not graph.into(name) and graph.nodes[name].kind != "Output":
            rule = "nothing feeds it"
            raise InputError(graph.nodes[name].place, graph.nodes[name].kind, rule, "Join it to the graph.")
        open_ends += [(before, (name, *nodes)) for before in reversed(graph.into(name))]
        if len(open_ends) + len(found) > MOST_PATHS:
            raise InputError(graph.place, f"over {MOST_PATHS:,} paths", "so many are not read", "Split it.")
    return found


def shape_of(graph: Graph, name: str, seen: frozenset[str] = frozenset()) -> Shape:
    """The shape of a node's values. Errors: InputError where it cannot be known."""
    node = graph.nodes[name]
    if node.kind == "Input":
        values = node.array("shape").ravel()
        if (values < 1).any() or (values != np.rint(values)).any() or np.prod(values) > 2**24:
            rule = "a shape is positive whole numbers, at most 2**24 values together"
            raise InputError(f"{node.place}: shape", values.tolist()[:8], rule, "Export it again.")
        return tuple(int(size) for size in values)
    if node.kind in ("Affine", "Linear"):
        return (int(matrix_of(node).shape[0]),)
    if node.kind in NEURONS:
        own = [np.shape(node.array(field)) for field in ("v_leak", "r", "threshold") if field in node.fields]
        shape: Shape = max(own, key=lambda found: int(np.prod(found)), default=())
        return shape or (1,)
    before = graph.into(name)
    if not before or name in seen:
        rule = "its shape cannot be known"
        raise InputError(node.place, node.kind, rule, "Join it to the graph.")
    shape = shape_of(graph, before[0], seen | {name})
    if node.kind in (*WEIGHTED, "Flatten"):
        end = Map(shape, np.ones(1), np.zeros(1))
        STEPS[node.kind](node, end)
        return end.shape
    return shape


def map_of(graph: Graph, path: Path) -> Map:
    """What a path does. Errors: InputError for shapes that do not fit."""
    shape = shape_of(graph, path.source)
    size = int(np.prod(shape))
    found = Map(shape, np.ones(size), np.zeros(size))
    for position, name in enumerate(path.nodes):
        node = graph.nodes[name]
        following = path.nodes[position + 1] if position + 1 < len(path.nodes) else None
        if node.kind in POOLS and following is not None and graph.nodes[following].kind == "Conv2d":
            found.pool = (node.whole("stride", 2)[0], node.whole("stride", 2)[1])
            found.share = 1.0 / float(np.prod(found.pool)) if node.kind == "AvgPool2d" else 1.0
        elif node.kind in STEPS:
            STEPS[node.kind](node, found)
        if found.connection is not None and found.behind.size != found.size:
            found.behind, found.late_behind = np.ones(found.size), np.zeros(found.size)
    return found


def matrix_of(node: Node) -> Numbers:
    """The weights (out, in) of a dense node."""
    weights = node.array("weight")
    if weights.ndim != 2:
        rule = "the weights of a dense node have the shape (out, in)"
        raise InputError(f"{node.place}: weight", f"shape {weights.shape}", rule, "Export it again.")
    return weights


def dense(node: Node, found: Map) -> None:
    """An Affine or Linear node."""
    weights = matrix_of(node)
    if weights.shape[1] != found.size:
        rule = f"{found.size} values come in"
        raise InputError(f"{node.place}: weight", f"shape {weights.shape}", rule, "Export it again.")
    found.connection = AllToAll.from_matrices(np.float32(weights))
    found.shape = (int(weights.shape[0]),)


def convolution(node: Node, found: Map) -> None:
    """A Conv1d or Conv2d node, whose groups and dilation are zeros of the kernel, behind a pooling or not."""
    axes = 1 if node.kind == "Conv1d" else 2
    weights = node.array("weight")
    planes = found.shape[0] if len(found.shape) == axes + 1 else 0
    groups = node.whole("groups", 1)[0] if "groups" in node.fields else 1
    if weights.ndim != axes + 2 or groups < 1 or len(weights) % groups or weights.shape[1] * groups != planes:
        rule = f"values of shape {found.shape} come in, in {groups} groups"
        raise InputError(f"{node.place}: weight", f"shape {weights.shape}", rule, "Export it again.")
    stride, dilation = (node.whole(name, axes) for name in ("stride", "dilation"))
    padding = padding_of(node, weights.shape[2:], stride, dilation)
    kernel = spread(weights, groups, dilation)
    shape, pool = found.shape, found.pool
    if axes == 1:
        kernel, stride, padding, shape = (
            kernel[:, :, None],
            (1, *stride),
            (0, *padding),
            (planes, 1, shape[1]),
        )
    kernel = found.share * kernel.repeat(pool[0], axis=2).repeat(pool[1], axis=3)
    found.connection = Convolution(
        np.asarray(kernel, np.float32),
        (shape[0], shape[1], shape[2]),
        (stride[0] * pool[0], stride[1] * pool[1]),
        (padding[0] * pool[0], padding[1] * pool[1]),
    )
    out = found.connection.out_shape
    found.shape, found.pool, found.share = (out if axes == 2 else (out[0], out[2])), (1, 1), 1.0


def padding_of(node: Node, kernel: Shape, stride: Shape, dilation: Shape) -> Shape:
    """Zeros on each side: numbers, ``valid`` or ``same``."""
    given = node.fields.get("padding")
    if not isinstance(given, str):
        return node.whole("padding", len(kernel))
    if given == "valid":
        return (0,) * len(kernel)
    if given != "same":
        rule = "it is numbers, valid or same"
        raise InputError(f"{node.place}: padding", given[:40], rule, "Pad with numbers.")
    reach = [step * (size - 1) for size, step in zip(kernel, dilation, strict=True)]
    if any(zeros % 2 for zeros in reach) or set(stride) != {1}:
        rule = "the same padding on both sides is imported, with stride 1"
        raise InputError(f"{node.place}: padding", "same", rule, "Pad with numbers.")
    return tuple(zeros // 2 for zeros in reach)


def spread(weights: Numbers, groups: int, dilation: Shape) -> Numbers:
    """A kernel without groups and dilation: zeros stand where it does not reach.

    >>> spread(np.ones((2, 1, 2)), 2, (2,)).tolist()
    [[[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]]
    """
    out, own = weights.shape[:2]
    taps = tuple(step * (size - 1) + 1 for size, step in zip(weights.shape[2:], dilation, strict=True))
    kernel = np.zeros((out, own * groups, *taps))
    each = out // groups
    places = (slice(None), slice(None), *(slice(None, None, step) for step in dilation))
    for group in range(groups):
        rows, columns = slice(group * each, (group + 1) * each), slice(group * own, (group + 1) * own)
        kernel[rows, columns][places] = weights[rows]
    return kernel


def pooling(node: Node, found: Map) -> None:
    """Sums or means over windows of every plane, as synapses."""
    if len(found.shape) != 3:
        rule = f"values of shape {found.shape} come in, and windows are of planes (C, H, W)"
        raise InputError(node.place, node.kind, rule, "Export it again.")
    kernel = node.whole("kernel_size", 2)
    stride, padding = ((node.whole(n, 2)[0], node.whole(n, 2)[1]) for n in ("stride", "padding"))
    share = 1.0 / float(np.prod(kernel)) if node.kind == "AvgPool2d" else 1.0
    planes, high, wide = found.shape
    window = Convolution(np.full((1, 1, *kernel), share, np.float32), (1, high, wide), stride, padding)
    one = synapses_of(window)
    out = window.target_size
    parts = [(one.sources + plane * high * wide, one.targets + plane * out) for plane in range(planes)]
    sources, targets = (np.concatenate(part) for part in zip(*parts, strict=True))
    weights = np.tile(one.weights, planes)
    found.connection = Sparse.from_synapses(sources, targets, weights, found.size, planes * out)
    found.shape = (planes, *window.out_shape[1:])


def flatten(node: Node, found: Map) -> None:
    """Some axes become one; their order stays."""
    first, last = (node.whole(name, 1)[0] for name in ("start_dim", "end_dim"))
    axes = len(found.shape)
    first, last = first % axes, last % axes
    if first <= last:
        joined = int(np.prod(found.shape[first : last + 1]))
        found.shape = (*found.shape[:first], joined, *found.shape[last + 1 :])


def scale(node: Node, found: Map) -> None:
    """Every value by a factor of its own."""
    factors = each_value(node, "scale", found)
    if found.connection is None:
        found.before = found.before * factors
    else:
        found.behind = found.behind * factors


def delay(node: Node, found: Map) -> None:
    """Every value later by a time of its own."""
    seconds = each_value(node, "delay", found)
    if (seconds < 0).any():
        raise InputError(f"{node.place}: delay", f"{seconds.min():g} s", "a delay is at least 0", "Give 0.")
    if found.connection is None:
        found.late_before = found.late_before + seconds
    else:
        found.late_behind = found.late_behind + seconds


def each_value(node: Node, name: str, found: Map) -> Numbers:
    """A field with one number for each value."""
    values = node.array(name)
    try:
        return np.broadcast_to(values, found.shape).ravel()
    except ValueError:
        if values.size == found.size:
            return values.ravel()
        rule = f"values of shape {found.shape} come in"
        raise InputError(f"{node.place}: {name}", f"shape {values.shape}", rule, "Export it again.") from None


STEPS: dict[str, Callable[[Node, Map], None]] = {
    "Affine": dense,
    "Linear": dense,
    "Conv1d": convolution,
    "Conv2d": convolution,
    "SumPool2d": pooling,
    "AvgPool2d": pooling,
    "Flatten": flatten,
    "Scale": scale,
    "Delay": delay,
}
"""What a node between neurons does to values; one that is not here passes them on."""


class Synapses(NamedTuple):
    """Sources, targets and weights, one for each synapse."""

    sources: Numbers
    targets: Numbers
    weights: Numbers


def synapses_of(connection: Connection) -> Synapses:
    """A connection of one gate, synapse by synapse."""
    if isinstance(connection, Sparse):
        sources = np.repeat(np.arange(connection.source_size), np.diff(connection.pointer))
        return Synapses(sources, connection.targets.astype(np.int64), connection.weights)
    if isinstance(connection, AllToAll):
        sources, targets = np.indices((connection.source_size, connection.target_size)).reshape(2, -1)
        return Synapses(sources, targets, connection.columns.ravel())
    if int(connection.fan_out.sum()) > MOST_WORDS:
        rule = f"synapses of their own are at most {MOST_WORDS:,}"
        raise InputError(
            "convolution", f"{int(connection.fan_out.sum()):,}", rule, "Use one delay and scale."
        )
    marked = connection.with_weights(np.ones_like(connection.kernel))
    parts = []
    for source in range(connection.source_size):
        reached, sums = (np.zeros((1, connection.target_size), np.float32) for _ in range(2))
        marked.accumulate(reached, (0,), source, np.float32(1))
        connection.accumulate(sums, (0,), source, np.float32(1))
        targets = np.flatnonzero(reached[0])
        parts.append((np.full(targets.size, source), targets, sums[0, targets]))
    return Synapses(*(np.concatenate(part) for part in zip(*parts, strict=True)))
