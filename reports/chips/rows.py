"""What a network costs on each of several chips, chip by chip: figures, cells of a table, a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltasim.reports.figures import activities
from deltasim.reports.quantities import ABSENT, percent, quantity, ratio

if TYPE_CHECKING:
    from deltasim.exploration.verdict.room import Room
    from deltasim.exploration.verdict.verdict import Verdict
    from deltasim.reports.run import Run
    from deltasim.runtime.errors import InputError
    from deltasim.simulator.chip import Chip


@dataclass(frozen=True, eq=False)
class ChipRow:
    """A chip with its run and verdict, or with the sentence that says why there is none.

    ``area_mm2`` is that of the parts whose area is known, None where none is.
    """

    chip: Chip
    room: Room
    area_mm2: float | None
    run: Run | None = None
    verdict: Verdict | None = None
    refused: InputError | None = None

    @property
    def fits(self) -> bool:
        """Whether the network ran."""
        return self.run is not None

    @property
    def room_text(self) -> str:
        """By how much it fits, or not."""
        share = self.room.share
        taken = ratio(share) if share > 1 else percent(share)
        return f"{'yes' if self.fits else 'no'}, {taken}"

    @property
    def busiest(self) -> str:
        """The busiest kind of unit and the share of time it works."""
        if self.run is None:
            return ABSENT
        found = activities(self.run.ledger)
        if not found:
            return ABSENT
        top = max(found, key=lambda one: one.busiest)
        return f"{top.kind} {percent(top.busiest)}"

    @property
    def occupancy(self) -> float | None:
        """Share of all elements that were sent."""
        if self.run is None:
            return None
        scanned = self.run.trace.scanned(self.run.network).sum()
        return len(self.run.trace.messages) / int(scanned) if scanned else 0.0

    @property
    def joules(self) -> float | None:
        """Of an inference of the delta network."""
        return None if self.run is None else self.run.energy.total_j / self.run.sequences

    @property
    def sentence(self) -> str:
        """The verdict."""
        if self.run is None or self.verdict is None:
            return f"{self.chip.name}: {self.refused}"
        joules, best = self.joules or 0.0, self.verdict.cheapest()
        other = best.joules or 0.0
        if joules <= other:
            said = f"deltas pay: {times(other / joules if joules else None)} less energy than the next best"
        else:
            said = f"deltas do not pay: {times(joules / other)} the energy of the best other way"
        shares = [
            f"at batch {batch} {'never' if share is None else 'below ' + percent(share)}"
            for batch, share in self.verdict.break_even.items()
        ]
        return (
            f"{self.chip.name}: {said}, {best.name}. Against the dense accelerator they pay "
            f"{' and '.join(shares)} occupancy; it is {percent(self.occupancy)} here."
        )

    def to_dict(self) -> dict[str, Any]:
        """In plain types; energies and times of an inference."""
        found: dict[str, Any] = {
            "chip": self.chip.name,
            "fits": self.fits,
            "needed_bytes": self.room.needed_bytes,
            "held_bytes": self.room.held_bytes,
            "area_mm2": self.area_mm2,
        }
        if self.run is None or self.verdict is None:
            return {**found, "refused": str(self.refused)}
        verdict, runs = self.verdict, self.run.sequences
        return {
            **found,
            "energy_j": self.joules,
            "latency_s": self.run.latency.inference_mean_s,
            "limits": self.run.limits,
            "occupancy": self.occupancy,
            "others": {
                cost.name: {"energy_j": cost.joules, "time_s": cost.seconds, "about": cost.about}
                for cost in verdict.costs
            },
            "break_even_occupancy": {str(batch): share for batch, share in verdict.break_even.items()},
            "state": {
                "last_sent_bytes": verdict.tax.last_sent_bytes,
                "accumulator_bytes": verdict.tax.accumulator_bytes,
                "last_sent_j": verdict.tax.last_sent_j / runs,
                "accumulator_j": verdict.tax.accumulator_j / runs,
            },
            "verdict": self.sentence,
            "digest": self.run.digest,
        }


def times(value: float | None) -> str:
    """A ratio, near 1 with a digit more.

    >>> times(1.034), times(2.94)
    ('1.03 ×', '2.9 ×')
    """
    return f"{value:.2f} ×" if value is not None and 1 <= value < 1.1 else ratio(value)


def table(rows: tuple[ChipRow, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Heads and rows: a column a chip, a row a figure; details are indented."""
    first = next(row.verdict for row in rows if row.verdict is not None)
    found: list[tuple[str, ...]] = []

    def add(label: str, cells: list[str]) -> None:
        found.append((label, *cells))

    add("fits, memory taken", [row.room_text for row in rows])
    add("energy per inference", [quantity(row.joules, "J") for row in rows])
    for place, cost in enumerate(first.costs):
        values = [None if row.verdict is None else row.verdict.costs[place].joules for row in rows]
        add(f"  {cost.name}", [quantity(value, "J") for value in values])
    times = [None if row.run is None else row.run.latency.inference_mean_s for row in rows]
    add("time per inference", [quantity(value, "s") for value in times])
    add("busiest unit", [row.busiest for row in rows])
    add("area", [ABSENT if row.area_mm2 is None else f"{row.area_mm2:.3g} mm²" for row in rows])
    add("occupancy", [percent(row.occupancy) for row in rows])
    for batch in first.break_even:
        cells = []
        for row in rows:
            if row.verdict is None:
                cells.append(ABSENT)
            else:
                share = row.verdict.break_even[batch]
                cells.append("never" if share is None else percent(share))
        add(f"  break-even, batch {batch}", cells)
    runs = [1 if row.run is None else row.run.sequences for row in rows]
    taxes = [None if row.verdict is None else row.verdict.tax for row in rows]
    pairs = list(zip(taxes, runs, strict=True))
    add("last-sent values", [quantity(tax and tax.last_sent_bytes, "B") for tax, _ in pairs])
    add("  energy", [quantity(tax and tax.last_sent_j / count, "J") for tax, count in pairs])
    add("accumulators", [quantity(tax and tax.accumulator_bytes, "B") for tax, _ in pairs])
    add("  energy", [quantity(tax and tax.accumulator_j / count, "J") for tax, count in pairs])
    return ("", *(row.chip.name for row in rows)), tuple(found)
