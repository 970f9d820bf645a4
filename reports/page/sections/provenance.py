"""Where the figures come from: command, digests, versions, placement, every price with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.reports.page.parts import Grid, Section
from deltasim.reports.quantities import count, percent, quantity, threshold
from deltasim.reports.summary import groups, part_label

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured


def figures_section(result: Measured) -> Section:
    """Every figure of the run in one table, the same as the terminal's."""
    rows = tuple(
        (("  " if row.detail else "") + row.label, row.delta, row.share, row.dense, row.saved)
        for group in groups(result)
        for row in group.rows
    )
    columns = ("", "delta", "share", "dense", "dense / delta")
    sentence = "The dense run sends every element at every step, on the same chip with the same placement."
    return Section("figures", "All figures", sentence, grids=(Grid("", columns, rows, left=("",)),))


def section(result: Measured) -> Section:
    """How the run was made and what its energies rest on."""
    share = percent(result.energy.estimated_share)
    sentence = (
        f"Energy is counts times prices. {share} of it rests on prices marked estimated; "
        "the source of each is below it."
    )
    return Section(
        "provenance", "Provenance", sentence, grids=(price_grid(result), origin_grid(result), *places(result))
    )


def price_grid(result: Measured) -> Grid:
    """Each price that was used and its source, the dearest action first; unused ones are left out."""
    columns = ("action", "part", "count", "price", "energy / inference", "share", "kind", "node")
    total = result.energy.total_j or 1.0
    rows = tuple(
        (
            line.action,
            part_label(line.part),
            quantity(line.count * 1e-12, "s") if line.unit == "ps" else f"{count(line.count)} {line.unit}",
            quantity(line.price, "W" if line.unit == "ps" else "J"),
            quantity(line.joules / result.sequences, "J"),
            percent(line.joules / total),
            line.kind,
            line.node,
            line.source,
        )
        for line in sorted(result.energy.lines, key=lambda line: (-line.joules, line.action))
        if line.count
    )
    return Grid("Prices", columns, rows, left=("action", "part", "kind", "node"), under=True)


def origin_grid(result: Measured) -> Grid:
    """Command, data, chip, digests and versions."""
    source, chip, network = result.provenance, result.chip, result.network
    populations = ", ".join(
        f"{population.name} {count(population.size)}" for population in network.populations
    )
    rows = [
        ("command", source.command),
        ("data", result.data),
        ("network", f"{network.name}: {populations}; {count(network.weight_words)} weights"),
        ("thresholds", threshold(result.theta)),
        ("chip", f"{chip.name}: {chip.about} ({chip.status}, {chip.node})"),
        *(("chip source", text) for text in chip.sources),
        ("engine", f"{result.engine}, {quantity(result.wall_s, 's')}"),
        ("seed", str(source.seed)),
        *([("hot columns counted on", source.profile)] if source.profile else []),
        ("versions", ", ".join(f"{name} {version}" for name, version in source.versions.items())),
        ("run digest", result.digest),
        ("data digest", source.data_digest),
        ("network digest", network.digest),
        ("trace digest", result.trace.digest),
        ("chip digest", chip.digest),
        ("mapping digest", result.mapping.digest),
    ]
    return Grid("How to make it again", ("what", "value"), tuple(rows), left=("what", "value"))


def places(result: Measured) -> tuple[Grid, ...]:
    """Where neurons and weights lie on the chip, folded."""
    words = ("population", "projection", "memory", "range")
    return tuple(
        Grid(
            table.heading,
            table.columns,
            table.rows,
            tuple(c for c in table.columns if c in words),
            folded=True,
        )
        for table in result.mapping.table()
    )
