"""Circuits beside published figures: ``python -m deltasim.validation.circuits`` prints the page.

python -m deltasim.validation.circuits > docs/validation/circuits.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from deltasim.simulator.circuits.arithmetic import (
    ADD_7NM_PJ,
    ADD_PJ,
    ADD_UM2,
    MULTIPLY_7NM_PJ,
    MULTIPLY_PJ,
    MULTIPLY_UM2,
    Number,
    add,
    integer,
    multiply,
)
from deltasim.simulator.circuits.router import router
from deltasim.simulator.circuits.scaling import (
    JOUPPI_MEAN,
    area_scale,
    capacitance_scale,
    circuit_scale,
    transistor_scale,
)
from deltasim.simulator.circuits.wires import link
from deltasim.simulator.sram.model import sram

ALADDIN = "Aladdin's library, commercial 40 nm (Shao et al., ISCA 2014): relaxed to 1 GHz"
HOROWITZ = "Horowitz, ISSCC 2014, 45 nm"
FLITS = "a published set for 64-bit flits, node not stated"


class Row(NamedTuple):
    """One figure: what others publish, from the least to the most, and what the model says."""

    what: str
    least: float
    most: float
    ours: float
    unit: str
    source: str

    @property
    def difference(self) -> str:
        """Inside, or how far outside in per cent of the nearer end."""
        if self.least <= self.ours <= self.most:
            return "inside" if self.least < self.most else "0 %"
        end = self.least if self.ours < self.least else self.most
        return f"{100 * (self.ours / end - 1):+.0f} %"


def rows() -> Iterator[Row]:
    """Figures that the models were not made from."""
    word = integer(32)
    yield Row("add, 32 bit, 40 nm", 0.0857, 0.210, pj(add(word, 40).energy_j), "pJ", ALADDIN)
    yield Row("add, 32 bit, 40 nm", 179, 278, um2(add(word, 40).area_mm2), "um2", ALADDIN)
    product = multiply(word, word, 40)
    yield Row("multiply, 32 bit, 40 nm", 8.57, 12.68, pj(product.energy_j), "pJ", ALADDIN)
    yield Row("multiply, 32 bit, 40 nm", 4595, 6351, um2(product.area_mm2), "um2", ALADDIN)
    for size, known in ((8, 10.0), (32, 20.0), (1024, 100.0)):
        read = pj(sram(size * 1024, 64, 45).read_j)
        yield Row(f"read of 64 bit, {size:,} KiB, 45 nm", known, known, read, "pJ", HOROWITZ)
    wire = pj(link(1, 1e-3, 45).energy_j)
    yield Row("bit over a millimetre, 45 nm", 0.1, 0.2, wire, "pJ", "full-swing wires, DATE 2013")
    for node in (45, 32, 22):
        of = router(5, 64, 32, node)
        at = f"{node} nm, 32 flits"
        yield Row(f"flit into a buffer, {at}", 1.5, 1.5, pj(of.buffer_write.energy_j), "pJ", FLITS)
        yield Row(f"flit out of it, {at}", 1.0, 1.0, pj(of.buffer_read.energy_j), "pJ", FLITS)
        yield Row(f"flit through 5 ports, {node} nm", 0.4, 0.4, pj(of.crossbar.energy_j), "pJ", FLITS)
        flit = pj(link(64, 1e-3, node).energy_j)
        yield Row(f"flit over a millimetre, {node} nm", 3.1, 3.1, flit, "pJ", FLITS)


def pj(joules: float) -> float:
    return joules * 1e12


def um2(square_millimetres: float) -> float:
    return square_millimetres * 1e6


def table_of_numbers() -> Iterator[str]:
    """A multiplication and an addition by format and node."""
    for text in ("4 bit", "6 bit", "8 bit", "16 bit", "32 bit", "float16", "bfloat16", "float32", "float64"):
        number = Number.read(text)
        cells = []
        for node in (45, 22, 7):
            of = (multiply(number, number, node), add(number, node))
            cells += [f"{pj(circuit.energy_j):.3g}" for circuit in of]
        areas = [
            f"{um2(multiply(number, number, 45).area_mm2):,.0f}",
            f"{um2(add(number, 45).area_mm2):,.0f}",
        ]
        yield f"| {text} | " + " | ".join(cells + areas) + " |"


def page() -> str:
    """The whole page, in Markdown."""
    lines = [
        "# Circuits beside published figures",
        "",
        "Made by `python -m deltasim.validation.circuits > docs/validation/circuits.md`. Misses are left in.",
        "",
        "## What the models are made from",
        "",
        "Energies of integers and floats at 45 nm and 0.9 V (Horowitz, ISSCC 2014) and at 7 nm (Jouppi et",
        "al., ISCA 2021), areas at 45 nm (Dally, NIPS 2015). Integers of other widths follow a power law: an",
        f"addition through {', '.join(map(str, ADD_UM2))} bits, a multiplication of a by b bits one of a b "
        f"through {' and '.join(f'{bits} x {bits}' for bits in MULTIPLY_UM2)}.",
        "bfloat16 at 45 nm and float64 are extrapolated. Between 7 and 45 nm energy lies on the logarithmic",
        "line; above 45 nm, and for area, Stillmaker and Baas (Integration 58, 2017) scale. Energies in pJ,",
        "areas in um2:",
        "",
        "| format | x, 45 nm | +, 45 nm | x, 22 nm | +, 22 nm | x, 7 nm | +, 7 nm | area x, 45 nm | area + |",
        "|---|" + "--:|" * 8,
        *table_of_numbers(),
        "",
        "Published scalings differ widely. Energy against 45 nm at 0.9 V, and area:",
        "",
        "| node | published circuits (used) | transistors (low end) | C V^2 | area |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {node} nm | {circuit_scale(node):.2f} | {transistor_scale(node):.2f} | "
            f"{capacitance_scale(node):.2f} | {area_scale(node):.2f} |"
            for node in (7, 14, 22, 28, 32, 45, 65, 90)
        ),
        "",
        f"The first is the mean of eight operations ({JOUPPI_MEAN:.2f} at 7 nm); an operation known at",
        f"both ends has its own (an 8-bit product {MULTIPLY_7NM_PJ[8] / MULTIPLY_PJ[8]:.2f}, an 8-bit sum "
        f"{ADD_7NM_PJ[8] / ADD_PJ[8]:.2f}).",
        "",
        "Registers are flip-flops of a commercial 40 nm process (Aladdin); look-up tables and router buffers",
        "of 32 words and more are memories by CACTI; wires CACTI's, of whose bits a quarter are charged;",
        "a crossbar is two wires as long as all ports are wide. Leakage of logic is that of CACTI's",
        "low-standby-power memory for its area. Control, clock trees, pads, DRAM controllers and their pins",
        "are not modelled.",
        "",
        "## Beside figures they were not made from",
        "",
        "| what | published | ours | difference | source |",
        "|---|--:|--:|--:|---|",
        *(
            f"| {row.what} | {span(row.least, row.most)} {row.unit} | {shown(row.ours)} {row.unit} | "
            f"{row.difference} | {row.source} |"
            for row in rows()
        ),
        "",
        "Multipliers differ most: Aladdin's are general-purpose units at the speed of their clock, a third",
        "of which energy Horowitz gives for the operation alone.",
    ]
    return "\n".join(lines) + "\n"


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def span(least: float, most: float) -> str:
    return f"{least:,.4g}" if least == most else f"{least:,.4g} to {most:,.4g}"


if __name__ == "__main__":
    print(page(), end="")
