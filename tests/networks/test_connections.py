"""What a message fetches and adds, in whole and in slices."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.connections import AllToAll, Convolution, Sparse
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.runtime.errors import InputError

seeds = st.integers(0, 2**16)


@st.composite
def connections(draw):
    rng = np.random.default_rng(draw(seeds))
    kind = draw(st.sampled_from(["all_to_all", "sparse", "convolution"]))
    if kind == "sparse":
        gates, targets, sources = draw(st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 9)))
        matrices = rng.normal(size=(gates, targets, sources)).astype(np.float32)
        return Sparse.from_matrices(
            matrices * (rng.random(matrices.shape) < draw(st.sampled_from([0.1, 0.6])))
        )
    if kind == "all_to_all":
        shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 12)))
        return AllToAll(rng.normal(size=shape).astype(np.float32))
    planes, size = draw(st.integers(1, 3)), draw(st.tuples(st.integers(3, 6), st.integers(3, 6)))
    gates = draw(st.integers(1, 3))
    kernel = (gates * draw(st.integers(1, 3)), planes, *draw(st.tuples(*[st.integers(1, 3)] * 2)))
    stride, padding = draw(st.tuples(*[st.integers(1, 3)] * 2)), draw(st.tuples(*[st.integers(0, 2)] * 2))
    weights = rng.normal(size=kernel).astype(np.float32)
    after = draw(st.none() | st.tuples(*[st.integers(0, 2)] * 2))
    if after is not None:
        padding = tuple(draw(st.integers(-behind, 2)) for behind in after)
    return Convolution(weights, (planes, *size), stride, padding, gates=gates, after=after)


def matrix(connection):
    """The connection as a plain (source, gate, target) array, one message at a time."""
    rows = []
    for source in range(connection.source_size):
        accumulators = np.zeros((connection.gates, connection.target_size), np.float32)
        connection.accumulate(accumulators, range(connection.gates), source, np.float32(1))
        rows.append(accumulators)
    return np.array(rows)


@given(connections(), st.data())
def test_slices_join_to_the_whole(connection, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, connection.target_size), max_size=3)))
    bounds = [0, *cuts, connection.target_size]
    parts = [connection.restrict(lo, hi) for lo, hi in pairwise(bounds) if hi > lo]
    assert (np.concatenate([matrix(part) for part in parts], axis=2) == matrix(connection)).all()
    words = connection.column_words(bounds)
    assert words.shape == (connection.source_size, len(bounds) - 1)
    assert (words.sum(axis=1) == connection.fan_out).all()
    sizes = [words[:, i] for i in range(len(bounds) - 1) if bounds[i + 1] > bounds[i]]
    for part, column in zip(parts, sizes, strict=True):
        assert (part.fan_out == column).all()


@given(connections())
def test_fan_out_counts_the_targets_touched(connection):
    touched = (matrix(connection) != 0).sum(axis=(1, 2))  # normal weights are never 0
    assert (touched == connection.fan_out).all()


@given(connections(), seeds, st.integers(0, 11))
def test_integrating_together_gives_the_bits_of_one_by_one(connection, seed, count):
    rng = np.random.default_rng(seed)
    sources = np.sort(rng.integers(0, connection.source_size, count)).astype(np.int32)
    deltas = rng.normal(size=count).astype(np.float32)
    together = rng.normal(size=(connection.gates, connection.target_size)).astype(np.float32)
    apart = together.copy()
    plain = together.copy()
    connection.integrate(together, range(connection.gates), sources, deltas)
    weights = matrix(connection)
    for source, delta in zip(sources, deltas, strict=True):
        connection.accumulate(apart, range(connection.gates), int(source), delta)
        plain += weights[source] * delta
    assert (together == apart).all()
    assert (together == plain).all()


def test_gates_feed_the_lanes_named():
    connection = AllToAll(np.float32([[[1], [2], [3]]]))
    accumulators = np.zeros((4, 1), np.float32)
    connection.accumulate(accumulators, (0, 1, 3), 0, 1.0)
    assert accumulators[:, 0].tolist() == [1, 2, 0, 3]


@given(seeds, st.integers(1, 4))
def test_sparse_words_are_those_of_the_matrices(seed, gates):
    """The same additions as all-to-all, in float32 and fixed point, for the words that are not 0."""
    rng = np.random.default_rng(seed)
    arithmetic = FixedPoint()
    matrices = rng.integers(-9, 9, (gates, 5, 4)).astype(np.int8)
    sparse, whole = Sparse.from_matrices(matrices), AllToAll.from_matrices(matrices)
    assert sparse.weight_words == np.count_nonzero(matrices)
    assert (sparse.fan_out == np.count_nonzero(matrices, axis=(0, 1))).all()
    sources, deltas = np.arange(4, dtype=np.int32), rng.integers(-900, 900, 4).astype(np.int32)
    totals = np.zeros((2, gates, 5), np.int32)
    for own, connection in zip(totals, (sparse, whole), strict=True):
        connection.integrate(own, range(gates), sources, deltas, arithmetic)
    assert (totals[0] == totals[1]).all()


@given(seeds)
def test_synapses_come_in_any_order(seed):
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(3, 4)) * (rng.random((3, 4)) < 0.5)
    targets, sources = np.nonzero(dense)
    order = rng.permutation(len(sources))
    listed = (sources[order], targets[order], dense[targets, sources][order])
    sparse, expected = Sparse.from_synapses(*listed, 4, 3), Sparse.from_matrices(dense)
    for one, other in zip(sparse.content, expected.content, strict=True):
        assert (one == other).all()


def test_index_bits_name_a_place_on_the_core():
    sparse = Sparse.from_matrices(np.ones((3, 8, 1)))
    assert [sparse.index_bits(targets) for targets in (1, 2, 8)] == [2, 3, 5]  # of 3, 6 and 24 places
    assert AllToAll(np.ones((1, 3, 8), np.float32)).index_bits(8) == 0


def test_convolution_words():
    connection = Convolution(np.ones((24, 3, 5, 5), np.float32), (3, 33, 100), stride=(2, 2))
    assert connection.out_shape == (24, 15, 48)
    assert connection.weight_words == 24 * 3 * 25
    assert connection.fan_out.sum() == 24 * 15 * 48 * 75  # every multiplication belongs to one source


@given(seeds, st.integers(-2, 3), st.integers(0, 3))
def test_a_padding_may_differ_behind_and_leave_columns_out(seed, before, behind):
    """Beside PyTorch, which is given the input cut or padded by hand."""
    rng = np.random.default_rng(seed)
    kernel, values = (rng.normal(size=size).astype(np.float32) for size in ((2, 3, 2, 3), (3, 4, 5)))
    connection = Convolution(kernel, (3, 4, 5), padding=(1, before), after=(0, behind))
    found = np.zeros((1, connection.target_size), np.float32)
    connection.integrate(found, (0,), np.arange(60, dtype=np.int32), values.ravel())
    padded = torch.nn.functional.pad(torch.from_numpy(values), (before, behind, 1, 0))
    expected = torch.nn.functional.conv2d(padded, torch.from_numpy(kernel)).numpy()
    assert connection.out_shape == expected.shape
    assert np.allclose(found.reshape(expected.shape), expected, atol=1e-5)


@given(seeds)
def test_gates_of_a_convolution_are_convolutions_of_their_own(seed):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(4, 2, 2, 3)).astype(np.float32)
    both = Convolution(kernel, (2, 4, 5), (1, 2), (0, 1), gates=2)
    alone = [Convolution(part, (2, 4, 5), (1, 2), (0, 1)) for part in np.split(kernel, 2)]
    assert both.out_shape == alone[0].out_shape
    assert (matrix(both) == np.concatenate([matrix(part) for part in alone], axis=1)).all()
    assert both.weight_words == 2 * alone[0].weight_words


@pytest.mark.parametrize("form", [Q(1, 7), Q(2, 10)])
def test_fixed_point_saturates(form):
    arithmetic = FixedPoint(weight=form, accumulator=Q(2, 6))
    top = np.array([[[form.highest]]], form.dtype)
    for connection in (AllToAll(top), Convolution(top[None], (1, 1, 1)), Sparse.from_matrices(top)):
        accumulators = np.zeros((1, 1), np.int32)
        for delta in (30000, 30000, -65535, -65535):
            connection.accumulate(accumulators, (0,), 0, delta, arithmetic)
            assert accumulators[0, 0] == (127 if delta > 0 else -128)


def test_errors():
    with pytest.raises(InputError, match=r"weights: shape \(2, 3\): all-to-all weights have the shape"):
        AllToAll(np.zeros((2, 3), np.float32))
    for pointer, targets, sentence in (
        (
            [0, 1, 2],
            [0, 3],
            r"weights: word 1: 3: targets of a source ascend without repetition, within 0 to 2",
        ),
        ([0, 2, 2], [1, 1], r"weights: word 1: 1: targets of a source ascend.* Sort, or add up double words"),
        (
            [0, 2, 1],
            [0, 1],
            r"pointer: \[0, 2, 1\]: the pointer of a sparse connection ascends from 0 to its 2",
        ),
        ([0, 1, 2], [0, 1, 2], r"\(3,\) and \(2,\): targets and weights .* are two lists of one length"),
    ):
        with pytest.raises(InputError, match=sentence):
            Sparse(pointer, targets, np.ones(2, np.float32), 3)
    with pytest.raises(InputError, match=r"weights: 0 x 1: a sparse connection has at least one target"):
        Sparse([0, 0], [], np.ones(0, np.float32), 0)
    with pytest.raises(InputError, match=r"synapses: 0 to 2: sources lie within 0 to 1"):
        Sparse.from_synapses([0, 2], [0, 0], [1.0, 1.0], 2, 3)
    with pytest.raises(InputError, match=r"a kernel on 2 input planes has the shape"):
        Convolution(np.zeros((1, 3, 3, 3), np.float32), (2, 8, 8))
    with pytest.raises(
        InputError, match=r"weights: 3 output planes: the kernels of 2 gates.* as many planes"
    ):
        Convolution(np.zeros((3, 2, 3, 3), np.float32), (2, 8, 8), gates=2)
    with pytest.raises(InputError, match=r"stride \(0, 1\).*a stride is at least 1"):
        Convolution(np.zeros((1, 2, 3, 3), np.float32), (2, 8, 8), stride=(0, 1))
    with pytest.raises(InputError, match=r"does not fit the padded input \(2, 2\)"):
        Convolution(np.zeros((1, 2, 3, 3), np.float32), (2, 2, 2))
    connection = AllToAll(np.zeros((2, 1, 3), np.float32))
    with pytest.raises(
        InputError, match=r"target slice: \[0, 4\]: bounds of target neurons ascend within 0 to 3"
    ):
        connection.column_words([0, 4])
    with pytest.raises(InputError, match="weights of type float32 do not belong to fixed point"):
        connection.accumulate(np.zeros((1, 3), np.int32), (0,), 0, 1, FixedPoint())
