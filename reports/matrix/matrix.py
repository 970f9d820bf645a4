"""What every benchmark costs on every chip: cells read from run folders, tables of them, plain types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from deltasim.reports.quantities import ABSENT, quantity, ratio, score

if TYPE_CHECKING:
    from rich.console import RenderableType

VERSION = 1


class Cell(NamedTuple):
    """A benchmark on a chip by the record of its run, or the sentence that says why there is none."""

    benchmark: str
    chip: str
    record: Mapping[str, Any] | None
    refused: str | None = None

    def figure(self, group: str, name: str) -> float | None:
        """A figure of the record; None where there is no run."""
        if self.record is None or not isinstance(self.record.get(group), dict):
            return None
        value: float | None = self.record[group].get(name)
        return value


class Table(NamedTuple):
    """A figure of all cells: its key in JSON, its title, its place in a run's record, how it is written."""

    key: str
    title: str
    place: tuple[str, str]
    shown: Callable[[float | None], str]


TABLES = (
    Table("energy_j", "Energy per inference", ("energy", "inference_j"), lambda value: quantity(value, "J")),
    Table("latency_s", "Latency per inference", ("latency", "inference_mean_s"),
          lambda value: quantity(value, "s")),
    Table("power_w", "Mean power at the benchmark's rate", ("power", "mean_w"),
          lambda value: quantity(value, "W")),
    Table("saved", "Energy saved against dense on the same chip", ("reduction", "energy"), ratio),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Matrix:
    """A row for each benchmark, a column for each chip; a cell for each pair."""

    benchmarks: tuple[str, ...]
    chips: tuple[str, ...]
    cells: tuple[Cell, ...]

    def cell(self, benchmark: str, chip: str) -> Cell:
        return next(cell for cell in self.cells if (cell.benchmark, cell.chip) == (benchmark, chip))

    def tables(self) -> tuple[Table, ...]:
        """The figures that at least one cell has."""
        return tuple(
            table for table in TABLES if any(cell.figure(*table.place) is not None for cell in self.cells)
        )

    def rows(self, table: Table) -> tuple[tuple[str, ...], ...]:
        """Benchmark by benchmark what a table says of each chip."""
        return tuple(
            (name, *(table.shown(self.cell(name, chip).figure(*table.place)) for chip in self.chips))
            for name in self.benchmarks
        )

    def best(self, benchmark: str) -> Cell | None:
        """The chip that needs least energy for a benchmark; None where it runs on none."""
        ran = [cell for cell in self.cells if cell.benchmark == benchmark and cell.record is not None]
        return min(ran, key=lambda cell: cell.figure("energy", "inference_j") or 0.0) if ran else None

    def sentences(self) -> tuple[str, ...]:
        """For each benchmark the chip that needs least, and what was refused."""
        found = []
        for name in self.benchmarks:
            best = self.best(name)
            if best is None or best.record is None:
                found.append(f"{name} runs on none of these chips.")
                continue
            joules = quantity(best.figure("energy", "inference_j"), "J")
            said = best.record.get("score") or {}
            told = score(said["name"], said["value"]) if said.get("value") is not None else None
            right = f", {said['name']} {told}" if told else ""
            found.append(f"{name}: {best.chip} needs least, {joules} an inference{right}.")
        return tuple(found)

    def refusals(self) -> tuple[tuple[str, str, str], ...]:
        """Benchmark, chip and reason of every cell without a run."""
        return tuple(
            (cell.benchmark, cell.chip, cell.refused or ABSENT) for cell in self.cells if cell.record is None
        )

    def to_dict(self) -> dict[str, Any]:
        """In plain types; energies and times of an inference."""
        cells = []
        for cell in self.cells:
            figures = {table.key: cell.figure(*table.place) for table in TABLES}
            digest = None if cell.record is None else cell.record["digest"]
            cells.append(
                {"benchmark": cell.benchmark, "chip": cell.chip, "run": digest}
                | figures
                | {"refused": cell.refused}
            )
        return {
            "kind": "report",
            "version": VERSION,
            "benchmarks": list(self.benchmarks),
            "chips": list(self.chips),
            "cells": cells,
        }

    def __rich__(self) -> RenderableType:
        """Terminal form: a table a figure, then a sentence a benchmark."""
        from rich import box
        from rich.console import Group
        from rich.table import Table as Drawn
        from rich.text import Text

        parts: list[RenderableType] = []
        for table in self.tables():
            drawn = Drawn(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
            drawn.add_column(Text(table.title), overflow="fold")
            for chip in self.chips:
                drawn.add_column(Text(chip), justify="right", overflow="fold")
            for row in self.rows(table):
                drawn.add_row(*map(Text, row))
            parts += [drawn, Text("")]
        parts += [Text(sentence, style="bold") for sentence in self.sentences()]
        parts += [Text(f"{name} on {chip}: {why}", style="dim") for name, chip, why in self.refusals()]
        return Group(*parts)


def matrix(cells: Sequence[Cell]) -> Matrix:
    """A matrix of cells, benchmarks and chips in the order in which they come."""
    return Matrix(
        tuple(dict.fromkeys(cell.benchmark for cell in cells)),
        tuple(dict.fromkeys(cell.chip for cell in cells)),
        tuple(cells),
    )
