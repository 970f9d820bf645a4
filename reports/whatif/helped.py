"""A run, and what would have made it shorter or cheaper: the sentence, the rows, and the plain types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deltasim.reports.quantities import ABSENT, quantity

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deltasim.exploration.whatif.floors import Floors
    from deltasim.exploration.whatif.whatif import Gain, WhatIf
    from deltasim.reports.measured import Measured

VERSION = 1  # of the form of to_dict
PICOSECOND = 1e-12
NOTHING = 0.00005  # a share that is shown as 0
COLUMNS = ("what is better", "latency", "shorter by", "energy", "saved")


@dataclass(frozen=True, eq=False)
class Helped:
    """A run, what each change would make of it, and what the units of each core have to do at least."""

    run: Measured
    found: WhatIf
    floors: Floors | None

    @property
    def sentence(self) -> str:
        """Which unit sets the pace, and what helps most."""
        pace, best, cheapest = self.found.first, self.found.possible[0], self.found.by_energy[0]
        said = (
            f"The unit that sets the pace is the {pace.change.part}: 10 % faster, it shortens an inference "
            f"by {share(pace.shorter)}."
        )
        helps = f"Most of all helps {called(best)}: {share(best.shorter)} less time."
        if (cheapest.saved or 0.0) < NOTHING:
            return f"{said} {helps} Nothing of this saves energy."
        if cheapest is best:
            return f"{said} {helps} It saves {share(best.saved)} of the energy, too."
        name = called(cheapest)
        saves = f"{name[0].upper()}{name[1:]} saves most energy, {share(cheapest.saved)}."
        return f"{said} {helps} {saves}"

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """All changes in order of the time they save, under `COLUMNS`; notes behind what is better."""
        return tuple(self._row(gain) for gain in self.found.gains)

    def _row(self, gain: Gain) -> tuple[str, ...]:
        name = f"{called(gain)} ({gain.note})" if gain.note else called(gain)
        if gain.elapsed_ps is None or gain.joules is None:
            return (name, ABSENT, ABSENT, ABSENT, ABSENT)
        sequences = self.run.sequences
        return (
            name,
            quantity(gain.elapsed_ps * PICOSECOND / sequences, "s"),
            share(gain.shorter),
            quantity(gain.joules / sequences, "J"),
            share(gain.saved),
        )

    def to_dict(self) -> dict[str, Any]:
        """In plain types, as ``--json`` prints it; times and joules are of one inference."""
        run, sequences = self.run, self.run.sequences
        return {
            "kind": "whatif",
            "version": VERSION,
            "run": run.digest,
            "benchmark": run.benchmark,
            "data": run.data,
            "chip": run.chip.name,
            "theta": run.theta,
            "sequences": sequences,
            "latency_s": self.found.elapsed_ps * PICOSECOND / sequences,
            "energy_j": self.found.joules / sequences,
            "pace": self.found.first.change.key,
            "gains": [
                {
                    "key": gain.change.key,
                    "part": gain.change.part,
                    "change": gain.change.what,
                    "latency_s": None
                    if gain.elapsed_ps is None
                    else gain.elapsed_ps * PICOSECOND / sequences,
                    "energy_j": None if gain.joules is None else gain.joules / sequences,
                    "shorter": gain.shorter,
                    "saved": gain.saved,
                    "note": gain.note or None,
                }
                for gain in self.found.gains
            ],
            "by_energy": [gain.change.key for gain in self.found.by_energy],
            "cores": self._cores(),
        }

    def _cores(self) -> dict[str, Any] | None:
        """What the units of each core have to do at least, in shares of the run's time."""
        if self.floors is None:
            return None
        shares = (self.floors.cores / max(1, self.found.elapsed_ps)).tolist()
        return {
            "busiest": self.floors.busiest,
            "least": [dict(zip(self.floors.kinds, row, strict=True)) for row in shares],
        }

    def __rich__(self) -> RenderableType:
        """Terminal form: a table, then the sentence."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        run = self.run
        title = f"{run.benchmark} on {run.chip.name}: what would help"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column(COLUMNS[0], overflow="fold")
        for column in COLUMNS[1:]:
            table.add_column(column, justify="right", no_wrap=True)
        sequences = run.sequences
        now = (
            quantity(self.found.elapsed_ps * PICOSECOND / sequences, "s"),
            quantity(self.found.joules / sequences, "J"),
        )
        table.add_row(Text("as it is"), Text(now[0]), "", Text(now[1]), "", style="bold")
        table.add_section()
        for row in self.rows:
            table.add_row(*map(Text, row))
        return Group(Text(title, style="bold"), table, Text(""), Text(self.sentence))


def called(gain: Gain) -> str:
    """What is better, in words: "bus, 10 % faster"."""
    return f"{gain.change.part}, {gain.change.what}"


def share(value: float | None) -> str:
    """A share that may be below 0, in per cent, so that small ones differ.

    >>> share(0.3336), share(0.00089), share(0.0002), share(-0.0002), share(-0.04), share(0.0), share(None)
    ('33.4 %', '0.1 %', '< 0.1 %', '> −0.1 %', '−4.0 %', '0', '–')
    """
    if value is None:
        return ABSENT
    if abs(value) < NOTHING:
        return "0"
    if abs(value) < 0.0005:
        return "< 0.1 %" if value > 0 else "> −0.1 %"
    return f"{abs(value):.1%}".replace("%", " %") if value > 0 else f"−{abs(value):.1%}".replace("%", " %")
