"""Which tests are to notice the faults of which file: a line a file, those that notice most come first."""

from __future__ import annotations

HAND = "tests/reports/by_hand"
COUNTS, RECORD, TEXT = f"{HAND}/test_counts.py", f"{HAND}/test_record.py", f"{HAND}/test_text.py"
ENERGY, TIME, CHIP = f"{HAND}/test_page_energy.py", f"{HAND}/test_page_time.py", f"{HAND}/test_page_chip.py"
PAGE, LEVELS, MEASURED = (
    "tests/reports/test_page.py",
    "tests/reports/test_levels.py",
    "tests/reports/test_measured.py",
)
COMPARED, COMPARED_PAGE = (
    "tests/reports/comparison/test_comparison.py",
    "tests/reports/comparison/test_comparison_page.py",
)
EDGES, POWER = f"{HAND}/test_edges.py", f"{HAND}/test_power.py"
TERMINAL, LOOK = "tests/reports/test_terminal.py", f"{HAND}/test_look.py"
CHIPS = "tests/simulator/chip"
KINDS, ALONE = "tests/simulator/memories/test_kinds.py", "tests/simulator/engines/test_one_by_one.py"
AGREED = "tests/reports/agreed/test_agreed.py"
PARTS = "tests/reports/comparison/test_parts.py"
PRICED = "tests/simulator/chip/prices/test_agreed.py"
CHIP_EDGES = f"{CHIPS}/test_edges.py"
CHIP_ERRORS, A_CHIP = f"{CHIPS}/test_chip_errors.py", f"{CHIPS}/test_chip.py"

TESTS: dict[str, tuple[str, ...]] = {
    "reports/comparison/comparison.py": (AGREED, COMPARED, TEXT, EDGES),
    "reports/comparison/differences.py": (PARTS, AGREED, COMPARED, TEXT, EDGES),
    "reports/comparison/findings.py": (AGREED, COMPARED, TEXT, EDGES),
    "reports/comparison/inputs.py": (PARTS, AGREED, COMPARED),
    "reports/comparison/measures.py": (AGREED, TEXT, COMPARED),
    "reports/comparison/page.py": (PARTS, AGREED, COMPARED_PAGE),
    "reports/comparison/sentences.py": (PARTS, AGREED, COMPARED, TEXT),
    "reports/comparison/terminal.py": (AGREED, TEXT, COMPARED),
    "reports/comparison/verdict.py": (PARTS, AGREED, f"{HAND}/test_uncertainty.py", COMPARED),
    "reports/figures.py": (AGREED, COUNTS, "tests/reports/test_figures.py", EDGES),
    "reports/saved/folder.py": (PARTS, RECORD, MEASURED),
    "reports/levels.py": (COUNTS, LEVELS, EDGES),
    "reports/measured.py": (AGREED, COUNTS, RECORD, MEASURED, POWER),
    "reports/notebook.py": (TEXT, TERMINAL),
    "reports/packet_model.py": ("tests/reports/test_packet_model.py", CHIP, EDGES),
    "reports/saved/record_form.py": (
        "tests/reports/test_record_form.py",
        "tests/reports/test_old_runs.py",
        EDGES,
    ),
    "reports/run.py": (RECORD, TEXT),
    "reports/quantities.py": (AGREED, "tests/reports/test_figures.py", TEXT, EDGES),
    "reports/saved/record.py": (RECORD, MEASURED),
    "reports/summary.py": (AGREED, TEXT, EDGES, POWER),
    "reports/sweep.py": (AGREED, TEXT, TERMINAL, PAGE, EDGES),
    "reports/terminal.py": (AGREED, TEXT, TERMINAL),
    "reports/page/__init__.py": (AGREED, ENERGY, PAGE, EDGES),
    "reports/page/sections/activity.py": (AGREED, TIME, LOOK, EDGES),
    "reports/page/sections/bandwidth.py": (AGREED, TIME, LOOK, "tests/reports/test_bandwidth.py"),
    "reports/page/sections/cards.py": (AGREED, ENERGY, POWER),
    "reports/page/document.py": ("tests/reports/study/test_page.py", AGREED, ENERGY, PAGE),
    "reports/page/sections/dram.py": (AGREED, CHIP, LOOK, EDGES),
    "reports/page/sections/energy.py": (AGREED, ENERGY, LOOK, f"{HAND}/test_uncertainty.py"),
    "reports/page/floorplan.py": (AGREED, "tests/reports/test_floorplan.py", CHIP, PAGE),
    "reports/page/sections/flow.py": (AGREED, CHIP, LOOK, LEVELS),
    "reports/page/sections/memory.py": (AGREED, CHIP, EDGES),
    "reports/page/sections/network.py": (AGREED, CHIP, LOOK),
    "reports/page/parts.py": (AGREED, "tests/reports/test_floorplan.py", ENERGY),
    "reports/page/plane.py": (AGREED, "tests/reports/test_floorplan.py", CHIP, LOOK),
    "reports/page/sections/provenance.py": (AGREED, ENERGY, EDGES),
    "reports/page/sections/roofline.py": (AGREED, CHIP, LOOK, LEVELS),
    "reports/page/sections/idle_power.py": (AGREED, ENERGY),
    "reports/page/script.py": (AGREED, PAGE),
    "reports/page/theme.py": (AGREED, LOOK, ENERGY),
    "reports/page/sections/thresholds.py": (AGREED, ENERGY, TEXT, LOOK),
    "reports/page/sections/utilisation.py": (AGREED, TIME, CHIP, LOOK, "tests/reports/test_floorplan.py"),
    "simulator/ledger/background.py": (COUNTS, "tests/simulator/ledger/test_background.py"),
    "simulator/ledger/bandwidth.py": (TIME, "tests/simulator/ledger/test_bandwidth.py"),
    "simulator/ledger/exact.py": ("tests/simulator/ledger/test_exact.py",),
    "simulator/ledger/laws.py": ("tests/simulator/ledger/test_laws.py",),
    "simulator/ledger/ledger.py": (COUNTS, "tests/simulator/ledger/test_laws.py"),
    "simulator/ledger/pricing.py": (COUNTS, RECORD, "tests/simulator/ledger/test_pricing.py"),
    "simulator/ledger/timeline.py": ("tests/simulator/ledger/test_timeline.py",),
    "simulator/memories/cache.py": (KINDS, "tests/simulator/memories/test_cache.py", CHIP_ERRORS, A_CHIP),
    "networks/trace.py": ("tests/networks/test_trace.py",),
    "networks/files/cached_execution.py": ("tests/runtime/disk/test_cache.py",),
    "networks/files/network.py": ("tests/networks/files/test_network.py",),
    "networks/files/trace_folder.py": ("tests/networks/files/test_trace_folder.py",),
    "runtime/disk/cache.py": ("tests/runtime/disk/test_cache.py",),
    "simulator/chip/actions.py": (ALONE, COUNTS, A_CHIP, CHIP_EDGES),
    "simulator/chip/area.py": (COUNTS, f"{CHIPS}/test_area.py"),
    "simulator/chip/checks.py": ("tests/simulator/engines/test_buffers.py", CHIP_EDGES, CHIP_ERRORS, A_CHIP),
    "simulator/chip/describe.py": (f"{CHIPS}/test_describe.py", CHIP_EDGES),
    "simulator/chip/description.py": (A_CHIP, CHIP_ERRORS),
    "simulator/chip/loading.py": (f"{CHIPS}/test_wiring.py", CHIP_ERRORS, A_CHIP),
    "simulator/memories/scratchpad.py": (KINDS, CHIP_ERRORS, A_CHIP),
    "simulator/chip/memory_checks.py": (KINDS, CHIP_ERRORS, A_CHIP),
    "simulator/chip/parts.py": (ALONE, CHIP_ERRORS, A_CHIP),
    "simulator/chip/peaks.py": (COUNTS, LEVELS),
    "simulator/schema/reading.py": (CHIP_ERRORS,),
    "simulator/schema/sentences.py": (CHIP_ERRORS,),
    "simulator/chip/virtual_channels.py": (f"{CHIPS}/test_virtual_channels.py",),
    "simulator/chip/wiring.py": (f"{CHIPS}/test_wiring.py",),
    "simulator/dram/energy.py": ("tests/simulator/dram/test_energy.py",),
    "simulator/dram/scheduling/rank_states.py": ("tests/simulator/dram/test_rank_states.py",),
    "simulator/dram/run_trace.py": (
        "tests/simulator/dram/test_run_trace.py",
        "tests/simulator/dram/test_energy.py",
    ),
    "simulator/flit_network/energy.py": ("tests/simulator/flit_network/test_measure.py",),
    "simulator/flit_network/measure.py": ("tests/simulator/flit_network/test_measure.py",),
    "reports/chips/across.py": (AGREED, "tests/exploration/test_verdict.py", "tests/deltasim/test_report.py"),
    "reports/chips/rows.py": (AGREED, "tests/exploration/test_verdict.py", "tests/deltasim/test_report.py"),
    "reports/comparison/drawing.py": (AGREED, COMPARED_PAGE),
    "reports/comparison/likely.py": (AGREED, COMPARED, "tests/reports/by_hand/test_uncertainty.py"),
    "reports/comparison/over_sequences.py": (AGREED, COMPARED),
    "reports/exports/accelergy.py": (AGREED, "tests/reports/test_exports.py"),
    "reports/exports/dram.py": ("tests/reports/test_exports.py",),
    "reports/exports/messages.py": ("tests/reports/test_exports.py",),
    "reports/exports/neurobench.py": (AGREED, "tests/reports/test_exports.py"),
    "reports/learning_curve.py": (AGREED, "tests/deltasim/test_train.py"),
    "reports/matrix/matrix.py": (AGREED, "tests/reports/matrix/test_matrix.py"),
    "reports/page/chips.py": (AGREED, "tests/exploration/test_verdict.py", "tests/deltasim/test_report.py"),
    "reports/page/energies.py": (AGREED, ENERGY, LOOK),
    "reports/page/matrix.py": (AGREED, "tests/reports/matrix/test_matrix.py"),
    "reports/page/sections/power.py": (AGREED, POWER, LOOK),
    "reports/page/sections/what_helps.py": (
        AGREED,
        "tests/reports/whatif/test_helped.py",
        "tests/deltasim/test_whatif.py",
    ),
    "reports/page/tuned.py": (AGREED, "tests/exploration/test_tuning.py"),
    "reports/paper/figure.py": (
        "tests/reports/paper/test_figure.py",
        "tests/deltasim/test_figure.py",
    ),
    "reports/paper/names.py": (
        "tests/reports/paper/test_figure.py",
        "tests/deltasim/test_figure.py",
    ),
    "reports/paper/printing.py": (
        "tests/reports/paper/test_figure.py",
        "tests/deltasim/test_figure.py",
    ),
    "reports/paper/rows.py": (
        "tests/reports/paper/test_figure.py",
        "tests/deltasim/test_figure.py",
    ),
    "reports/paper/saved_page.py": (
        "tests/reports/paper/test_figure.py",
        "tests/deltasim/test_figure.py",
    ),
    "reports/power.py": (AGREED, POWER, COUNTS),
    "reports/saved/fields.py": (
        RECORD,
        "tests/reports/test_record_form.py",
        "tests/reports/test_old_runs.py",
    ),
    "reports/settings/found_thresholds.py": (AGREED, "tests/exploration/test_tuning.py"),
    "reports/settings/quantised.py": (AGREED, "tests/exploration/test_tuning.py"),
    "reports/settings/tuned.py": (AGREED, "tests/exploration/test_tuning.py"),
    "reports/study/charts.py": (AGREED, "tests/reports/study/test_page.py"),
    "reports/study/coordinates.py": (AGREED, "tests/reports/study/test_page.py"),
    "reports/study/marks.py": (AGREED, "tests/reports/study/test_page.py"),
    "reports/study/page.py": (AGREED, "tests/reports/study/test_page.py", "tests/exploration/test_beside.py"),
    "reports/study/scales.py": (AGREED, "tests/reports/study/test_page.py"),
    "reports/study/sentences.py": (
        AGREED,
        "tests/reports/study/test_page.py",
        "tests/exploration/test_beside.py",
    ),
    "reports/study/terminal.py": (AGREED, "tests/reports/study/test_page.py"),
    "reports/study/words.py": (AGREED, "tests/reports/study/test_page.py"),
    "reports/timeline/dram.py": (
        AGREED,
        "tests/reports/timeline/test_timeline.py",
    ),
    "reports/timeline/perfetto.py": (
        AGREED,
        "tests/reports/timeline/test_timeline.py",
    ),
    "reports/timeline/timeline.py": (
        AGREED,
        "tests/reports/timeline/test_timeline.py",
    ),
    "reports/uncertainty/figures.py": (
        "tests/reports/uncertainty/test_sequences.py",
        "tests/reports/by_hand/test_uncertainty.py",
    ),
    "reports/uncertainty/percentiles.py": ("tests/reports/uncertainty/test_percentiles.py",),
    "reports/uncertainty/prices.py": (
        "tests/reports/uncertainty/test_sequences.py",
        "tests/reports/by_hand/test_uncertainty.py",
    ),
    "reports/uncertainty/sequences.py": (
        "tests/reports/uncertainty/test_sequences.py",
        "tests/reports/by_hand/test_uncertainty.py",
    ),
    "reports/whatif/helped.py": (AGREED, "tests/reports/whatif/test_helped.py"),
    "simulator/ledger/arithmetic_prices.py": (
        "tests/simulator/ledger/test_pricing.py",
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/ledger/idle.py": (
        POWER,
        "tests/simulator/ledger/test_background.py",
    ),
    "simulator/chip/prices/conditions.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/chip/prices/figure.py": (
        PRICED,
        "tests/simulator/chip/prices/test_price.py",
        "tests/simulator/chip/prices/test_resolve.py",
    ),
    "simulator/chip/prices/of_cores.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/chip/prices/of_dram.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/chip/prices/of_memories.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/chip/prices/of_network.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/chip/prices/price.py": (
        PRICED,
        "tests/simulator/chip/prices/test_price.py",
        "tests/simulator/chip/prices/test_resolve.py",
    ),
    "simulator/chip/prices/resolve.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/chip/prices/yaml_text.py": (
        PRICED,
        "tests/simulator/chip/prices/test_resolve.py",
        "tests/simulator/chip/prices/test_price.py",
    ),
    "simulator/memories/buffer.py": (
        KINDS,
        "tests/simulator/memories/test_buffer.py",
        CHIP_ERRORS,
        A_CHIP,
    ),
    "simulator/memories/serial.py": (
        KINDS,
        "tests/simulator/memories/test_serial.py",
        CHIP_ERRORS,
    ),
    "simulator/dram/issued.py": ("tests/simulator/dram/test_issued.py",),
    "simulator/dram/part_spread.py": ("tests/simulator/dram/test_part_spread.py",),
}
"""Reports, pricing, laws, background energy, caches, the reading of chips, measures of DRAM and network."""
