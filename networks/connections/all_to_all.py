"""Every source neuron reaches every target neuron, with one weight for each gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deltasim.networks.connections.integrating import Integrating, held
from deltasim.networks.connections.reach import largest_magnitude
from deltasim.networks.connections.rules import Integrator, bounds_of, fed_of, require_matching
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import saturated, shifted
from deltasim.runtime.arrays import Integers, Numbers, aligned
from deltasim.runtime.compiling import kernel, part
from deltasim.runtime.errors import InputError


@dataclass(frozen=True, eq=False)
class AllToAll(Integrating):
    """Weights stored column by column: ``columns[source, gate, target]``, because a message fetches a column.

    A message (source, delta) does ``accumulators[fed[g]] += columns[source, g] * delta`` for every gate g.
    ``columns`` has shape (n_source, G, n_target): float32, or raw integers of the weight format.

    >>> import numpy as np
    >>> connection = AllToAll(np.float32([[[1, 2, 3]], [[4, 5, 6]]]))     # 2 sources, 1 gate, 3 targets
    >>> accumulators = np.zeros((1, 3), np.float32)
    >>> connection.accumulate(accumulators, (0,), source=1, delta=0.5)
    >>> accumulators.tolist(), connection.fan_out.tolist()
    ([[2.0, 2.5, 3.0]], [3, 3])
    """

    columns: Numbers

    def __post_init__(self) -> None:
        columns = np.ascontiguousarray(self.columns)
        if columns.ndim != 3 or 0 in columns.shape:
            rule = "all-to-all weights have the shape (sources, gates, targets), none of them 0"
            raise InputError("weights", f"shape {columns.shape}", rule, "Reshape the array.")
        if columns.dtype.kind == "f":
            columns = np.ascontiguousarray(columns, np.float32)
        object.__setattr__(self, "columns", aligned(columns))

    @classmethod
    def from_matrices(cls, weights: ArrayLike) -> AllToAll:
        """From gate matrices of shape (G, n_target, n_source), or one matrix (n_target, n_source).

        >>> AllToAll.from_matrices([[1.0, 2.0], [3.0, 4.0]]).columns.tolist()
        [[[1.0, 3.0]], [[2.0, 4.0]]]
        """
        matrices = np.asarray(weights)
        if matrices.ndim == 2:
            matrices = matrices[None]
        return cls(np.ascontiguousarray(matrices.transpose(2, 0, 1)))

    @property
    def source_size(self) -> int:
        return int(self.columns.shape[0])

    @property
    def target_size(self) -> int:
        return int(self.columns.shape[2])

    @property
    def gates(self) -> int:
        return int(self.columns.shape[1])

    @property
    def weights(self) -> Numbers:
        """The stored words, as they lie in memory."""
        return self.columns

    @property
    def content(self) -> tuple[Numbers, ...]:
        """Everything that makes this connection what it is, as arrays: for digests."""
        return (self.columns,)

    @property
    def weight_words(self) -> int:
        """Words stored."""
        return int(self.columns.size)

    @property
    def fan_out(self) -> Integers:
        """Words fetched, and multiply-accumulates done, for a message of each source. Shape (n_source,)."""
        return np.full(self.source_size, self.gates * self.target_size, np.int64)

    def index_bits(self, targets: int) -> int:
        """Bits stored beside a word to say where it belongs: none, its place says it."""
        return 0

    def column_words(self, bounds: Sequence[int] | Integers) -> Integers:
        """Words of each column that fall in target neurons [bounds[i], bounds[i+1]). (n_source, len - 1)."""
        return np.tile(np.diff(bounds_of(bounds, self.target_size)) * self.gates, (self.source_size, 1))

    def restrict(self, lo: int, hi: int) -> AllToAll:
        """The part that feeds target neurons [lo, hi): what a core that holds only those needs."""
        bounds_of((lo, hi), self.target_size)
        return AllToAll(self.columns[:, :, lo:hi])

    def with_weights(self, weights: Numbers) -> AllToAll:
        """The same connection with other stored words."""
        return AllToAll(weights)

    def integrator(self, fed: Sequence[int] | Integers, arithmetic: Arithmetic) -> Integrator:
        """``integrate`` with its lanes and arithmetic settled once: ``f(accumulators, sources, deltas)``."""
        require_matching(self.columns, arithmetic)
        columns, rows = self.columns, fed_of(fed)
        if not isinstance(arithmetic, FixedPoint):
            return lambda totals, sources, deltas: add_columns(totals, rows, columns, sources, deltas)
        shift = arithmetic.product_shift
        if arithmetic.fits_32_bits:
            largest_weight = -int(np.iinfo(columns.dtype).min)
            return held(
                lambda totals, sources, deltas, lowest, highest: add_columns_narrow(
                    totals, rows, columns, sources, deltas, -shift, largest_weight, lowest, highest
                ),
                rows,
                arithmetic,
                32,
            )
        return held(
            lambda totals, sources, deltas, lowest, highest: add_columns_fixed(
                totals, rows, columns, sources, deltas, shift, lowest, highest
            ),
            rows,
            arithmetic,
        )


@kernel
def add_columns(
    accumulators: Numbers, fed: Integers, columns: Numbers, sources: Numbers, deltas: Numbers
) -> None:
    """Add float32 columns, each read from end to end; eight messages pass over the accumulators at once, each
    add still rounded in order."""
    targets, gates = columns.shape[2], columns.shape[1]
    whole = sources.size - sources.size % 8
    for first in range(0, whole, 8):
        da, db, dc, dd = deltas[first], deltas[first + 1], deltas[first + 2], deltas[first + 3]
        de, df, dg, dh = deltas[first + 4], deltas[first + 5], deltas[first + 6], deltas[first + 7]
        for gate in range(gates):
            row = accumulators[fed[gate]]
            a, b = columns[sources[first], gate], columns[sources[first + 1], gate]
            c, d = columns[sources[first + 2], gate], columns[sources[first + 3], gate]
            e, f = columns[sources[first + 4], gate], columns[sources[first + 5], gate]
            g, h = columns[sources[first + 6], gate], columns[sources[first + 7], gate]
            for target in range(targets):
                total = (((row[target] + a[target] * da) + b[target] * db) + c[target] * dc) + d[target] * dd
                row[target] = (((total + e[target] * de) + f[target] * df) + g[target] * dg) + h[target] * dh
    for rest in range(whole, sources.size):
        delta = deltas[rest]
        for gate in range(gates):
            row, column = accumulators[fed[gate]], columns[sources[rest], gate]
            for target in range(targets):
                row[target] += column[target] * delta


@kernel
def add_columns_fixed(
    accumulators: Numbers,
    fed: Integers,
    columns: Numbers,
    sources: Numbers,
    deltas: Numbers,
    shift: int,
    lowest: int,
    highest: int,
) -> None:
    """Add raw columns: every product rounded to the accumulator's fraction, every sum saturated."""
    for message in range(sources.size):
        delta = np.int64(deltas[message])
        for gate in range(columns.shape[1]):
            row, column = accumulators[fed[gate]], columns[sources[message], gate]
            for target in range(columns.shape[2]):
                product = shifted(delta * column[target], shift)
                row[target] = saturated(row[target] + product, lowest, highest)


@kernel
def add_columns_narrow(
    accumulators: Numbers,
    fed: Integers,
    columns: Numbers,
    sources: Numbers,
    deltas: Numbers,
    left_shift: int,
    largest_weight: int,
    lowest: int,
    highest: int,
) -> None:
    """The same where no product is rounded (it is raised by 2**raised) and 32 bits hold every sum.

    No weight is beyond +-``largest_weight``. Eight messages that cannot take a sum to its bounds pass over
    the accumulators at once, and no sum is looked at; all others come one by one, every sum saturated.
    """
    reach = np.int64(highest + 1)  # no sum is beyond it
    for first in range(0, sources.size, 8):
        end = min(first + 8, sources.size)
        growth = np.int64(0)
        for message in range(first, end):
            growth += abs(np.int64(deltas[message])) * largest_weight << left_shift
        if reach + growth > highest:
            reach = np.int64(0)
            for gate in range(fed.size):
                reach = max(reach, largest_magnitude(accumulators[fed[gate]]))
        if end - first == 8 and reach + growth <= highest:
            add_eight(accumulators, fed, columns, sources[first:end], deltas[first:end], left_shift)
        else:
            for message in range(first, end):
                add_saturated(
                    accumulators,
                    fed,
                    columns[sources[message]],
                    deltas[message] << left_shift,
                    lowest,
                    highest,
                )
        reach += growth


@part
def add_eight(
    accumulators: Numbers,
    fed: Integers,
    columns: Numbers,
    sources: Numbers,
    deltas: Numbers,
    left_shift: int,
) -> None:
    """Eight columns of raw words, each read from end to end, where no sum can reach its bounds."""
    da, db = np.int32(deltas[0] << left_shift), np.int32(deltas[1] << left_shift)
    dc, dd = np.int32(deltas[2] << left_shift), np.int32(deltas[3] << left_shift)
    de, df = np.int32(deltas[4] << left_shift), np.int32(deltas[5] << left_shift)
    dg, dh = np.int32(deltas[6] << left_shift), np.int32(deltas[7] << left_shift)
    for gate in range(fed.size):
        row = accumulators[fed[gate]]
        a, b = columns[sources[0], gate], columns[sources[1], gate]
        c, d = columns[sources[2], gate], columns[sources[3], gate]
        e, f = columns[sources[4], gate], columns[sources[5], gate]
        g, h = columns[sources[6], gate], columns[sources[7], gate]
        for target in range(row.size):
            total = np.int32(row[target] + np.int32(da * np.int32(a[target])))
            total = np.int32(total + np.int32(db * np.int32(b[target])))
            total = np.int32(total + np.int32(dc * np.int32(c[target])))
            total = np.int32(total + np.int32(dd * np.int32(d[target])))
            total = np.int32(total + np.int32(de * np.int32(e[target])))
            total = np.int32(total + np.int32(df * np.int32(f[target])))
            total = np.int32(total + np.int32(dg * np.int32(g[target])))
            row[target] = np.int32(total + np.int32(dh * np.int32(h[target])))


@part
def add_saturated(
    accumulators: Numbers, fed: Integers, column: Numbers, delta: int, lowest: int, highest: int
) -> None:
    """One column of raw words, every sum saturated."""
    least, most, times = np.int32(lowest), np.int32(highest), np.int32(delta)
    for gate in range(fed.size):
        row, words = accumulators[fed[gate]], column[gate]
        for target in range(row.size):
            total = np.int32(row[target] + np.int32(times * np.int32(words[target])))
            row[target] = min(max(total, least), most)
