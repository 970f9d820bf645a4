"""One network on several chips, with the verbs of those who look at it: printed, tabulated, saved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.reports.chips.rows import ChipRow, table
from deltasim.reports.quantities import threshold

if TYPE_CHECKING:
    import polars
    from rich.console import RenderableType

RECORD = "chips.json"
VERSION = 1  # of its form


@dataclass(frozen=True, eq=False)
class Across:
    """A row for each chip, at least one of them with a run; ``batch`` is that of the dense accelerator."""

    rows: tuple[ChipRow, ...]
    batch: int
    command: str

    @property
    def benchmark(self) -> str:
        """The benchmark's name."""
        return next(row.run.benchmark for row in self.rows if row.run is not None)

    @property
    def digest(self) -> str:
        """sha256 over the runs and what else decides the figures."""
        held = [row.run.digest if row.run is not None else row.chip.digest for row in self.rows]
        return hashlib.sha256("\n".join([*held, str(self.batch)]).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """In plain types, as ``--json`` prints it."""
        first = next(row.run for row in self.rows if row.run is not None)
        return {
            "kind": "chips",
            "version": VERSION,
            "benchmark": first.benchmark,
            "data": first.data,
            "theta": first.theta,
            "sequences": first.sequences,
            "batch": self.batch,
            "command": self.command,
            "chips": [row.to_dict() for row in self.rows],
        }

    def to_frame(self) -> polars.DataFrame:
        """One row for every (chip, way): joules and seconds of an inference."""
        import polars

        found: list[tuple[str, str, float | None, float | None]] = []
        for row in self.rows:
            if row.run is None or row.verdict is None:
                continue
            found.append((row.chip.name, "delta", row.joules, row.run.latency.inference_mean_s))
            found += [(row.chip.name, cost.name, cost.joules, cost.seconds) for cost in row.verdict.costs]
        columns = {
            "chip": polars.String,
            "way": polars.String,
            "joules": polars.Float64,
            "seconds": polars.Float64,
        }
        return polars.DataFrame(found, schema=columns, orient="row")

    def save(self, folder: str | Path) -> Path:
        """Write chips.json, the page that compares, and a run folder for each chip that ran.

        Raises InputError when the folder exists; nothing is left behind when writing fails.
        """
        from deltasim.reports.page import run_page
        from deltasim.reports.page.chips import chips_page
        from deltasim.reports.saved.folder import PAGE, as_json, write_run
        from deltasim.runtime.disk.output import new_folder, told_in_a_sentence

        place = Path(folder)
        with new_folder(place) as part, told_in_a_sentence(place):
            for row in self.rows:
                if row.run is not None:
                    (part / row.chip.name).mkdir()
                    write_run(row.run, part / row.chip.name)
                    (part / row.chip.name / PAGE).write_text(run_page(row.run), encoding="utf-8")
            (part / RECORD).write_text(as_json(self.to_dict()), encoding="utf-8")
            (part / PAGE).write_text(chips_page(self.rows, self.batch, self.command), encoding="utf-8")
        return place

    def __rich__(self) -> RenderableType:
        """Terminal form: a column a chip, then a verdict each."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        first = next(row.run for row in self.rows if row.run is not None)
        heads, rows = table(self.rows)
        title = Text(f"{first.benchmark} on {len(self.rows)} chips, {threshold(first.theta)}")
        drawn = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                      pad_edge=False, show_edge=False)  # fmt: skip
        for head in heads:
            drawn.add_column(Text(head), justify="right" if head else "left", no_wrap=not head)
        for row in rows:
            drawn.add_row(*(Text(cell) for cell in row), style="dim" if row[0].startswith("  ") else "")
        notes = [
            f"{cost.name}: {cost.about}." for row in self.rows if row.verdict for cost in row.verdict.costs
        ]
        said = [row.sentence for row in self.rows]
        data = f"Data: {first.data.rstrip('.')}; {first.sequences} sequences."
        return Group(
            drawn,
            Text(""),
            *(Text(one, style="bold") for one in said),
            *(Text(one, style="dim") for one in dict.fromkeys(notes)),
            Text(data),
            *([Text(first.fallback)] if first.fallback else []),
        )
