"""Circuits at the figures they are taken from, between them by hand, and beyond them a sentence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.circuits.arithmetic import FLOATS, Number, add, integer, multiply
from deltasim.simulator.circuits.circuit import Circuit
from deltasim.simulator.circuits.router import router
from deltasim.simulator.circuits.scaling import ENERGY, SUPPLY_V, area_scale, circuit_scale, transistor_scale
from deltasim.simulator.circuits.storage import lookup_table, register
from deltasim.simulator.circuits.wires import crossbar, link
from deltasim.simulator.sram.model import sram

BITS, NODES = st.integers(2, 64), st.floats(7, 90)


def pj(circuit: Circuit) -> float:
    return circuit.energy_j * 1e12


@pytest.mark.parametrize(
    ("bits", "add_pj", "multiply_pj", "add_um2", "multiply_um2"),
    [(8, 0.03, 0.2, 36, 282), (32, 0.1, 3.1, 137, 3495)],
)
def test_integers_are_as_horowitz_has_them(
    bits: int, add_pj: float, multiply_pj: float, add_um2: float, multiply_um2: float
) -> None:
    number = integer(bits)
    assert pj(add(number, 45)) == pytest.approx(add_pj) and add(number, 45).area_mm2 == pytest.approx(
        add_um2 / 1e6
    )
    product = multiply(number, number, 45)
    assert pj(product) == pytest.approx(multiply_pj) and product.area_mm2 == pytest.approx(multiply_um2 / 1e6)


def test_narrow_and_uneven_integers_by_hand() -> None:
    """0.2 pJ x (a b / 64)^0.9886 and 36 um2 x (bits / 8)^0.896."""
    assert pj(multiply(integer(4), integer(4), 45)) == pytest.approx(0.2 * (16 / 64) ** 0.9886, rel=1e-3)
    assert pj(multiply(integer(6), integer(6), 45)) == pytest.approx(0.2 * (36 / 64) ** 0.9886, rel=1e-3)
    assert pj(multiply(integer(8), integer(16), 45)) == pytest.approx(0.2 * 2**0.9886, rel=1e-3)
    assert pj(add(integer(16), 45)) == pytest.approx(0.05)
    assert add(integer(4), 45).area_mm2 == pytest.approx(36e-6 / 2**0.896, rel=1e-3)
    assert pj(add(integer(6), 45)) == pytest.approx(0.03 * (6 / 8) ** 0.737, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "add_pj", "multiply_pj", "add_7", "multiply_7"),
    [("float16", 0.4, 1.1, 0.16, 0.34), ("float32", 0.9, 3.7, 0.38, 1.31)],
)
def test_floats_are_as_published_at_both_nodes(
    name: str, add_pj: float, multiply_pj: float, add_7: float, multiply_7: float
) -> None:
    number = Number.read(name)
    found = [
        pj(circuit) for node in (45, 7) for circuit in (add(number, node), multiply(number, number, node))
    ]
    assert found == pytest.approx([add_pj, multiply_pj, add_7, multiply_7])
    assert pj(multiply(number, integer(8), 45)) == multiply_pj, "the float multiplies"


@given(BITS, BITS, NODES)
def test_more_bits_never_cost_less(bits: int, other: int, node: float) -> None:
    least, most = sorted((bits, other))
    for one, two in (
        (add(integer(least), node), add(integer(most), node)),
        (multiply(integer(least), integer(8), node), multiply(integer(most), integer(8), node)),
    ):
        assert one.energy_j <= two.energy_j * (1 + 1e-12) and one.area_mm2 <= two.area_mm2 * (1 + 1e-12)
        assert one.low_j <= one.energy_j <= one.high_j


@given(BITS, NODES, NODES)
def test_a_smaller_node_never_costs_more(bits: int, node: float, other: float) -> None:
    small, large = sorted((node, other))
    for circuit in (lambda at: multiply(integer(bits), integer(bits), at), lambda at: register(bits, at)):
        assert circuit(small).energy_j <= circuit(large).energy_j * (1 + 1e-9)
        assert circuit(small).area_mm2 <= circuit(large).area_mm2 * (1 + 1e-9)


def test_scaling_by_hand() -> None:
    a, b, c = ENERGY[65]
    of_65 = a * 1.1**2 + b * 1.1 + c
    of_45 = 1.018 * 0.81 - 0.3107 * 0.9 + 0.1539
    assert SUPPLY_V[65] == 1.1 and transistor_scale(65) == pytest.approx(of_65 / of_45)
    assert circuit_scale(65) == transistor_scale(65)
    halfway = math.sqrt(45 * 7)
    assert pj(multiply(integer(8), integer(8), halfway)) == pytest.approx(math.sqrt(0.2 * 0.07))
    assert area_scale(7) == pytest.approx(0.059) and area_scale(45) == 1


def test_the_corrigendum_of_the_scaling_paper() -> None:
    """Stillmaker and Baas: 0.4571 for 32 nm at 0.9 V, 2.604 for 65 nm at 1.3 V."""
    factors = [a * volt**2 + b * volt + c for (a, b, c), volt in ((ENERGY[32], 0.9), (ENERGY[65], 1.3))]
    assert factors == pytest.approx([0.4571, 2.604], rel=2e-3)


def test_registers_tables_wires_and_routers_by_hand() -> None:
    assert pj(register(10, 40)) == pytest.approx(0.09) and register(10, 40).area_mm2 == pytest.approx(59.8e-6)
    assert lookup_table(256, 8, 45).energy_j == sram(256, 8, 45).read_j
    assert pj(link(64, 1e-3, 45)) == pytest.approx(64 * 0.25 * 0.375659)
    assert pj(link(1, 1e-3, 50)) > pj(link(1, 1e-3, 45))
    side_mm = 64 * 5 * 0.18e-3
    assert crossbar(64, 5, 45).area_mm2 == pytest.approx(side_mm**2)
    assert pj(crossbar(64, 5, 45)) == pytest.approx(2 * side_mm * 64 * 0.25 * 0.375659)
    of, buffer = router(5, 64, 32, 45), sram(256, 64, 45)
    assert (of.buffer_write.energy_j, of.buffer_read.energy_j) == (buffer.write_j, buffer.read_j)
    assert of.area_mm2 == pytest.approx(5 * buffer.area_mm2 + side_mm**2)
    assert of.leakage_w == pytest.approx(5 * buffer.leakage_w)
    shallow = router(5, 64, 4, 45)
    assert shallow.leakage_w is None and shallow.buffer_write == register(64, 45)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: add(integer(8), 5), "node: 5 nm: circuits are known from 7 to 90 nm. Give the price"),
        (lambda: add(integer(8), float("nan")), "node: nan nm"),
        (lambda: link(8, 1e-3, 14), "node: 14 nm: CACTI 7 knows wires of 22 to 90 nm. Give the price"),
        (lambda: integer(1), "number: 1 bit: an integer has 2 to 64 bits here"),
        (lambda: Number.read("float8"), "number: float8: a number is integer, of 2 to 64 bits, or float"),
        (lambda: Number.read("8"), "number: 8: a number is integer"),
        (lambda: Number.read("-8 bit"), "number: -8 bit: a number is integer"),
        (lambda: Number.read("8000000000000 bit"), "a number is integer"),
    ],
)
def test_what_is_beyond_the_figures_is_one_sentence(make: object, sentence: str) -> None:
    assert callable(make)
    with pytest.raises(InputError) as caught:
        make()
    assert sentence in str(caught.value)


@given(BITS)
def test_numbers_are_written_as_they_are_read(bits: int) -> None:
    assert Number.read(str(integer(bits))) == integer(bits)
    assert all(str(Number.read(name)) == name for name in FLOATS)
