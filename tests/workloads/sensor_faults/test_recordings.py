"""The recordings: parts, graphs, what is in the box, training from a command, and damaged files."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from deltasim.runtime.errors import InputError
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.sensor_faults.making import main
from deltasim.workloads.sensor_faults.recordings import FILE, SOURCES, find, read, read_test

needs_data = pytest.mark.skipif(find() is None, reason=f"no {FILE} in {VARIABLE}")


@needs_data
@pytest.mark.parametrize("name", list(SOURCES))
def test_what_is_in_the_box_is_the_part_to_test_on(name):
    packed, found = read_test(name), read(name, "test")
    assert (packed.readings == found.readings).all() and packed.neighbours == found.neighbours
    assert packed.digest == found.digest and packed.period_s == found.period_s


@needs_data
@pytest.mark.parametrize("name", list(SOURCES))
def test_parts_do_not_overlap_and_are_scaled_by_the_one_to_train_on(name):
    bounds = list(SOURCES[name].parts.values())
    assert bounds == sorted(bounds) and all(b[0] >= a[1] for a, b in pairwise(bounds))
    train = read(name, "train").readings.astype(float)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-4)


@needs_data
def test_only_the_part_of_events_has_labels_of_some():
    for name in ("single-hop", "multi-hop"):
        for part in SOURCES[name].parts:
            assert read(name, part).labels.any() == (part == "events")
    assert read("metr-la", "test").labels is None


@pytest.mark.parametrize("name", list(SOURCES))
def test_neighbours_are_others(name):
    found = read_test(name)
    nodes = len(found.neighbours)
    assert found.readings.shape[1] == nodes == (207 if name == "metr-la" else 8)
    for node, near in enumerate(found.neighbours):
        assert node not in near and len(set(near)) == len(near) <= 8
        assert all(0 <= other < nodes for other in near)


@needs_data
def test_the_command_trains_the_shipped_networks_again(tmp_path, capsys):
    """Bit for bit, from the data: nothing in the training is left to chance."""
    from deltasim.workloads.sensor_faults.trained import SHIPPED, load

    main([str(tmp_path), "--data", "multi-hop"])
    printed = json.loads(capsys.readouterr().out)["multi-hop"]
    again, shipped = load(tmp_path / "seed-0" / "multi-hop", 8), load(SHIPPED / "multi-hop", 8)
    assert again.delta.digest == shipped.delta.digest and again.dense.digest == shipped.dense.digest
    assert printed == again.record["results"] == shipped.record["results"]


def arrays():
    """A small file that is sound but for its length."""
    motes = np.array([[step, mote, 1, 40, 20, 0] for mote in range(1, 5) for step in range(9)], np.float32)
    return {
        "metrla_speed": np.full((9, 3), 60, np.float32),
        "metrla_adj": np.eye(3, dtype=np.float32),
        "wsn_single": motes,
        "wsn_multi": motes,
    }


@pytest.mark.parametrize(
    ("name", "changed", "sentence"),
    [
        ("metr-la", {}, "9 steps: metr-la has fewer than its parts need"),
        ("single-hop", {}, "9 steps: single-hop has fewer than its parts need"),
        ("multi-hop", {"wsn_multi": np.zeros((4, 2), np.float32)}, "four motes have rows of six columns"),
        ("metr-la", {"metrla_adj": np.zeros(3, np.float32)}, "it does not hold the recorded networks"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_files_that_are_not_the_recordings(tmp_path, monkeypatch, name, changed, sentence):
    np.savez(tmp_path / FILE, **(arrays() | changed))
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(InputError, match=sentence):
        read(name, "train")


def test_without_the_file_the_sentence_says_where_it_goes(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match=f"Name the folder of {FILE} in {VARIABLE}"):
        read("metr-la", "train")
    with pytest.raises(InputError, match="metr-la has no such part"):
        read("metr-la", "events")
