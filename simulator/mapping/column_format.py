"""How much of a connection a core stores: columns of one length, or packed columns of many."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from deltasim.networks.connections import Convolution, Sparse

if TYPE_CHECKING:
    from deltasim.networks.connections import Connection


class Even(NamedTuple):
    """Columns of ``words`` words each; ``sources_per_column`` source neurons share one.

    >>> Even(columns=10, words=3, sources_per_column=1).bytes(4)       # two bytes a column
    20
    """

    columns: int
    words: int
    sources_per_column: int

    @property
    def index_bits(self) -> int:
        """None: a word's place says where it belongs."""
        return 0

    @property
    def total_words(self) -> int:
        return self.columns * self.words

    def stride(self, bits: int) -> int:
        """Bytes from one column to the next."""
        return -(-self.words * bits // 8)

    def bytes(self, bits: int) -> int:
        """Whole bytes for each column."""
        return self.columns * self.stride(bits)


class Packed(NamedTuple):
    """Columns of different length, one after another: ``lengths[w]`` of them have w words.

    ``index_bits`` lie beside every word, to say where it belongs. ``slack_bytes`` is what rounding up to
    whole bytes may add where only the total is known.

    >>> Packed(np.array([5, 0, 2]), index_bits=6).bytes(4)             # 5 empty ones, 2 of 2 words of 10 bits
    6
    """

    lengths: npt.NDArray[np.int64]
    index_bits: int
    slack_bytes: int = 0

    @property
    def sources_per_column(self) -> int:
        return 1

    @property
    def total_words(self) -> int:
        return int(self.lengths @ np.arange(self.lengths.size))

    def stride(self, bits: int) -> int:
        """None: where a column begins depends on all before it."""
        return 0

    def bytes(self, bits: int) -> int:
        """Whole bytes for each column."""
        words = np.arange(self.lengths.size, dtype=np.int64)
        return int(self.lengths @ -(-words * (bits + self.index_bits) // 8)) + self.slack_bytes


ColumnFormat: TypeAlias = Even | Packed


def column_formats(connection: Connection, parts: Sequence[tuple[int, int]]) -> list[ColumnFormat]:
    """What each core stores of a connection, for ascending contiguous target partitions (start, stop).

    >>> pruned = Sparse.from_matrices([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    >>> [column_format.total_words for column_format in column_formats(pruned, [(0, 2), (2, 3)])]
    [2, 1]
    """
    if isinstance(connection, Sparse):
        words = connection.column_words([parts[0][0], *(stop for _, stop in parts)])
        bits = [connection.index_bits(stop - start) for start, stop in parts]
        return [Packed(np.bincount(words[:, part]), own) for part, own in enumerate(bits)]
    if isinstance(connection, Convolution):
        planes_in, high, wide = connection.in_shape
        plane = connection.out_shape[1] * connection.out_shape[2]
        planes = [-(-stop // plane) - start // plane for start, stop in parts]
        return [Even(planes_in, count * kernel_words(connection), high * wide) for count in planes]
    return [Even(connection.source_size, connection.gates * (stop - start), 1) for start, stop in parts]


def fullest(connection: Connection, size: int, cores: int) -> ColumnFormat:
    """At most so much lies on one core when ``size`` targets are spread over ``cores``."""
    most = -(-size // cores)
    if isinstance(connection, Convolution):
        planes, high, wide = connection.out_shape
        words = min(planes, (most - 2) // (high * wide) + 2) * kernel_words(connection)
        return Even(connection.in_shape[0], words, connection.in_shape[1] * connection.in_shape[2])
    if isinstance(connection, Sparse):
        into = np.bincount(connection.targets // connection.gates, minlength=size)
        before = np.concatenate([[0], np.cumsum(into)])
        bounds = [-(-size * part // cores) for part in range(cores + 1)]
        total = max(int(before[stop] - before[start]) for start, stop in pairwise(bounds))
        ends = np.zeros(total + 1, np.int64)
        ends[total] = 1
        return Packed(ends, connection.index_bits(most), min(connection.source_size, total))
    return Even(connection.source_size, connection.gates * most, 1)


def kernel_words(connection: Convolution) -> int:
    """Words of the kernels, one for each gate, from one input plane to one output plane."""
    return connection.gates * int(connection.kernel.shape[2] * connection.kernel.shape[3])
