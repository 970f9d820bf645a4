"""What is sent: packets of a pattern with random creation times, or those listed in a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, quoted, read_lines, whole
from deltasim.simulator.flit_network.patterns import Integers, parse_pattern
from deltasim.simulator.flit_network.state import Packets

MOST_PACKETS = 20_000_000
LATEST = 2**40  # cycles: a file's packets lie before


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

    ``rate`` is flits per terminal and cycle; ``pattern`` as :func:`parse_pattern` reads it. Errors:
    InputError for a pattern that does not exist or does not fit the grid, and for a rate outside (0, 1].

    >>> random_packets("uniform", (4,), 1.0, 1, 3, np.random.default_rng(0)).created.tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    """
    destination_of = parse_pattern(pattern, grid)
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
    destination = destination_of(grid, source, generator)
    rows = np.stack([created, source, destination, np.full_like(created, flits)], axis=1)
    return packets_of(rows[destination >= 0], terminals)


def read_packets(path: Path, terminals: int, flits: int) -> Packets:
    """Read a file with a packet a line: ``cycle source destination [flits]``; ``#`` begins a comment.

    Errors: InputError with the line for what does not parse or names a terminal that is not there.
    """
    rows: list[Any] = []
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
