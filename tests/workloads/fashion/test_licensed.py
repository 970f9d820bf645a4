"""N-TIDIGITS and TI46 for those who have them: files of their form, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from deltasim.runtime.errors import InputError
from deltasim.workloads.fashion.cochlea import BANDS, sound_spikes
from deltasim.workloads.fashion.images import Coding
from deltasim.workloads.fashion.licensed import DIGITS, EVENTS
from deltasim.workloads.fashion.sources import source

HELD = {
    "train": {
        "man-ae-a-1": ([0.5, 0.501, 0.512], [3, 3, 63]),
        "man-ae-a-z": ([0.0], [0]),
        "man-ae-12": ([1.0], [1]),
    },
    "test": {"woman-ac-b-o": ([2.0, 2.0], [7, 8])},
}


def written(folder: Path, **changes: object) -> Path:
    """A small file in the form of N-TIDIGITS."""
    with h5py.File(folder / EVENTS, "w") as file:
        for part, held in HELD.items():
            file[f"{part}_labels"] = np.array(list(held), "S")
            for label, (times, addresses) in held.items():
                file[f"{part}_timestamps/{label}"] = np.array(times)
                file[f"{part}_addresses/{label}"] = np.array(addresses)
        for name, value in changes.items():
            part, kind, label = name.split("__")
            del file[f"{part}_{kind}/{label.replace('_', '-')}"]
            if value is not None:
                file[f"{part}_{kind}/{label.replace('_', '-')}"] = value
    return folder


def test_single_digits_of_n_tidigits_are_read(tmp_path: Path) -> None:
    """The first event begins the first of the steps of 5 ms; two of a channel in a step are one spike."""
    found = source(written(tmp_path))
    train, test = (found.read(part, Coding()) for part in ("train", "test"))
    assert (found.name, found.inputs, train.classes) == ("ntidigits", 64, 11)
    assert train.labels.tolist() == [1, DIGITS["z"]] and test.labels.tolist() == [DIGITS["o"]]
    assert np.argwhere(train.spikes(0)).tolist() == [[0, 3], [2, 63]]
    assert np.argwhere(test.spikes(0)).tolist() == [[0, 7], [0, 8]]
    assert train.digest != test.digest


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"train__timestamps__man_ae_a_1": None}, "it has no data set train_timestamps/man-ae-a-1"),
        ({"train__timestamps__man_ae_a_1": [0.5, np.nan, 1]}, "man-ae-a-1: nan to nan s: events lie within"),
        ({"train__timestamps__man_ae_a_1": [0.5]}, r"\(1,\), \(3,\): every event has a time and a channel"),
        ({"train__addresses__man_ae_a_1": [1, 2, 64]}, "1 to 64: channels are whole numbers below 64"),
        ({"train__addresses__man_ae_a_1": ["a", "b", "c"]}, "an event is a time and a channel"),
    ],
)
def test_what_is_no_n_tidigits_is_refused(changes: dict[str, object], sentence: str, tmp_path: Path) -> None:
    found = source(written(tmp_path, **changes))
    with pytest.raises(InputError, match=sentence):
        found.read("train", Coding())


def test_a_damaged_file_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / EVENTS).write_bytes(b"no HDF5")
    with pytest.raises(InputError, match="it is no readable HDF5 file"):
        source(tmp_path).read("train", Coding())
    with h5py.File(tmp_path / EVENTS, "w") as file:
        file["train_labels"] = h5py.ExternalLink("elsewhere.hdf5", "/labels")
    with pytest.raises(InputError, match="train_labels is a link"):
        source(tmp_path).read("train", Coding())


def test_a_heap_that_hdf5_would_walk_along_for_ever_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / EVENTS, "w") as file:
        file.create_dataset("train_labels", data=["man-ae-a-1"], dtype=h5py.string_dtype())
    whole = bytearray((tmp_path / EVENTS).read_bytes())
    first = whole.find(b"GCOL") + 16
    whole[first : first + 16] = bytes(16)
    (tmp_path / EVENTS).write_bytes(whole)
    with pytest.raises(InputError, match=r"its heap at byte .* is broken"):
        source(tmp_path).read("train", Coding())


def test_digits_of_ti46_are_read(tmp_path: Path) -> None:
    """Enrollment sessions train, others test; letters and commands are left out."""
    rng, rate = np.random.default_rng(0), 12_500
    for name in ("03f1set0", "07m8set9", "03F1S1T0", "0Af1set0", "YSf1s1t0"):
        folder = tmp_path / "ti20" / name[2:4]
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{name}.wav", rng.normal(size=1000) * 0.1, rate)
    found = source(tmp_path)
    train, test = (found.read(part, Coding(peak=0.5)) for part in ("train", "test"))
    assert (found.name, found.inputs, train.classes) == ("ti46", BANDS, 10)
    assert train.labels.tolist() == [3, 7] and test.labels.tolist() == [3]
    samples, _ = soundfile.read(tmp_path / "ti20" / "f1" / "03f1set0.wav")
    np.testing.assert_array_equal(train.spikes(0), sound_spikes(samples, rate, 0.5))
    (tmp_path / "ti20" / "f1" / "03f1set0.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match="it is not a readable sound file"):
        found.read("train", Coding()).spikes(0)
