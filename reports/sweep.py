"""A sweep of thresholds: the same benchmark on the same chip, run once for each threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from deltasim.reports.saved.record_form import VERSION
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    import polars
    from rich.console import RenderableType

    from deltasim.reports.paper.figure import PaperFigure
    from deltasim.reports.run import Run


RECORD = "sweep.json"
NARROW = (  # heads of a terminal of 80 columns, behind threshold and score
    "input\nsent", "hidden\nsent", "fetch\nsaved", "energy", "energy\nsaved", "latency", "latency\nsaved",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sweep:
    """Results of one benchmark on one chip, one for each threshold, in the order given: a sequence of runs.

    Raises InputError for an empty sweep, one that repeats a threshold, or one of several benchmarks or chips.
    """

    results: tuple[Run, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "results", tuple(self.results))
        thetas = [folder_name(result) for result in self.results]
        if not thetas:
            raise InputError("sweep", "no runs", "a sweep has at least one threshold", "Give one.")
        if repeated := sorted({name for name in thetas if thetas.count(name) > 1}):
            rule = "a sweep takes each threshold once"
            raise InputError("sweep", ", ".join(repeated), rule, "Leave the repetition out.")
        kinds = {
            (result.benchmark, result.chip.digest, result.provenance.data_digest) for result in self.results
        }
        if len(kinds) > 1:
            rule = "the runs of a sweep differ in their threshold only"
            raise InputError(
                "sweep", f"{len(kinds)} kinds of run", rule, "Compare them with `deltasim compare`."
            )

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.results)

    @overload
    def __getitem__(self, place: int) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Run, ...]: ...
    def __getitem__(self, place: int | slice) -> Run | tuple[Run, ...]:
        """One of the runs, or some."""
        return self.results[place]

    def to_dict(self) -> dict[str, Any]:
        """The record of each run, in order, under ``runs``."""
        return {
            "kind": "sweep",
            "version": VERSION,
            "sweep": "theta",
            "runs": [result.to_dict() for result in self.results],
        }

    def to_frame(self) -> polars.DataFrame:
        """The rows of every run (`Run.to_frame`), its threshold before them."""
        import polars

        frames = [
            result.to_frame().select(polars.lit(str(result.theta)).alias("theta"), polars.all())
            for result in self.results
        ]
        return polars.concat(frames)

    def figure(self, name: str) -> PaperFigure:
        """A figure of the sweep's page: "theta-score" or "theta-savings". Errors: InputError."""
        from deltasim.reports.page.sections.thresholds import section
        from deltasim.reports.paper.figure import chosen

        return chosen(section(self.results).figures, name)

    def save(self, folder: str | Path) -> Path:
        """Write sweep.json, the page of the sweep, and a run folder for each threshold.

        Raises InputError when the folder exists; nothing is left behind when writing fails.
        """
        from deltasim.reports.saved.folder import as_json, write_run
        from deltasim.runtime.disk.output import new_folder, told_in_a_sentence

        folder = Path(folder)
        with new_folder(folder) as part, told_in_a_sentence(folder):
            for result in self.results:
                (part / folder_name(result)).mkdir()
                write_run(result, part / folder_name(result))
            (part / RECORD).write_text(as_json(self.to_dict()), encoding="utf-8")
            self.write_pages(part)
        return folder

    def write_pages(self, folder: Path) -> None:
        """Write the page of the sweep, and one for each run, which shows the others too."""
        from deltasim.reports.page import run_page, sweep_page
        from deltasim.reports.saved.folder import PAGE
        from deltasim.runtime.disk.unfinished import new_file

        names = [folder_name(result) for result in self.results]
        for name, result in zip(names, self.results, strict=True):
            with new_file(folder / name / PAGE) as file:
                file.write(run_page(result, self.results).encode())
        with new_file(folder / PAGE) as file:
            file.write(sweep_page(self.results, [f"{name}/{PAGE}" for name in names]).encode())

    def __repr__(self) -> str:
        """A line for each threshold."""
        from deltasim.reports.page.sections.thresholds import theta_text
        from deltasim.reports.quantities import quantity, ratio

        first = self.results[0]
        lines = [f"{first.benchmark} on {first.chip.name}, {len(self.results)} thresholds"]
        for result in self.results:
            energy = quantity(result.energy.total_j / result.sequences, "J")
            saved = ratio(result.reduction["energy"])
            lines.append(f"  θ = {theta_text(result)}: {energy} an inference, {saved} less than dense")
        return "\n".join(lines)

    def __rich__(self) -> RenderableType:
        """Terminal form: one row for each threshold."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        from deltasim.reports.page.sections.thresholds import grid, scored
        from deltasim.reports.quantities import percent, score

        first = self.results[0]
        shown, labelled = grid(self.results), scored(self.results)
        title = Text(f"{first.benchmark} on {first.chip.name}, {len(self.results)} thresholds")
        table = Table(
            title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
            pad_edge=False, show_edge=False, collapse_padding=True,
        )  # fmt: skip
        heads = ("θ", *([first.score.name] if labelled else []), *NARROW)
        left_out = {2} if labelled else set()  # the dense score is the same in every row
        for column in heads:
            table.add_column(Text(column), justify="right")
        for row in shown.rows:
            table.add_row(*(Text(cell) for place, cell in enumerate(row) if place not in left_out))
        share = percent(max(result.energy.estimated_share for result in self.results))
        said = [f"Data: {first.data.rstrip('.')}.", f"Up to {share} of the energy rests on estimated prices."]
        if labelled:
            said.insert(0, f"Dense {first.score.name}: {score(first.score.name, first.score.dense)}.")
        if first.fallback:
            said.append(first.fallback)
        return Group(table, Text(""), *(Text(sentence) for sentence in said))

    def _repr_html_(self) -> str:
        """Notebook form: the same table, and the savings where they can be drawn."""
        from html import escape

        from deltasim.reports.page.sections.thresholds import grid, section
        from deltasim.reports.paper.figure import PaperFigure

        shown = grid(self.results)
        head = "".join(f"<th style='text-align:right'>{escape(column)}</th>" for column in shown.columns)
        rows = (
            "".join(f"<td style='text-align:right'>{escape(cell)}</td>" for cell in row) for row in shown.rows
        )
        table = f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
        figures = section(self.results).figures
        return table + "".join(PaperFigure(figure)._repr_html_() for figure in figures[-1:])


def write_finished(results: Sequence[Run], folder: Path, target: Path, words: str) -> None:
    """Write what has just been finished of a sweep, its last run, into the sweep's unfinished folder.

    From then on a stop of the program gives that folder the name ``target`` and tells ``words``: in one step,
    so that whenever it comes the record names the runs that are there.
    """
    from contextlib import ExitStack

    from deltasim.reports.saved.folder import as_json, write_run
    from deltasim.runtime.disk.unfinished import keep_when_stopped, new_file, new_folder, work

    with ExitStack() as parts:
        own = parts.enter_context(new_folder(folder / folder_name(results[-1])))
        write_run(results[-1], own)
        record = parts.enter_context(new_file(folder / RECORD))
        record.write(as_json(Sweep(tuple(results)).to_dict()).encode())
        with work.gate:
            parts.close()
            keep_when_stopped(folder, target, words)


def folder_name(result: Run) -> str:
    """The name of a run's folder inside the sweep's."""
    return folder_of(result.theta)


def folder_of(theta: float | str) -> str:
    """The name of the folder of a threshold.

    >>> folder_of(0.1), folder_of("trained")
    ('theta-0.1', 'theta-trained')
    """
    return f"theta-{theta if isinstance(theta, str) else format(theta, '.12g')}"
