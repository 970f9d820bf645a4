"""A search for a mapping: what its moves keep, what it finds, and that it goes on once interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deltasim.api.exploring import explore
from deltasim.api.own_network import own_benchmark
from deltasim.api.placing import placed
from deltasim.exploration.description import read_study
from deltasim.exploration.searches.layout import Layout, Placing, by_work, gathered, in_part, layout_of
from deltasim.exploration.searches.mapping import MOVES, best, moved
from deltasim.exploration.searches.proposals import Outcome, Proposal
from deltasim.networks.execute import execute
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import chip_from_content, load_chip
from deltasim.simulator.simulate import simulate
from tests.exploration.test_interrupted import content

Describe = Callable[..., dict[str, Any]]
UNBALANCED = Path(__file__).resolve().parents[2] / "docs" / "studies" / "unbalanced.yaml"


@given(st.integers(1, 12), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_a_move_keeps_all_neurons_each_on_one_core(cores: int, neurons: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    work = rng.random(neurons) ** 4 + 1e-6
    spread = by_work(work, cores)
    for _ in range(12):
        assert sum(count for _, count in spread) == neurons
        assert all(count > 0 for _, count in spread)
        named = [core for core, _ in spread]
        assert len(set(named)) == len(named) and 0 <= min(named) <= max(named) < cores
        spread = MOVES[int(rng.integers(len(MOVES)))](spread, cores, work, rng)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=9), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_first_placements_hold_every_population(sizes: list[int], cores: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    work = tuple(rng.random(size) + 1e-6 for size in sizes)
    names = tuple(f"p{place}" for place in range(len(sizes)))
    layout = Layout(names, ("a",), ("scratchpad", "dram"), cores, work, Placing((), ()))
    for spreads in (gathered(layout), tuple(by_work(in_part(one, 0.5), cores) for one in work)):
        assert [sum(count for _, count in spread) for spread in spreads] == sizes
        assert all(0 <= core < cores for spread in spreads for core, _ in spread)
        placing = Placing(spreads, ())
        for _ in range(6):
            placing = moved(placing, layout, rng)
        assert [sum(count for _, count in spread) for spread in placing.spreads] == sizes
        assert all(memory in layout.memories for _, memory in placing.memory)


@given(st.integers(2, 40), st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_by_work_no_core_has_more_than_its_share_and_a_neuron(neurons: int, cores: int, seed: int) -> None:
    work = np.random.default_rng(seed).random(neurons) + 0.01
    begin = 0
    for _, count in by_work(work, cores):
        here = work[begin : begin + count]
        assert here.sum() <= work.sum() / min(cores, neurons) + 2 * work.max() or count == 1
        begin += count


def test_the_work_of_a_neuron_is_what_reaches_it(own: Any) -> None:
    benchmark = own_benchmark(own["network"], own["data"])
    trace, _ = execute(benchmark.network, benchmark.sequences)
    chip = load_chip("mesh16")
    layout = layout_of(benchmark.network, trace, chip)
    ledger = simulate(benchmark.network, trace, chip)
    scans = trace.steps * sum(population.size for population in benchmark.network.populations)
    counted = ledger.total("core.mac") + len(trace.messages) + scans
    assert sum(work.sum() for work in layout.work) == pytest.approx(counted)
    assert layout.start.spreads[1] == tuple((core, 4) for core in range(16))


def test_those_that_miss_least_come_after_those_that_miss_nothing() -> None:
    told = [Outcome(Proposal({"n": n}), (float(n),), miss) for n, miss in enumerate((0.5, 0.0, 0.1, 0.0))]
    told.append(Outcome(Proposal({"n": 4}), None, 0.0))
    assert [one.proposal.values["n"] for one in best(told)] == [1, 3, 2, 0]


def searched(describe: Describe, budget: int) -> dict[str, Any]:
    fields = {"parameters": {"cores.mac.lanes": [2, 8]}, "objectives": ["energy", "latency"]}
    return describe(search="mapping", budget=budget, seed=3, name="searched", **fields)


def test_it_goes_on_and_what_it_finds_runs(described: Describe, own: Any, tmp_path: Path) -> None:
    whole = explore(searched(described, 24), tmp_path / "whole.db")
    explore(searched(described, 16), tmp_path / "parts.db")
    parts = explore(searched(described, 24), tmp_path / "parts.db")
    assert parts.points == whole.points and len(whole.points) == 24
    assert content(tmp_path / "parts.db")["points"] == content(tmp_path / "whole.db")["points"]
    mappings = [str(point.parameters["mapping"].get("placement.explicit")) for point in whole.points]
    assert len(set(mappings)) > 16
    benchmark = own_benchmark(own["network"], own["data"])
    trace, _ = execute(benchmark.network, benchmark.sequences)
    done = [whole.points[place] for place in whole.done.tolist()]
    for point in done[-2:]:
        chip = chip_from_content(yaml.safe_load(whole.chip_yaml(point.number)))
        mapping, _ = placed(benchmark, benchmark.network, chip)
        given = point.parameters["mapping"]["placement.explicit"]
        for name, parts_of in zip(mapping.populations, mapping.partitions, strict=True):
            assert [part.core for part in parts_of] == given["cores"][name]
            assert [part.size for part in parts_of] == given["neurons"][name]
        ledger = simulate(benchmark.network, trace, chip, mapping)
        assert ledger.elapsed_ps == whole.counted[point.evaluation].elapsed_ps


def test_a_mapping_search_needs_a_budget(described: Describe, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="budget"):
        explore(described(search="mapping"), tmp_path / "a.db")


def test_unequal_work_is_found(tmp_path: Path) -> None:
    """The first placements by work are among what is tried; 500 evaluations are in the long form."""
    study = explore(read_study(UNBALANCED).model_copy(update={"budget": 8, "limit": 1}), tmp_path / "a.db")
    assert study.mapped is not None and study.mapped.saved > 0.2


@pytest.mark.long
@pytest.mark.parametrize("benchmark", ["unbalanced", "digits"])
def test_500_evaluations(
    benchmark: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Energy times latency falls by 20 % or more where work is unequal; what it gains on digits is told."""
    study: Any = read_study(UNBALANCED)
    if benchmark == "digits":
        update = {"benchmark": "digits", "network": None, "data": "synthetic", "limit": 10}
        study = study.model_copy(update=update)
    found = explore(study, tmp_path / "a.db", jobs=None)
    assert found.mapped is not None and len(found.points) == 500
    record_property(f"energy times latency saved on {benchmark}", f"{found.mapped.saved:.1%}")
    assert found.mapped.saved >= (0.2 if benchmark == "unbalanced" else 0)
