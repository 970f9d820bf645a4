"""What is sent: traffic patterns with random creation times, or packets listed in a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable, quoted, read_lines, whole
from deltasim.simulator.flit_network.state import Packets

Integers = npt.NDArray[np.int64]
Pattern = Callable[[tuple[int, ...], Integers, np.random.Generator], Integers]
MOST_PACKETS = 20_000_000
LATEST = 2**40  # cycles: a file's packets lie before


def uniform(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """Any terminal, the source included, each as likely."""
    return generator.integers(math.prod(grid), size=source.size)


def neighbor(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """The terminal one further in every dimension, wrapping around.

    >>> neighbor((2, 3), np.arange(6), np.random.default_rng(0)).tolist()
    [4, 5, 3, 1, 2, 0]
    """
    places = np.unravel_index(source, grid)
    further = [(place + 1) % size for place, size in zip(places, grid, strict=True)]
    return np.ravel_multi_index(further, grid).astype(np.int64)


def transpose(grid: tuple[int, ...], source: Integers, generator: np.random.Generator) -> Integers:
    """From (x, y) to (y, x); terminals in one row are read as a square. Errors: InputError without a square.

    >>> transpose((4,), np.arange(4), np.random.default_rng(0)).tolist()
    [0, 2, 1, 3]
    """
    side = math.isqrt(math.prod(grid))
    if side * side != math.prod(grid) or (len(grid) == 2 and grid[0] != grid[1]):
        written = "x".join(str(size) for size in grid)
        raise InputError(
            "--traffic transpose",
            written,
            "transpose needs a square of terminals",
            "Give for example mesh:8x8.",
        )
    return source % side * side + source // side


# name -> rule; another pattern is one function and one line here
PATTERNS: dict[str, Pattern] = {"uniform": uniform, "neighbor": neighbor, "transpose": transpose}


def packets_of(rows: Sequence[tuple[int, int, int, int]] | Integers, terminals: int) -> Packets:
    """Packets from rows (created, source, destination, flits) in any order.

    >>> packets_of([(5, 1, 0, 1), (2, 1, 3, 4)], terminals=4).created.tolist()
    [2, 5]
    """
    table = np.asarray(rows, np.int64).reshape(-1, 4)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    source = table[:, 1]
    order = np.argsort(source, kind="stable")
    return Packets(
        source=source.astype(np.int32),
        destination=table[:, 2].astype(np.int32),
        created=table[:, 0].copy(),
        flits=table[:, 3].astype(np.int32),
        order=order.astype(np.int32),
        bounds=np.searchsorted(source[order], np.arange(terminals + 1)).astype(np.int32),
    )


def random_packets(
    pattern: str, grid: tuple[int, ...], rate: float, flits: int, cycles: int, generator: np.random.Generator
) -> Packets:
    """Every terminal creates a packet with probability ``rate / flits`` in each cycle, independently.

    ``rate`` is flits per terminal and cycle. Errors: InputError for a pattern that does not exist or does not
    fit the grid, and for a rate outside (0, 1].

    >>> random_packets("uniform", (4,), 1.0, 1, 3, np.random.default_rng(0)).created.tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    """
    if pattern not in PATTERNS:
        raise InputError(
            "--traffic", pattern, "there is no such pattern and no such file", nearest(pattern, PATTERNS)
        )
    if not 0 < rate <= 1:
        raise InputError(
            "--rate", rate, "a terminal sends more than 0 and at most 1 flit a cycle", "Give 0.1."
        )
    terminals = math.prod(grid)
    chance, places = rate / flits, terminals * cycles
    if chance * places > MOST_PACKETS:
        rule = f"{chance * places:.3g} packets would be sent; {MOST_PACKETS:,} is the most"
        raise InputError("--cycles", f"{cycles:,}", rule, "Give fewer cycles or a lower rate.")
    drawn: list[Integers] = []
    at = -1
    while at < places:  # gaps between the successes of a row of independent draws, one per terminal and cycle
        gaps = generator.geometric(chance, size=int(places * chance) + 64)
        drawn.append(at + np.cumsum(np.minimum(gaps, places + 1)))
        at = int(drawn[-1][-1])
    chosen = np.concatenate(drawn)
    chosen = chosen[chosen < places]
    created, source = np.divmod(chosen, terminals)
    destination = PATTERNS[pattern](grid, source, generator)
    return packets_of(
        np.stack([created, source, destination, np.full_like(created, flits)], axis=1), terminals
    )


def read_packets(path: Path, terminals: int, flits: int) -> Packets:
    """Read a file with a packet a line: ``cycle source destination [flits]``; ``#`` begins a comment.

    Errors: InputError with the line for what does not parse or names a terminal that is not there.
    """
    rows = []
    try:
        for number, text in read_lines(path):
            if len(rows) == MOST_PACKETS:
                raise Unreadable(f"it has more than {MOST_PACKETS:,} packets", number)
            rows.append(packet_of(text, f"{path.name}:{number}", terminals, flits))
    except Unreadable as error:
        rule = f"traffic is lines of text ({error.reason})"
        raise InputError(error.at(path.name), "unreadable", rule, "Name a file of packets.") from None
    if not rows:
        raise InputError(path.name, "no packets", "traffic needs at least one packet", "Add a line: 0 3 5 4.")
    return packets_of(rows, terminals)


def packet_of(text: str, place: str, terminals: int, flits: int) -> tuple[int, int, int, int]:
    """One line of such a file: when the packet is created, source, destination and size.

    >>> packet_of("0 3 5", "file:1", 8, flits=2)
    (0, 3, 5, 2)
    """
    numbers = [whole(word, LATEST) for word in text.replace(",", " ").split()]
    if len(numbers) not in (3, 4) or None in numbers:
        raise InputError(
            place,
            quoted(text),
            f"a packet is written cycle source destination [flits], in whole numbers up to {LATEST:,}",
            "Write for example 0 3 5 4.",
        )
    created, source, destination, size = (number or 0 for number in (*numbers, flits)[:4])
    for terminal in (source, destination):
        if terminal >= terminals:
            rule = f"terminals run from 0 to {terminals - 1}"
            raise InputError(place, terminal, rule, "Name one of these.")
    if not 1 <= size <= 65536:
        raise InputError(place, size, "a packet has 1 to 65,536 flits", "Give another size.")
    return created, source, destination, size
