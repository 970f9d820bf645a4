"""Formats, rounding, saturation, thresholds and tables."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.numbers.arithmetic import FixedPoint, Float32, Q, dequantise, quantise
from deltasim.networks.numbers.fixed_point import saturated, shifted
from deltasim.runtime.errors import InputError

formats = st.builds(Q, st.integers(1, 8), st.integers(0, 8))


@given(st.floats(-300, 300), formats)
def test_quantise_rounds_half_to_even_and_saturates(value, form):
    exact = round(Fraction(value) * 2**form.fraction)  # Python rounds a Fraction half to even
    assert int(quantise(value, form)) == min(max(exact, form.lowest), form.highest)


@given(formats, st.data())
def test_dequantise_undoes_quantise(form, data):
    raw = data.draw(st.integers(form.lowest, form.highest))
    assert int(quantise(dequantise(raw, form), form)) == raw


@given(st.integers(-(2**48), 2**48), st.integers(-8, 20))
def test_shift_rounds_half_to_even(value, places):
    assert shifted(value, places) == round(Fraction(value) / Fraction(2) ** places)


@given(st.integers(-(2**40), 2**40))
def test_saturation(value):
    assert saturated(value, -128, 127) == min(max(value, -128), 127)


@given(st.floats(0, 200), st.integers(0, 2**16))
def test_a_raw_threshold_decides_as_the_real_one(theta, difference):
    arithmetic = FixedPoint()
    reaches = Fraction(difference, 256) >= Fraction(theta)
    assert (difference >= int(arithmetic.threshold(theta))) == reaches
    assert int(arithmetic.threshold(theta)) == ceil(Fraction(theta) * 256)


@pytest.mark.parametrize("lookup", [Q(2, 4), Q(2, 8), Q(1, 7)])
def test_tables_hold_every_activation(lookup):
    arithmetic = FixedPoint(activation=Q(4, 6), lookup=lookup)
    for raw in range(arithmetic.activation.lowest, arithmetic.activation.highest + 1, 7):
        real, place = raw / 64, raw - arithmetic.activation.lowest
        assert arithmetic.tanh_table[place] == quantise(np.tanh(real), lookup)
        assert arithmetic.sigmoid_table[place] == quantise(1 / (1 + np.exp(-real)), lookup)
    assert arithmetic.sigmoid_table.max() == min(2**lookup.fraction, lookup.highest)


def test_a_tie_at_zero_is_exact():
    assert FixedPoint().sigmoid_table[32768] == 8  # 0.5 in Q2.4
    assert FixedPoint().tanh_table[32768] == 0


def test_bits():
    fixed = FixedPoint(weight=Q(2, 6))
    assert (fixed.weight_bits, fixed.activation_bits, fixed.accumulator_bits) == (8, 16, 24)
    assert (Float32().weight_bits, Float32().activation_bits, Float32().accumulator_bits) == (32, 32, 32)
    assert floor(fixed.product_shift) == 8 + 6 - 15


@pytest.mark.parametrize("forms", [{"activation": Q(9, 8)}, {"weight": Q(0, 8)}, {"accumulator": Q(3, -1)}])
def test_formats_are_checked(forms):
    (role,) = forms
    with pytest.raises(InputError, match=rf"fixed point {role} format: Q.*: Qm.n needs m >= 1 for the sign"):
        FixedPoint(**forms)
