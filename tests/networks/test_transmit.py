"""The transmit rule: what is sent, what is not, and what holds after every scan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deltasim.networks.transmit import scan, sends

finite = st.floats(-1e6, 1e6, width=32)
signals = arrays(np.float32, st.tuples(st.integers(1, 12), st.just(4)), elements=finite)
thresholds = arrays(np.float32, 4, elements=st.floats(0, 100, width=32))


def scanned(values, last_sent, theta):
    sources, deltas = np.empty(values.size, np.int32), np.empty(values.size, values.dtype)
    count = scan(values, last_sent, theta, sources, deltas)
    return sources[:count], deltas[:count]


@pytest.mark.parametrize(
    ("value", "last_sent", "theta", "expected"),
    [
        (0.5, 0.0, 0.5, True),  # exactly at the threshold
        (0.5, 0.0, 0.75, False),
        (-0.5, 0.0, 0.5, True),
        (0.5, 0.5, 0.0, False),  # never an exact zero
        (np.float32(1e-45), np.float32(0), np.float32(0), True),  # the smallest change there is
    ],
)
def test_rule(value, last_sent, theta, expected):
    assert sends(value, last_sent, theta) is expected


def test_rule_on_raw_integers():
    assert sends(np.int32(64), np.int32(0), np.int32(64))
    assert not sends(np.int32(63), np.int32(0), np.int32(64))
    assert not sends(np.int32(7), np.int32(7), np.int32(0))


@given(signals, thresholds)
def test_scan_is_the_rule_element_by_element(signal, theta):
    last_sent = np.zeros(4, np.float32)
    for values in signal:
        before = last_sent.copy()
        sources, deltas = scanned(values, last_sent, theta)
        expected = [j for j in range(4) if sends(values[j], before[j], theta[j])]
        assert sources.tolist() == expected
        assert (deltas == values[sources] - before[sources]).all()
        assert (deltas != 0).all()
        assert (last_sent[sources] == values[sources]).all()
        silent = np.setdiff1d(np.arange(4), sources)
        assert (last_sent[silent] == before[silent]).all()


@given(signals, thresholds)
def test_what_was_last_sent_stays_within_theta(signal, theta):
    last_sent = np.zeros(4, np.float32)
    for values in signal:
        scanned(values, last_sent, theta)
        assert ((np.abs(values - last_sent) < theta) | (values == last_sent)).all()


@given(st.floats(0.01, 0.99), st.sampled_from([1.0, -1.0]))
def test_slow_ramp_is_transmitted(share, sign):
    """Steps far below the threshold add up: comparing with the previous step would send nothing at all."""
    theta, last_sent, sent = np.full(1, 0.25, np.float32), np.zeros(1, np.float32), 0
    for step in range(1, 401):
        value = np.float32([sign * step * 0.25 * share / 10])
        sent += len(scanned(value, last_sent, theta)[0])
    assert abs(value - last_sent) < theta
    assert sent >= np.floor(400 * share / 10) / 2 - 1
