"""What placements save where weights do not fit, a row for each: ``python -m benchmarks.studies.placement``.

Cores of ``mesh16-cached`` with 4 KiB near the multipliers, as a cache or as a scratchpad, and LPDDR4 behind
two corners; spoken digits, of which a core's share of the weights takes more than twice the 4 KiB.
"""

from __future__ import annotations

import sys

from deltasim.api.cases import simulate
from deltasim.simulator.chip import Chip, load_chip
from deltasim.workloads.registry import benchmark

SIZE = "4 KiB"
SEQUENCES = 100
SCRATCHPAD = {
    "name": "scratchpad",
    "kind": "scratchpad",
    "size": SIZE,
    "width": "64 bit",
    "latency": "1 cycle",
}


def placements() -> dict[str, Chip]:
    """The same chip under every policy; one that caches has the cache, the others have the scratchpad."""
    whole = load_chip("mesh16-cached").content()
    registers, cache, _, dram = whole["memories"]
    own = {"cached": cache | {"behind": "dram", "size": SIZE, "line": "32 B"}}
    return {
        policy: Chip.model_validate(
            whole
            | {"memories": [registers, own.get(policy, SCRATCHPAD), dram], "placement": {"policy": policy}}
        )
        for policy in ("streamed", "nearest", "cached", "pinned")
    }


def main(data: str | None = None) -> None:
    """A run for each placement: bytes from the DRAM, latency and energy of an inference."""
    digits = benchmark("digits", data).limited(SEQUENCES)
    print(f"{digits.data}\n\n| placement | DRAM bytes | latency | energy |\n|---|--:|--:|--:|")
    for policy, chip in placements().items():
        run = simulate(digits, chip)
        moved = run.dram.bytes if run.dram else 0
        latency = run.latency.inference_mean_s
        print(
            f"| `{policy}` | {moved / run.sequences / 1e6:.2f} MB | {latency * 1e3:.2f} ms "
            f"| {run.energy.total_j / run.sequences * 1e6:.1f} µJ |"
        )
    print(f"\nhot columns counted on: {run.provenance.profile}")


if __name__ == "__main__":
    main(*sys.argv[1:])
