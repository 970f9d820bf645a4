"""A benchmark's network on a chip, with send counts of other data where the chip pins hot columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.mapping.mapping import Mapping
    from deltasim.workloads.benchmark import Benchmark


def placed(benchmark: Benchmark, network: Network, chip: Chip) -> tuple[Mapping, str | None]:
    """The mapping, and on which data hot columns were counted: the calibration set, never what is measured.

    Errors: InputError where the network does not fit, or the benchmark has no calibration set and the chip
    pins.

    >>> import deltasim as ds
    >>> from deltasim.simulator.chip import load_chip
    >>> digits = ds.benchmark("digits", data="synthetic")
    >>> chip = load_chip("mesh16").changed({"placement.policy": "pinned", "memories.0.size": "2 KiB"})
    >>> mapping, profile = placed(digits, digits.network, chip)
    >>> mapping.blocks[0].memory, profile
    ('scratchpad', 'synthetic digits spoken by espeak-ng, embedded, training part, 20 recordings')
    """
    from deltasim.networks.files.cached_execution import executed
    from deltasim.simulator.mapping.mapping import map_network
    from deltasim.simulator.mapping.send_counts import send_counts_of

    if not chip.placement.pins:
        return map_network(network, chip), None
    if benchmark.calibration_set is None:
        raise InputError(
            chip.place("placement"),
            "pinned",
            f"benchmark {benchmark.name} has no data to count hot columns on but those that are measured",
            "Give it a calibration set, or use nearest.",
        )
    trace, _ = executed(network, benchmark.calibration_set.read())
    return map_network(network, chip, send_counts_of(trace, network)), benchmark.calibration_set.about


def placed_evenly(network: Network, chip: Chip) -> Mapping:
    """The mapping for a dense run, in which all columns are equally hot."""
    from deltasim.simulator.mapping.mapping import map_network
    from deltasim.simulator.mapping.send_counts import even_send_counts

    return map_network(network, chip, even_send_counts(network))
