"""``deltasim train fashion-spiking``: from pictures to a spiking network that runs, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

SHORT = "samples: 12\nheld_out: 6\nunits: 16\nsteps: 30\nthreshold: 0.5\nseed: 4\n"


@pytest.fixture
def rows(tmp_path):
    """Pictures whose class is the row that is lit."""
    rng, arrays = np.random.default_rng(0), {}
    for part, count in (("train", 40), ("test", 12)):
        labels = rng.integers(0, 3, count)
        x = np.zeros((count, 28, 28), np.uint8)
        x[np.arange(count), 8 * labels] = 255
        arrays |= {f"x_{part}": x, f"y_{part}": labels.astype(np.uint8)}
    np.savez(tmp_path / "fashion_mnist.npz", **arrays)
    (tmp_path / "short.yaml").write_text(SHORT)
    return tmp_path


def test_trained_then_run(deltasim, rows):
    done = deltasim("train fashion-spiking --data . --recipe short.yaml --epochs 2 --out mine")
    assert done.returncode == 0, done.stderr
    record = json.loads((rows / "mine" / "training.json").read_text())
    assert json.loads(done.stdout) == record["result"]
    assert record["command"] == "deltasim train fashion-spiking --data fashion --recipe short.yaml --epochs 2"
    assert [figures["samples"] for figures in record["history"]] == [12, 24]
    files = sorted(path.name for path in (rows / "mine").iterdir())
    assert files == ["network.json", "network.safetensors", "training.json"]
    run = deltasim("run fashion-spiking --data . --trained mine --chip loihi --json --out out")
    assert run.returncode == 0, run.stderr
    score = json.loads(run.stdout)["score"]["value"]
    assert score == pytest.approx(record["result"]["accuracy_in_fixed_point"])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--data . --cell gru", "recipe: cell: there is no such field"),
        ("--data . --energy loihi", "spikes know no thresholds"),
        ("--data fashon", "Did you mean fashion?"),
        ("--data . --resume", "no checkpoint to go on from"),
        ("--data .", "there are 40 examples to train on"),
    ],
)
def test_what_cannot_be_trained_so_is_told(deltasim, rows, line, sentence):
    done = deltasim(f"train fashion-spiking {line} --out mine")
    assert done.returncode == 2 and sentence in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not (rows / "mine").exists()
