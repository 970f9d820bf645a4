"""Every benchmark still works: small sizes, every table there, every cell filled with a figure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import memory
from benchmarks.__main__ import APART, TABLES, main
from benchmarks.engines import require_equal
from benchmarks.memory import peak
from benchmarks.spiking_table import verdict
from benchmarks.tables import against, ratios, side_by_side, spread
from tests.simulator.builders import chain, chip, trace_of


@pytest.mark.parametrize("table", [name for name in (*TABLES, *APART) if name not in ("memory", "spiking")])
def test_a_quick_table(table: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    main([table, "--quick", "--out", str(page)])
    text = page.read_text()
    assert f"`python -m benchmarks {table}`" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) >= 3
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
    for line in lines[2:]:
        assert re.search(r"\d", line), line
    assert re.search(r"[1-9]", "".join(lines[2:]))
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_bytes_a_synapse_and_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of 1 MB, 8 bytes a synapse and 100 bytes a message."""
    monkeypatch.setattr(memory, "peak", lambda _, n, steps: 1_000_000 + 8 * n * n + 100 * steps * 100)
    for row in memory.measure().rows:
        assert row[2:4] == ("8.0", "100")


def test_memory_grows_with_synapses_and_messages_whatever_this_process_holds() -> None:
    floor, more = peak("edgedrnn", 64, 10), peak("edgedrnn", 2048, 10)
    assert more - floor > 4 * 2000 * 2000  # a float32 weight has 4 bytes
    assert floor < 512 << 20


def test_a_table_that_was_not_measured_says_so(tmp_path: Path) -> None:
    main(["spiking", "--quick", "--out", str(tmp_path / "page.md")])
    assert "not measured: a quick run" in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize(
    ("ratio", "reach", "said"),
    [(49.9, ">= 50", "missed"), (50.0, ">= 50", "reached"), (1.0, "equal", "equal")],
)
def test_a_goal_of_the_spiking_table(ratio: float, reach: str, said: str) -> None:
    assert verdict(ratio, reach) == said


def test_an_unknown_table_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["engine"])
    assert "engine: there is no such table; there are: " in capsys.readouterr().err


def test_a_miss_is_called_a_miss() -> None:
    assert against([99.0, 99.9, 500.0], 100.0) == "missed"
    assert against([1.0, 100.0, 101.0], 100.0) == "reached"


def test_contestants_take_turns_after_one_unmeasured_run() -> None:
    turns: list[str] = []
    taken = side_by_side({name: lambda name=name: turns.append(name) for name in "ab"}, 3)
    assert turns == ["a", "b"] * 4
    assert [len(times) for times in taken.values()] == [3, 3]
    assert ratios([6.0, 8.0], [3.0, 2.0]) == [2.0, 4.0]
    assert spread([3.0, 1.0, 2.0], 1) == "2.0 (1.0 to 3.0)"


def test_different_ledgers_are_not_compared() -> None:
    from deltasim.simulator.simulate import simulate

    network = chain(2, 2)
    one = simulate(network, trace_of(network, [[(0, 0)]]), chip())
    other = simulate(network, trace_of(network, [[(0, 0), (0, 1)]]), chip())
    require_equal(one, one)
    with pytest.raises(RuntimeError, match="disagree on counts"):
        require_equal(one, other)
