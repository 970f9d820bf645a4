"""One network on several chips, with a verdict on each: ``deltasim run --chip a,b,c`` and ``ds.across``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.exploration.verdict.verdict import Other
    from deltasim.networks.graph import Network
    from deltasim.reports.chips.across import Across
    from deltasim.reports.chips.rows import ChipRow
    from deltasim.runtime.arrays import Floats
    from deltasim.shell.progress import Progress
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark

BATCH = 16
ALL = "all"


def chips_named(text: str) -> list[str]:
    """The chips that ``--chip`` names: one, several with commas, or all in the box.

    >>> chips_named("edgedrnn, mesh16"), len(chips_named("all")) > 5
    (['edgedrnn', 'mesh16'], True)
    """
    from deltasim.simulator.chip import chip_names

    if text == ALL:
        return list(chip_names())
    if Path(text).is_file():
        return [text]
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if names.count(name) > 1 or not name:
            rule = "each chip is named once"
            raise InputError("--chip", text, rule, "Give names as edgedrnn,mesh16, or all.")
    return names


def across(
    benchmark: Benchmark | str,
    chips: Sequence[Chip | str | Path] | str = ALL,
    theta: float | None = None,
    batch: int = BATCH,
    engine: str = "compiled",
    progress: Progress | None = None,
    jobs: int | None = None,
    command: str = "deltasim.across",
) -> Across:
    """Run a benchmark on several chips and hold each against other ways of saving energy.

    ``benchmark`` is a name in the box or a Benchmark (`deltasim.api.own_network.own_benchmark` makes one of a
    network and data of your own); ``chips`` names, paths or Chips, or "all". Beside every run stand the dense
    run, the dense network with 8-bit weights, the dense network pruned until it loses what the deltas do, and
    a dense accelerator out of the chip's own parts, at batch 1 and ``batch``. Where the network does not
    fit, a row says by how much. Errors: InputError for what a person can mend, and where the
    network fits on none.

    >>> import deltasim as ds
    >>> found = ds.across(ds.benchmark("digits", data="synthetic").limited(2), ["edgedrnn", "deltakws"])
    >>> [(row.chip.name, row.fits) for row in found.rows]
    [('edgedrnn', True), ('deltakws', False)]
    """
    from deltasim.api.cases import choose
    from deltasim.exploration.verdict.verdict import at_8_bits, pruned_to
    from deltasim.reports.chips.across import Across
    from deltasim.simulator.chip import load_chip

    chosen = choose(benchmark) if isinstance(benchmark, str) else benchmark
    named = chips_named(chips) if isinstance(chips, str) else chips
    loaded = [load_chip(chip) if isinstance(chip, str | Path) else chip for chip in named]
    if batch < 1:
        raise InputError("batch", batch, "a batch is at least one sequence", "Give for example 16.")
    if not loaded:
        raise InputError("chips", "none", "a network runs on at least one chip", "Name one.")
    network = chosen.network if theta is None else chosen.network.with_thresholds(theta)
    others = (
        at_8_bits(chosen.dense_network),
        pruned_to(chosen.dense_network, chosen.sequences, as_good_as(network, chosen)),
    )
    rows: list[ChipRow] = []
    for place, chip in enumerate(loaded):
        rows.append(row_of(chosen, chip, theta, others, batch, engine, jobs, command))
        if progress:
            progress(place + 1, len(loaded))
    if not any(row.fits for row in rows):
        refused = rows[0].refused
        assert refused is not None
        raise refused
    return Across(tuple(rows), batch, command)


def as_good_as(network: Network, benchmark: Benchmark) -> Callable[[Sequence[Floats]], bool]:
    """Whether other outputs lose no more than the delta network's: of the score, else in RMS deviation."""
    from deltasim.networks.files.cached_execution import executed
    from deltasim.workloads.deviation import deviation

    _, outputs = executed(network, benchmark.sequences)
    _, dense = executed(benchmark.dense_network, benchmark.sequences)
    score, most = benchmark.scored(outputs), benchmark.scored(dense)
    rms = deviation(outputs, dense).rms

    def judge(others: Sequence[Floats]) -> bool:
        found = benchmark.scored(others)
        if found is not None and score is not None and most is not None:
            return found >= min(score, most)
        return deviation(others, dense).rms <= rms

    return judge


def row_of(
    benchmark: Benchmark,
    chip: Chip,
    theta: float | None,
    others: Sequence[Other],
    batch: int,
    engine: str,
    jobs: int | None,
    command: str,
) -> ChipRow:
    """A benchmark on one chip; a row without a run where it does not fit."""
    from deltasim.api.cases import dense_baseline, prepare, run_case
    from deltasim.exploration.verdict.room import room
    from deltasim.exploration.verdict.verdict import judged
    from deltasim.networks.trace import dense_trace
    from deltasim.reports.chips.rows import ChipRow
    from deltasim.simulator.chip.area import idle_power, known_mm2

    network = benchmark.network if theta is None else benchmark.network.with_thresholds(theta)
    area, taken = known_mm2(idle_power(chip)), room(network, chip)
    try:
        case = prepare(benchmark, chip, theta, engine)
    except InputError as error:
        return ChipRow(chip, taken, area, refused=error)
    baseline = dense_baseline(case, jobs=jobs)
    run = run_case(case, baseline, command, jobs=jobs)
    dense = dense_trace(case.network, [len(sequence) for sequence in benchmark.sequences])
    verdict = judged(
        case.network,
        chip,
        case.mapping,
        (case.trace, run.ledger),
        (dense, baseline.ledger),
        others,
        batch,
        jobs,
    )
    return ChipRow(chip, taken, area, run=run, verdict=verdict)
