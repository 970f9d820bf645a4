"""Recordings in OpenDPD's layout: both forms, and what is wrong with them in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.predistortion.opendpd import bounds_of, read
from deltasim.workloads.predistortion.sources import BOXED, boxed, source

SPEC = {"input_signal_fs": 64e6, "bw_main_ch": 32e6, "n_sub_ch": 4, "nperseg": 4}


def table(path: Path, names: str, rows: np.ndarray) -> None:
    """A CSV file."""
    lines = [names, *(",".join(repr(float(value)) for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def split(folder: Path) -> np.ndarray:
    """A recording of ten samples a part; sent I and Q, received I and Q of the test part."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    (folder / "spec.json").write_text(json.dumps(SPEC))
    for part in ("train", "val", "test"):
        rows = rng.normal(size=(10, 4))
        table(folder / f"{part}_input.csv", "I,Q", rows[:, :2])
        table(folder / f"{part}_output.csv", "I,Q", rows[:, 2:])
    return rows


def test_a_part_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = split(tmp_path / "PA")
    found = read(tmp_path / "PA", "test")
    np.testing.assert_array_equal(found.sent, rows[:, 0] + 1j * rows[:, 1])
    np.testing.assert_array_equal(found.received, rows[:, 2] + 1j * rows[:, 3])
    learned = read(tmp_path / "PA", "train")
    gain = np.abs(learned.received).max() / np.abs(learned.sent).max()
    assert found.gain == learned.gain == pytest.approx(gain)
    np.testing.assert_array_equal(found.wanted, gain * found.sent)
    assert found.band.period_s == pytest.approx(1 / 64e6) and found.about.startswith("the amplifier PA ")


def test_one_file_is_cut_by_its_shares(tmp_path: Path) -> None:
    rows = np.random.default_rng(2).normal(size=(20, 4))
    table(tmp_path / "data.csv", "I_in,Q_in,I_out,Q_out", rows)
    (tmp_path / "spec.json").write_text(json.dumps(SPEC | {"dataset_format": "single_csv"}))
    found = [read(tmp_path, part) for part in ("train", "val", "test")]
    assert [len(part.sent) for part in found] == [12, 4, 4]
    joined = np.concatenate([part.received for part in found])
    np.testing.assert_array_equal(joined, rows[:, 2] + 1j * rows[:, 3])


@given(st.integers(0, 500), st.floats(0.01, 0.6), st.floats(0.01, 0.39))
@settings(max_examples=50)
def test_every_row_is_in_one_part(count: int, first: float, second: float) -> None:
    ratios = {"train": first, "val": second, "test": 0.1}
    bounds = bounds_of(Path("spec.json"), ratios, count)
    assert bounds[0][0] == 0 and bounds[2][1] == count
    assert bounds[0][1] == bounds[1][0] and bounds[1][1] == bounds[2][0]


def spec(**changes: Any) -> Callable[[Path], object]:
    """Other fields; None takes one away."""
    content = {name: value for name, value in (SPEC | changes).items() if value is not None}
    return lambda folder: (folder / "spec.json").write_text(json.dumps(content))


def text(name: str, content: str) -> Callable[[Path], object]:
    """Another file."""
    return lambda folder: (folder / name).write_text(content)


FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "spec.json").unlink(), "spec.json: no such file"),
    (text("spec.json", "{"), "spec.json:1: damaged: it is a table of names in JSON"),
    (text("spec.json", "[]"), "spec.json: list: it is a table of names"),
    (spec(nperseg=None), "nperseg: this field is missing"),
    (spec(nperseg=0), "nperseg: 0: it is a whole number above 0"),
    (spec(n_sub_ch=2.5), "n_sub_ch: 2.5: it is a whole number above 0"),
    (spec(bw_main_ch="wide"), "bw_main_ch: wide: it is a number above 0"),
    (spec(bw_main_ch=60e6), "bw_main_ch: 60 MHz: the channels and one more on either side"),
    (spec(nperseg=11), "nperseg: 11: a segment is no longer than a part, which has 10 samples"),
    (spec(dataset_format="split_csw"), "dataset_format: split_csw: a recording is kept as"),
    (spec(dataset_format="single_csv", csv_filename="../x.csv"), "it is a file of this folder"),
    (spec(dataset_format="single_csv"), "data.csv: no such file: the recording has this part"),
    (lambda folder: (folder / "test_output.csv").unlink(), "test_output.csv: no such file"),
    (text("test_input.csv", ""), "test_input.csv: nothing: its first line names the columns I, Q"),
    (text("test_input.csv", "I,Q\n"), "test_input.csv: no samples: every part has samples"),
    (text("test_input.csv", "I,Q\n0,0\n0,0\n"), "test_input.csv: silence: every part has samples"),
    (text("test_input.csv", "I,Q\n1,2\n1,x\n"), "test_input.csv:3: x: samples are finite numbers"),
    (text("test_input.csv", "I,Q\n1,nan\n"), "test_input.csv:2: nan: samples are finite numbers"),
    (text("test_input.csv", "I,Q\n1\n"), "test_input.csv:2: 1 fields: a line has 2"),
    (text("test_input.csv", "I,Q\n1,2\n"), "test_output.csv: 10 samples: 1 were sent into the amplifier"),
]


@pytest.mark.parametrize(("spoil", "sentence"), FAULTS, ids=[sentence[:40] for _, sentence in FAULTS])
def test_a_fault_is_told_in_a_sentence(
    spoil: Callable[[Path], object], sentence: str, tmp_path: Path
) -> None:
    split(tmp_path)
    spoil(tmp_path)
    with pytest.raises(InputError) as error:
        read(tmp_path, "test")
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_shares_leave_a_rest() -> None:
    for ratios in ({"train": 0.7, "val": 0.3, "test": 0.1}, {"train": 0.5}, 3):
        with pytest.raises(InputError, match="split_ratios"):
            bounds_of(Path("spec.json"), ratios, 10)


def test_what_is_in_the_box_is_the_published_test_part() -> None:
    """Its error without predistortion, by the functions of the package opendpd 2.4.2: -13.8229 dB."""
    capture = boxed()
    from deltasim.workloads.predistortion.scores import linearity

    found = linearity(capture.received, capture.wanted, capture.band)
    np.testing.assert_allclose(found, (-13.82289013, -27.62929361, -14.29099558), atol=2e-6)


def test_sources_are_found_or_told(tmp_path: Path) -> None:
    assert source(BOXED).path is None and source(None).name == BOXED
    with pytest.raises(InputError, match="Did you mean apa-200mhz"):
        source("apa-200mz")
    with pytest.raises(InputError, match=r"no spec\.json is in it"):
        source(tmp_path)
    with pytest.raises(InputError, match="the box holds the test part alone"):
        source().read("train")
    split(tmp_path / "mine")
    assert source(tmp_path / "mine").name == "mine"
