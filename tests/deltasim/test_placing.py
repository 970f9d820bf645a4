"""The front door places weights by send counts of other data than those it measures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deltasim.api.cases import choose, dense_baseline, prepare, run_case
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip, load_chip
from deltasim.workloads.benchmark import Benchmark
from tests.simulator.builders import assert_same_ledger


@pytest.fixture(scope="module")
def pinning() -> Chip:
    """A third of the weights of the tiny network fits near the cores."""
    chip = load_chip("mesh16").changed({"placement.policy": "pinned", "memories.0.size": "1 KiB"})
    return chip.changed({"cores.count": 1, "network.topology": "mesh:1x1", "memories.1.ports": [0]})


@pytest.fixture(params=["digits", "digit-strings"])
def benchmark(request: pytest.FixtureRequest, tiny: Path) -> Benchmark:
    trained = tiny if request.param == "digits" else None
    return choose(request.param, "synthetic", trained, limit=2)


def test_the_calibration_set_is_apart_from_what_is_measured(benchmark: Benchmark) -> None:
    assert benchmark.calibration_set is not None
    heard = benchmark.calibration_set.read()
    assert len(heard) == 20 and "training part, 20" in benchmark.calibration_set.about
    measured = {sequence.tobytes() for sequence in choose(benchmark.name, "synthetic").sequences}
    assert not measured & {sequence.tobytes() for sequence in heard}
    assert all(sequence.shape[1] == benchmark.network.input_size for sequence in heard)


def test_a_run_says_what_told_its_hot_columns(tiny: Path, pinning: Chip) -> None:
    digits = choose("digits", "synthetic", tiny, limit=2)
    cases = [prepare(digits, pinning, theta) for theta in (0.0, 0.4)]
    assert {block.memory for block in cases[1].mapping.blocks} == {"scratchpad", "dram"}
    assert cases[1].mapping == prepare(digits.limited(1), pinning, 0.4).mapping
    baselines = [dense_baseline(case) for case in cases]
    assert_same_ledger(baselines[0].ledger, baselines[1].ledger)
    result = run_case(cases[1], baselines[1])
    told = "synthetic digits spoken by espeak-ng, embedded, training part, 20 recordings"
    assert result.provenance.profile == told
    assert result.to_dict()["provenance"]["profile"] == told
    assert prepare(digits, "mesh16").profile is None


def test_hot_columns_of_the_calibration_set_are_hot_in_the_test(tiny: Path, pinning: Chip) -> None:
    """They save more bytes than a placement that knows nothing, and than none."""
    digits = choose("digits", "synthetic", tiny, limit=6)
    fetched = []
    for policy in ("pinned", "nearest", "streamed"):
        case = prepare(digits, pinning.changed({"placement.policy": policy}), 0.4)
        run = run_case(case, dense_baseline(case))
        assert run.dram is not None
        fetched.append(run.dram.bytes)
    assert fetched == sorted(fetched) and fetched[0] < fetched[2]


def test_without_a_calibration_set_nothing_is_pinned(tiny: Path, pinning: Chip) -> None:
    digits = replace(choose("digits", "synthetic", tiny, limit=1), calibration_set=None)
    with pytest.raises(InputError) as caught:
        prepare(digits, pinning)
    assert str(caught.value) == (
        "chip mesh16: placement: pinned: benchmark digits has no data to count hot columns on "
        "but those that are measured. Give it a calibration set, or use nearest."
    )
    assert np.isfinite(prepare(digits, "mesh16").score)
