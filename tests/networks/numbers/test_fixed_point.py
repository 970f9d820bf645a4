"""Fixed point, bit for bit, against an implementation in Python's own whole numbers and fractions."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.cells import conv2d, dense
from deltasim.networks.connections import AllToAll, Sparse
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import EDGEDRNN, FixedPoint, Q, quantise
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError
from tests.networks.numbers.slow_fixed_point import SlowNetwork, held

arithmetics = st.builds(
    FixedPoint,
    activation=st.sampled_from([Q(8, 8), Q(3, 5), Q(2, 10), Q(4, 3)]),
    weight=st.sampled_from([Q(1, 7), Q(2, 6), Q(3, 11), Q(1, 3), Q(3, 29)]),
    accumulator=st.sampled_from([Q(9, 15), Q(4, 8), Q(3, 5), Q(10, 22)]),  # finer and coarser than a product
    lookup=st.sampled_from([Q(2, 4), Q(1, 7), Q(2, 12)]),
    rounded=st.sampled_from([(), ("factors",), ("terms",), ("factors", "terms")]),
    overflow=st.sampled_from(["saturate", "wrap"]),
)

weight_formats = st.sampled_from([Q(1, 3), Q(2, 2), Q(1, 7), Q(1, 15), Q(2, 30)])
# by role and by name, in stacks of one layer of any kind
own_formats = st.fixed_dictionaries({}, optional={"input": weight_formats, "recurrent": weight_formats})


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@settings(max_examples=12)
@given(
    arithmetic=arithmetics,
    seed=st.integers(0, 2**16),
    theta=st.sampled_from([0.0, 0.1, 0.3]),
    own=own_formats,
)
def test_every_bit_of_a_stack(kind, arithmetic, seed, theta, own):
    rng = np.random.default_rng(seed)
    network = quantised(random_stack(kind, 3, (4,), rng, theta=theta, readout=2), arithmetic, own)
    frames = np.cumsum(rng.normal(0, 0.6, (6, 3)), axis=0).astype(np.float32)
    trace, (output,) = execute(network, [frames])
    reference, scale = SlowNetwork(network), 2.0**arithmetic.activation.fraction
    for step, frame in enumerate(frames):
        expected = reference.step(frame)
        messages = trace.step(step)
        found = [(int(m["projection"]), int(m["source"]), float(m["delta"]) * scale) for m in messages]
        assert found == expected
        assert (output[step] * scale).tolist() == reference.state["readout"][0]


@pytest.mark.parametrize("activation", ["identity", "relu", "sigmoid", "tanh"])
@settings(max_examples=8)
@given(arithmetic=arithmetics, seed=st.integers(0, 2**16))
def test_every_bit_of_a_dense_activation(activation, arithmetic, seed):
    rng = np.random.default_rng(seed)
    parameters = dense.Parameters(rng.normal(size=(4, 3)), rng.normal(size=4))
    network = quantised(feed_forward((3,), [(parameters, activation)], theta=0.1), arithmetic)
    frames = rng.normal(size=(4, 3)).astype(np.float32)
    _, (output,) = execute(network, [frames])
    reference = SlowNetwork(network)
    for frame, values in zip(frames, output, strict=True):
        reference.step(frame)
        raw = values * 2.0**arithmetic.activation.fraction
        assert raw.tolist() == reference.state["dense_0"][0]


@settings(max_examples=60)
@given(
    weight=st.sampled_from([Q(1, 7), Q(1, 3), Q(1, 9)]),
    accumulator=st.sampled_from([Q(9, 15), Q(3, 17), Q(6, 21), Q(2, 15)]),
    messages=st.integers(0, 40),
    largest=st.sampled_from([3, 200, 65535]),  # of the deltas: some cannot reach a bound, some must
    fullness=st.sampled_from([0.0, 0.5, 0.999, 1.0]),  # of the accumulators at the start
    overflow=st.sampled_from(["saturate", "wrap"]),
    seed=st.integers(0, 2**16),
)
def test_every_sum_is_held_however_many_messages_pass_at_once(
    weight, accumulator, messages, largest, fullness, overflow, seed
):
    arithmetic = FixedPoint(weight=weight, accumulator=accumulator, overflow=overflow)
    rng = np.random.default_rng(seed)
    words = rng.integers(weight.lowest, weight.highest + 1, (45, 2, 5)).astype(weight.dtype)
    start = (rng.choice([accumulator.lowest, accumulator.highest], (4, 5)) * fullness).astype(np.int32)
    sources = np.sort(rng.choice(45, messages, replace=False)).astype(np.int32)
    deltas = rng.integers(-largest, largest + 1, messages).astype(np.int32)
    sums = start.copy()
    AllToAll(words).integrator((0, 3), arithmetic)(sums, sources, deltas)
    expected = start.tolist()
    for source, delta in zip(sources.tolist(), deltas.tolist(), strict=True):
        for gate, number in enumerate((0, 3)):
            for target, word in enumerate(words[source, gate].tolist()):
                product = round(Fraction(delta * word) / Fraction(2) ** arithmetic.product_shift)
                total = expected[number][target] + product
                expected[number][target] = held(total, accumulator, overflow)
    assert sums.tolist() == expected


@settings(max_examples=150)
@given(
    arithmetic=st.one_of(
        st.builds(
            FixedPoint,
            weight=st.sampled_from([Q(1, 7), Q(4, 12), Q(2, 30)]),
            accumulator=st.sampled_from([Q(9, 15), Q(8, 24), Q(2, 15), Q(3, 5), Q(4, 28)]),
            overflow=st.sampled_from(["saturate", "wrap"]),
        ),
        # products of 63 bits
        st.builds(
            FixedPoint,
            *map(st.just, (Q(16, 0), Q(32, 0), Q(17, 15), Q(2, 4), ())),
            st.sampled_from(["saturate", "wrap"]),
        ),
    ),
    fed=st.sampled_from([(0,), (2,), (1, 0), (0, 1, 3)]),
    messages=st.integers(0, 40),
    scale=st.sampled_from([0.0, 0.001, 0.1, 1.0]),  # of the words: some cannot reach a bound, some must
    largest=st.sampled_from([1, 200, 65535]),  # of the deltas
    least=st.sampled_from([-1, 0]),  # of words and deltas, against the largest: at 0 all sums go one way
    fullness=st.sampled_from([0.0, 0.5, 0.999, 1.0]),  # of the accumulators at the start
    density=st.sampled_from([0.1, 0.7]),
    seed=st.integers(0, 2**16),
)
def test_every_sum_of_a_sparse_connection_is_held(
    arithmetic, fed, messages, scale, largest, least, fullness, density, seed
):
    weight, accumulator = arithmetic.weight, arithmetic.accumulator
    rng = np.random.default_rng(seed)
    largest_weight = int(weight.highest * scale)
    words = rng.integers(least * largest_weight, largest_weight + 1, (len(fed), 5, 9))
    kept = rng.random(words.shape) < density
    connection = Sparse.from_matrices((words * kept).astype(weight.dtype))
    start = (rng.choice([accumulator.lowest, accumulator.highest], (4, 5)) * fullness).astype(np.int32)
    sources = rng.integers(0, 9, messages).astype(np.int32)
    deltas = rng.integers(least * largest, largest + 1, messages).astype(np.int32)
    sums = start.copy()
    connection.integrator(fed, arithmetic)(sums, sources, deltas)
    expected = start.tolist()
    for source, delta in zip(sources.tolist(), deltas.tolist(), strict=True):
        for gate, target in zip(*np.nonzero(kept[:, :, source]), strict=True):
            product = delta * int(words[gate, target, source])
            total = expected[fed[gate]][target]
            total += round(Fraction(product) / Fraction(2) ** arithmetic.product_shift)
            expected[fed[gate]][target] = held(total, accumulator, arithmetic.overflow)
    assert sums.tolist() == expected


@settings(max_examples=12)
@given(arithmetic=arithmetics, seed=st.integers(0, 2**16))
def test_convolution_equals_the_matrix_it_stands_for(arithmetic, seed):
    """A fixed-point convolution has the bits of an all-to-all network with the same words spread out."""
    rng = np.random.default_rng(seed)
    parameters = conv2d.Parameters(rng.normal(size=(2, 2, 2, 3)), rng.normal(size=2), (2, 1), (1, 1))
    network = feed_forward((2, 3, 4), [(parameters, "relu")], theta=0.1)
    connection = network.projections[0].connection
    matrix = np.zeros((connection.source_size, 1, connection.target_size), np.float32)
    for source in range(connection.source_size):
        connection.accumulate(matrix[source], (0,), source, np.float32(1))
    spread = dense.Parameters(matrix[:, 0].T, network.populations[1].bias[0])
    other = feed_forward((24,), [(spread, "relu")], theta=0.1)
    frames = np.cumsum(rng.normal(0, 0.3, (5, 24)), axis=0).astype(np.float32)
    traces = [execute(quantised(each, arithmetic), [frames]) for each in (network, other)]
    assert (traces[0][0].messages == traces[1][0].messages).all()
    assert (traces[0][1][0] == traces[1][1][0]).all()


def test_fixed_point_comes_near_to_float():
    rng = np.random.default_rng(0)
    network = random_stack("gru", 8, (16,), rng)
    fine = FixedPoint(activation=Q(4, 12), weight=Q(2, 14), accumulator=Q(6, 26), lookup=Q(2, 14))
    frames = rng.normal(size=(50, 8)).astype(np.float32)
    _, (exact,) = execute(network, [frames])
    _, (output,) = execute(quantised(network, fine), [frames])
    assert np.abs(output - exact).max() < 2e-3


def test_inputs_saturate():
    network = random_stack("rnn", 2, (3,), np.random.default_rng(0), arithmetic=FixedPoint())
    trace, _ = execute(network, [np.float32([[1e9, -1e9]])])
    assert trace.messages["delta"].tolist() == [32767 / 256, -128.0]


def test_weights_are_held_narrow():
    network = random_stack("gru", 3, (4,), np.random.default_rng(0))
    assert quantised(network, FixedPoint()).projections[0].connection.weights.dtype == np.int8
    wide = quantised(network, FixedPoint(weight=Q(2, 9)))
    assert wide.projections[0].connection.weights.dtype == np.int16
    matrix = network.projections[0].connection.weights
    assert (wide.projections[0].connection.weights == quantise(matrix, Q(2, 9))).all()


@given(weights=own_formats, seed=st.integers(0, 2**16))
def test_each_projection_is_held_in_its_own_format(weights, seed):
    """Words lie within the format and nearest to the real ones; a name wins over a role."""
    network = random_stack("gru", 3, (4,), np.random.default_rng(seed))
    network = quantised(network, FixedPoint(), weights), network
    for number, (projection, exact) in enumerate(zip(*(n.projections for n in network), strict=True)):
        form = weights.get(projection.role, FixedPoint().weight)
        words = projection.connection.weights
        assert network[0].weight_bits(number) == form.bits
        assert (words == quantise(exact.connection.weights, form)).all()
        assert form.lowest <= words.min() and words.max() <= form.highest and words.dtype == form.dtype
    named = {"recurrent": Q(1, 15), "gru_0->gru_0": Q(1, 3)} | weights
    assert quantised(network[1], FixedPoint(), named).weight_bits(1) == 4


def test_a_format_of_its_own_changes_the_digest_and_none_does_not():
    network = random_stack("gru", 3, (4,), np.random.default_rng(0))
    plain = quantised(network, FixedPoint())
    assert quantised(network, FixedPoint(), {}).digest == plain.digest
    assert quantised(network, FixedPoint(), {"input": Q(1, 3)}).digest != plain.digest
    named = replace(plain.projections[0], weight_format=Q(1, 7))  # the network's own, said again: same values
    other = replace(plain, projections=(named, *plain.projections[1:]))
    frames = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    (trace, _), (same, _) = execute(plain, [frames]), execute(other, [frames])
    assert (trace.messages == same.messages).all()


def test_formats_of_projections_are_checked():
    network = random_stack("gru", 3, (4,), np.random.default_rng(0))
    for form, rule in (
        (Q(0, 8), "Qm.n needs m >= 1 for the sign, n >= 0 and m [+] n <= 32"),
        (Q(1, 32), "Qm.n needs m >= 1 for the sign, n >= 0 and m [+] n <= 32"),
        (Q(1, -9), "Qm.n needs m >= 1"),
    ):
        with pytest.raises(InputError, match=rf"^projection input->gru_0: weight format: Q.*: {rule}"):
            quantised(network, FixedPoint(), {"input": form})
    with pytest.raises(
        InputError, match=r"network .*: inputs: weight formats are given by role or by .* input"
    ):
        quantised(network, FixedPoint(), {"inputs": Q(1, 3)})
    named = replace(network.projections[0], weight_format=Q(1, 3))
    with pytest.raises(InputError, match=r"weight format: Q1.3: weights of a float32 network have 32 bits"):
        replace(network, projections=(named, *network.projections[1:]))
    narrow = quantised(network, FixedPoint(), {"input": Q(1, 3)})
    with pytest.raises(InputError, match=r"raw integers of Q1.2 lie within -4 to 3"):
        changed = replace(narrow.projections[0], weight_format=Q(1, 2))
        replace(narrow, projections=(changed, *narrow.projections[1:]))


def test_a_product_fits_64_bits():
    assert FixedPoint(weight=Q(1, 31), accumulator=Q(1, 31)).weight_bits == 32
    with pytest.raises(InputError) as caught:
        FixedPoint(Q(16, 0), Q(32, 0), Q(1, 31))
    assert str(caught.value) == (
        "fixed point weight format: Q32.0: its product with a delta has 79 bits in the fraction of the "
        "accumulator, Q1.31, and 63 are computed. Use fewer bits, or an accumulator with a shorter fraction."
    )
    widest = FixedPoint(Q(16, 0), Q(32, 0), Q(17, 15))  # 63 bits
    totals = np.zeros((1, 1), np.int32)
    connection = AllToAll(np.full((1, 1, 1), Q(32, 0).lowest, np.int32))
    for delta, total in ((65535, widest.accumulator.lowest), (-65535, widest.accumulator.highest)):
        connection.accumulate(totals, (0,), 0, delta, widest)
        assert totals[0, 0] == total


def test_rounding_points_and_overflow_are_checked_and_told_apart():
    with pytest.raises(InputError, match=r"fixed point: rounded: term: this is no point .* terms"):
        FixedPoint(rounded=("term",))
    with pytest.raises(InputError, match=r"fixed point: overflow: wraps: .* wrap"):
        FixedPoint(overflow="wraps")
    assert FixedPoint(rounded=("terms", "factors"), overflow="wrap") == EDGEDRNN
    stack = random_stack("gru", 3, (4,), np.random.default_rng(0))
    digests = {
        quantised(stack, FixedPoint(rounded=points, overflow=overflow)).digest
        for points in ((), ("factors",), ("terms",), ("factors", "terms"))
        for overflow in ("saturate", "wrap")
    }
    assert len(digests) == 8
    assert str(EDGEDRNN).endswith("lookup Q2.4, factors rounded, terms rounded, wrapping)")


def test_only_float_networks_are_quantised():
    network = random_stack("gru", 3, (4,), np.random.default_rng(0), arithmetic=FixedPoint())
    with pytest.raises(InputError, match="only a float32 network can be quantised"):
        quantised(network, FixedPoint())
