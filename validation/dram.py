"""The DRAM model against Ramulator 2.1, DRAMsim3 and closed forms, as one page of tables.

    python -m deltasim.validation.dram REFERENCE docs/validation/dram.md

REFERENCE is a folder with ``ramulator2_robaracoch.csv``, ``dramsim3_energy.csv``,
``energy_parameters.csv`` and ``traces/``. Peers do not power down, so power-down is off here.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.loading import load_standard, standard_from_content
from deltasim.simulator.dram.run_trace import MemoryResult, run_trace
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.dram.trace_reader import Records
from deltasim.validation import ramulator

RAMULATOR = {
    "DDR3-1600 x64": "DDR3-1600",
    "DDR4-2400 x64": "DDR4-2400",
    "LPDDR5-6400 x16": "LPDDR5-6400",
    "HBM2-2000 1x128": "HBM2-2000",
}
DRAMSIM = {"DDR3-1600 x64": "DDR3-1600", "DDR4-2400 x64": "DDR4-2400"}
TAKEN_OVER = ("tCK", "tRFC", "tREFI")  # of DRAMsim3's own description, which differ from Ramulator's
PARTS = ("act", "read", "ref", "background")
PROMISED, PROMISED_HBM = 1.0, 2.0  # per cent of bandwidth


class Difference(NamedTuple):
    """One figure: what the peer says, what we say, and the difference in per cent of the peer's."""

    theirs: float
    ours: float

    @property
    def per_cent(self) -> float:
        """The difference in per cent; 0 where both are 0."""
        return 100 * (self.ours / self.theirs - 1) if self.theirs else 0.0


class Row(NamedTuple):
    """One run of one trace, against a peer."""

    memory: str
    trace: str
    window: int
    figures: dict[str, Difference]


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file of the reference folder.

    Errors: InputError for a file that cannot be read.
    """
    try:
        return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise InputError(
            path, "unreadable", f"a reference table ({error.strerror})", "Name its folder."
        ) from None


def against_ramulator(folder: Path) -> Iterator[Row]:
    """Bandwidth, mean latency and row hits of every row of ``ramulator2_robaracoch.csv``."""
    for row in read_table(folder / "ramulator2_robaracoch.csv"):
        name, window = RAMULATOR[row["config"]], int(row["window"])
        trace = folder / "traces" / f"{row['trace']}.trace"
        result = run_trace(load_standard(name), trace, window=window, power_down_after=0)
        figures = {
            "bandwidth, GB/s": Difference(float(row["bw_GBs"]), result.bandwidth_gb_s),
            "mean latency, ns": Difference(float(row["lat_mean_ns"]), result.latency_mean_ns),
            "row hits": Difference(float(row["row_hits"]), result.row_hits),
        }
        yield Row(name, row["trace"], window, figures)


def as_dramsim_describes(name: str, parameters: dict[str, str]) -> Standard:
    """The standard with the clock and refresh timing of DRAMsim3's description of the same memory."""
    content = load_standard(name).model_dump(by_alias=True)
    content["timing"] |= {
        "tCK": f"{parameters['tCK_ns']} ns",
        "tRFC": int(float(parameters["tRFC"])),
        "tREFI": int(float(parameters["tREFI"])),
    }
    content["power"]["tCK"] = content["timing"]["tCK"]  # currents at the clock that DRAMsim3 describes
    return standard_from_content(content, place=name)


def against_dramsim(folder: Path) -> Iterator[Row]:
    """Energy by part of every row of ``dramsim3_energy.csv``, in microjoules."""
    described = {row["config"].split(" (")[0]: row for row in read_table(folder / "energy_parameters.csv")}
    for row in read_table(folder / "dramsim3_energy.csv"):
        name, window = DRAMSIM[row["config"]], int(row["window"])
        standard = as_dramsim_describes(name, described[row["config"]])
        trace = folder / "traces" / f"{row['trace']}.trace"
        energy = run_trace(standard, trace, window=window, power_down_after=0).energy
        assert energy is not None  # its currents are those of its clock
        ours = (energy.activate_j, energy.read_j, energy.refresh_j, energy.background_j, energy.total_j)
        figures = {
            part: Difference(float(row[f"{part}_pJ"]) * 1e-6, joules * 1e6)
            for part, joules in zip((*PARTS, "total"), ours, strict=True)
        }
        yield Row(name, row["trace"], window, figures)


def run_addresses(standard: Standard, address: Sequence[int], window: int) -> MemoryResult:
    """Read one transaction at each address."""
    size = np.full(len(address), standard.organisation.burst, np.int64)
    records = Records(np.zeros(len(address), np.uint8), np.array(address, np.int64), size)
    return run_trace(standard, [records], window=window, power_down_after=0)


def closed_forms(folder: Path) -> Iterator[tuple[str, Difference, str]]:
    """What can be worked out by hand: name, (closed form, ours), unit."""
    for name in ("DDR3-1600", "DDR4-2400"):
        standard = load_standard(name)
        timing, burst = standard.timing(), standard.organisation.burst
        tick_ns, awake = (
            timing.tick_ps / 1e3,
            1 - timing.wait("bank refresh activate") / timing.refresh_interval,
        )
        bank_bytes = (
            standard.organisation.row * timing.groups * timing.banks
        )  # to the next row of the same bank
        hit = (timing.read_latency + 1) * tick_ns
        one_row = [burst * (number % 64) for number in range(101)]
        spent = (
            run_addresses(standard, one_row, 1).elapsed_s - run_addresses(standard, one_row[:1], 1).elapsed_s
        )
        yield f"{name}: one in flight, a row hit", Difference(hit, spent / 100 * 1e9), "ns"
        conflict = (
            hit + (timing.wait("bank precharge activate") + timing.wait("bank activate read")) * tick_ns
        )
        conflict = max(conflict, timing.wait("bank activate activate") * tick_ns)
        same_bank = [bank_bytes * (number % 2) for number in range(101)]
        spent = (
            run_addresses(standard, same_bank, 1).elapsed_s
            - run_addresses(standard, same_bank[:1], 1).elapsed_s
        )
        yield f"{name}: one in flight, a row conflict", Difference(conflict, spent / 100 * 1e9), "ns"
        stream = (
            standard.peak_bandwidth
            * timing.wait("rank read read")
            / timing.wait("group read read")
            * awake
            / 1e9
        )
        long_row = [burst * (number % 64) for number in range(40_000)]
        ours = run_addresses(standard, long_row, 0).bandwidth_gb_s
        yield f"{name}: stream from one row", Difference(stream, ours), "GB/s"
        ceiling = 4 * burst / (timing.wait("four activate activate") * tick_ns) * awake
        ours = run_trace(standard, folder / "traces" / "rand64.trace", power_down_after=0).bandwidth_gb_s
        yield f"{name}: random, four bursts a tFAW", Difference(ceiling, ours), "GB/s"


def page(folder: Path) -> str:
    """The whole page in Markdown."""
    lines = [
        "# DRAM against its peers",
        "",
        "Written by `python -m deltasim.validation.dram REFERENCE docs/validation/dram.md`; REFERENCE holds",
        "the peers' tables and traces. Differences are in per cent of the peer's figure. Row hits are",
        "counted by the first command a transaction causes, as the peer does. Window 0 is limited only by",
        "the 32-entry queue.",
        "",
        "## Ramulator 2.1: bandwidth, latency, row hits",
        "",
    ]
    lines += table_of(list(against_ramulator(folder)), digits=2)
    lines += ["", *other_lines()]
    lines += ["", "## DRAMsim3: energy by part, in microjoules", ""]
    lines += [
        f"With {', '.join(TAKEN_OVER)} of DRAMsim3's description. It counts no energy of the data pins.",
        "",
    ]
    lines += table_of(list(against_dramsim(folder)), digits=1)
    lines += ["", "## Closed forms", "", "| form | by hand | ours | difference |", "|---|---:|---:|---:|"]
    for name, figure, unit in closed_forms(folder):
        per_cent = f"{figure.per_cent:+.2f} %"
        lines.append(f"| {name} | {figure.theirs:.3f} {unit} | {figure.ours:.3f} {unit} | {per_cent} |")
    lines += [
        "",
        "One in flight: a hit takes tCL + tBL + 1 ticks from one read to the next; a conflict adds tRP +",
        "tRCD, and takes tRC at least. Streams and random traffic lose tRFC of every tREFI. The activate",
        "window bounds random traffic from above: a queue of 32 does not always hold a request for a bank",
        "that is free.",
    ]
    return "\n".join(lines) + "\n"


def other_lines() -> Iterator[str]:
    """``ramulator.csv`` beside ours: every memory, mapping and refresh, the worst of its traces."""
    yield from (
        "## Ramulator 2.1: every mapping and refresh",
        "",
        "`validation/ramulator.csv`, made by `python -m deltasim.validation.ramulator FOLDER`: 10,000 bursts",
        "of 64 B in order and at random, and columns of 768 B at random places, windows of 0 and 8. The",
        "largest differences in per cent of bandwidth, and of the mean and the 99th percentile of reads'",
        f"latency. Promised: bandwidth within {PROMISED:g} %, HBM {PROMISED_HBM:g} %. LPDDR5X-8533 is",
        "Ramulator's rule for LPDDR5 with the delays of our file. Of refreshing the same bank of every group",
        "(DDR5) Ramulator has no rule.",
        "",
        "| memory | refresh | mapping | bandwidth | mean latency | 99 % | promise | writes, window 0 | 8 |",
        "|---|---|---|--:|--:|--:|:-:|--:|--:|",
    )
    grouped: dict[tuple[str, str, str], dict[tuple[str, int], ramulator.Differences]] = {}
    for case, differences in ramulator.compared().items():
        grouped.setdefault(case[:3], {})[case.trace, case.window] = differences
    for (memory, refresh, mapping), found in grouped.items():
        reads = [differences for (trace, _), differences in found.items() if trace != "writes"]
        worst = [100 * max(figures, key=abs) for figures in zip(*reads, strict=True)]
        promised = PROMISED_HBM if memory.startswith("HBM") else PROMISED
        verdict = "kept" if abs(worst[0]) <= promised else "**missed**"
        shown = " | ".join(f"{per_cent:+.2f}" for per_cent in worst)
        writes = " | ".join(f"{100 * found['writes', window].bandwidth:+.1f}" for window in ramulator.WINDOWS)
        yield f"| {memory} | {refresh} | {mapping} | {shown} | {verdict} | {writes} |"
    yield from (
        "",
        "Writes are not promised: Ramulator keeps them in a queue of their own, calls each done when it is",
        "taken, and drains that queue when it is full; ours serves one queue in its order, and a write is",
        "done with its data. The last two columns are the difference in bandwidth with 3 writes in 10, at",
        "random.",
    )


def table_of(rows: Sequence[Row], digits: int) -> list[str]:
    """A Markdown table with the worst difference of every memory below."""
    names = list(rows[0].figures)
    columns = ["memory", "trace", "window", *(f"{name} | ours | %" for name in names)]
    lines = [f"| {' | '.join(columns)} |", "|---|---|---:|" + "---:|" * 3 * len(names)]
    for row in rows:
        cells = (
            f"{figure.theirs:.{digits}f} | {figure.ours:.{digits}f} | {figure.per_cent:+.2f}"
            for figure in row.figures.values()
        )
        lines.append(f"| {row.memory} | {row.trace} | {row.window} | {' | '.join(cells)} |")
    lines += ["", "Largest difference in per cent:", ""]
    lines += [f"| memory | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for memory in dict.fromkeys(row.memory for row in rows):
        of_memory = [row.figures for row in rows if row.memory == memory]
        worst = (worst_of(figures[name] for figures in of_memory) for name in names)
        lines.append(f"| {memory} | {' | '.join(f'{value:.2f}' for value in worst)} |")
    return lines


def worst_of(figures: Iterable[Difference]) -> float:
    """The largest difference in per cent, without its sign."""
    return max(abs(figure.per_cent) for figure in figures)


def main(arguments: Sequence[str]) -> None:
    """Write the page."""
    if len(arguments) != 2:
        rule = "two paths: the folder of reference tables and the page to write"
        raise InputError("deltasim.validation.dram", " ".join(arguments) or "nothing", rule, "Give both.")
    target = Path(arguments[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(Path(arguments[0])), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
