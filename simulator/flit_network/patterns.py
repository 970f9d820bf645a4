"""Where packets go: patterns with a name, hot spots, and a table of shares from a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable, quoted, read_lines, whole

Integers = npt.NDArray[np.int64]
Pattern = Callable[[tuple[int, ...], Integers, np.random.Generator], Integers]
"""``pattern(grid, source, generator)``: the terminal that each packet goes to, or -1 where it is not sent."""

PLACE = "--traffic"


def uniform(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """Any terminal, the source included, each as likely."""
    return generator.integers(math.prod(grid), size=source.size)


def neighbor(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """The terminal one further in every dimension, wrapping around.

    >>> neighbor((2, 3), np.arange(6), np.random.default_rng(0)).tolist()
    [4, 5, 3, 1, 2, 0]
    """
    return _further(grid, source, [1 for _ in grid])


def tornado(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """The terminal just less than half way round in every dimension: ``ceil(size / 2) - 1`` further.

    >>> tornado((8,), np.arange(8), np.random.default_rng(0)).tolist()
    [3, 4, 5, 6, 7, 0, 1, 2]
    """
    return _further(grid, source, [(size + 1) // 2 - 1 for size in grid])


def transpose(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """From (x, y) to (y, x); terminals in one row are read as a square. Errors: InputError without a square.

    >>> transpose((4,), np.arange(4), np.random.default_rng(0)).tolist()
    [0, 2, 1, 3]
    """
    side = math.isqrt(math.prod(grid))
    if side * side != math.prod(grid) or (len(grid) == 2 and grid[0] != grid[1]):
        written = "x".join(str(size) for size in grid)
        rule = "transpose needs a square of terminals"
        raise InputError(f"{PLACE} transpose", written, rule, "Give for example mesh:8x8.")
    return source % side * side + source // side


def bitcomp(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """The terminal whose number has every bit the other way round: the opposite corner of a mesh.

    >>> bitcomp((4,), np.arange(4), np.random.default_rng(0)).tolist()
    [3, 2, 1, 0]
    """
    return (1 << _bits(grid, "bitcomp")) - 1 - source


def bitrev(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """The terminal whose number has the bits in reverse order.

    >>> bitrev((8,), np.arange(8), np.random.default_rng(0)).tolist()
    [0, 4, 2, 6, 1, 5, 3, 7]
    """
    bits = _bits(grid, "bitrev")
    turned = np.zeros_like(source)
    for bit in range(bits):
        turned |= (source >> bit & 1) << (bits - 1 - bit)
    return turned


def shuffle(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """The terminal whose number has the bits one place to the left, the first one last.

    >>> shuffle((8,), np.arange(8), np.random.default_rng(0)).tolist()
    [0, 2, 4, 6, 1, 3, 5, 7]
    """
    bits = _bits(grid, "shuffle")
    return (source << 1 & (1 << bits) - 1) | (source << 1 >> bits)


def hotspot(hot: tuple[int, ...], share: float) -> Pattern:
    """``share`` of the packets go to the hot terminals, each as likely, the others to any terminal.

    >>> to_one = hotspot((2,), 1.0)
    >>> to_one((4,), np.arange(4), np.random.default_rng(0)).tolist()
    [2, 2, 2, 2]
    """
    spots = np.array(hot, np.int64)

    def pattern(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
        heated = generator.random(source.size) < share
        chosen = spots[generator.integers(spots.size, size=source.size)]
        return np.where(heated, chosen, uniform(grid, source, generator))

    return pattern


def table(shares: npt.NDArray[np.float64]) -> Pattern:
    """A source sends ``shares[source, destination]`` of its packets to each destination, the rest nowhere.

    >>> half_silent = table(np.array([[0.0, 1.0], [0.0, 0.0]]))
    >>> half_silent((2,), np.array([0, 1]), np.random.default_rng(0)).tolist()
    [1, -1]
    """
    terminals = len(shares)
    bounds = np.minimum(np.cumsum(shares, axis=1), 1.0)
    ladder = (bounds + np.arange(terminals)[:, None]).ravel()  # row s climbs from s to at most s + 1

    def pattern(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
        drawn = source + generator.random(source.size)
        chosen = np.searchsorted(ladder, drawn, side="right") - source * terminals
        return np.where(chosen < terminals, chosen, -1)

    return pattern


# name -> rule; another pattern is one function and one line here
PATTERNS: dict[str, Pattern] = {
    "uniform": uniform,
    "neighbor": neighbor,
    "tornado": tornado,
    "transpose": transpose,
    "bitcomp": bitcomp,
    "bitrev": bitrev,
    "shuffle": shuffle,
}
SPELLED = ("hotspot", "table")  # those that say more behind a colon


def is_pattern(text: str) -> bool:
    """Whether a text names a pattern, rather than a file of packets."""
    return text in PATTERNS or text.partition(":")[0] in SPELLED


def parse_pattern(text: str, grid: tuple[int, ...]) -> Pattern:
    """Read a pattern's name, or ``hotspot``, ``hotspot:27,36``, ``hotspot:27:0.2`` or ``table:FILE``.

    A hot spot is one of the terminals named, or the one in the middle; all packets go there, or the share
    behind the second colon. The file of a table is read by :func:`read_shares`.
    Errors: InputError for what does not parse, and for terminals that are not there.

    >>> parse_pattern("hotspot", (4, 4))((4, 4), np.arange(2), np.random.default_rng(0)).tolist()
    [10, 10]
    """
    name, _, rest = text.partition(":")
    if text in PATTERNS:
        return PATTERNS[text]
    if name == "table":
        return table(read_shares(Path(rest), math.prod(grid)))
    if name == "hotspot":
        return _parse_hotspot(text, rest, grid)
    raise InputError(
        PLACE, text[:80], "there is no such pattern and no such file", nearest(name, [*PATTERNS, *SPELLED])
    )


def read_shares(path: Path, terminals: int) -> npt.NDArray[np.float64]:
    """Read a table of traffic with a line ``source destination share`` for each pair; ``#`` begins a comment.

    Of the flits that a terminal may send at the rate asked for, it sends ``share`` to the destination; the
    shares of a source add up to at most 1, and one that has none sends nothing. With a rate of 1 flit a cycle
    shares are flits a cycle. Shape (N sources, N destinations). Errors: InputError with the line.
    """
    shares = np.zeros((terminals, terminals))
    try:
        for number, text in read_lines(path):
            place = f"{path.name}:{number}"
            source, destination, share = share_of(text, place, terminals)
            shares[source, destination] += share
            if shares[source].sum() > 1 + 1e-9:
                rule = f"the shares of terminal {source} add up to more than 1"
                raise InputError(place, quoted(text), rule, "Make them add up to at most 1.")
    except Unreadable as error:
        rule = f"a table of traffic is lines of text ({error.reason})"
        raise InputError(PLACE, error.at(path), rule, "Write table:FILE, with a file that exists.") from None
    if not shares.any():
        rule = "traffic needs at least one share above 0"
        raise InputError(path.name, "no shares", rule, "Add a line: 0 5 0.25.")
    return shares


def share_of(text: str, place: str, terminals: int) -> tuple[int, int, float]:
    """One line of such a table.

    >>> share_of("0 5 0.25", "file:1", terminals=8)
    (0, 5, 0.25)
    """
    words = text.replace(",", " ").split()
    ends = [whole(word, 10**9) for word in words[:2]]
    try:
        share = float(words[2])
    except (IndexError, ValueError):
        share = math.nan
    if len(words) != 3 or None in ends or not 0 <= share <= 1:
        rule = "a line is written source destination share, the share from 0 to 1"
        raise InputError(place, quoted(text), rule, "Write for example 0 5 0.25.")
    source, destination = (end or 0 for end in ends)
    if max(source, destination) >= terminals:
        rule = f"terminals run from 0 to {terminals - 1}"
        raise InputError(place, quoted(text), rule, "Name two of these.")
    return source, destination, share


def _parse_hotspot(text: str, rest: str, grid: tuple[int, ...]) -> Pattern:
    terminals = math.prod(grid)
    named, _, written = rest.partition(":")
    middle = int(np.ravel_multi_index([size // 2 for size in grid], grid))
    hot = [whole(number.strip(), 10**9) for number in named.split(",")] if named else [middle]
    try:
        share = float(written) if written else 1.0
    except ValueError:
        share = math.nan
    if None in hot or not 0 <= share <= 1:
        rule = "a hot spot is written hotspot, hotspot:27,36 or hotspot:27:0.2, the share from 0 to 1"
        raise InputError(PLACE, text[:80], rule, "Write for example hotspot:27:0.2.")
    chosen = tuple(terminal for terminal in hot if terminal is not None and terminal < terminals)
    if len(chosen) < len(hot):
        rule = f"terminals run from 0 to {terminals - 1}"
        raise InputError(PLACE, text[:80], rule, "Name one of these.")
    return hotspot(chosen, share)


def _further(grid: tuple[int, ...], source: Integers, steps: list[int]) -> Integers:
    places = np.unravel_index(source, grid)
    further = [(place + step) % size for place, step, size in zip(places, steps, grid, strict=True)]
    return np.ravel_multi_index(further, grid).astype(np.int64)


def _bits(grid: tuple[int, ...], name: str) -> int:
    terminals = math.prod(grid)
    if terminals & (terminals - 1):
        rule = f"{name} needs a power of two of terminals"
        raise InputError(f"{PLACE} {name}", f"{terminals:,}", rule, "Give for example mesh:8x8.")
    return terminals.bit_length() - 1
