"""Garments as spikes, where they are read from, how a network is trained on them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltasim.networks.execute import execute
from deltasim.networks.training.spike_trains.fit import accuracy_of
from deltasim.networks.training.spike_trains.layer import Neuron, Weights
from deltasim.networks.training.spike_trains.network import Layer, drawn
from deltasim.runtime.errors import InputError, InputErrors
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.fashion.dense import accuracy_of as dense_accuracy_of
from deltasim.workloads.fashion.dense import conventional, pictures
from deltasim.workloads.fashion.images import Coding, drawn_image, read_embedded
from deltasim.workloads.fashion.making import sample, written
from deltasim.workloads.fashion.recipe import Choices, choices_from, read_choices
from deltasim.workloads.fashion.sources import source
from deltasim.workloads.fashion.trained import SHIPPED, load

RECIPES = SHIPPED.parent / "recipes"


def packed(folder: Path, name: str = "fashion_mnist.npz", **changes: object) -> Path:
    """A file of a few pictures whose class is the row that is lit."""
    rng, arrays = np.random.default_rng(0), {}
    for part, count in (("train", 40), ("test", 12)):
        labels = rng.integers(0, 3, count)
        x = np.zeros((count, 28, 28), np.uint8)
        x[np.arange(count), 8 * labels] = 255
        arrays |= {f"x_{part}": x, f"y_{part}": labels.astype(np.uint8)}
    np.savez(folder / name, **{**arrays, **changes})
    return folder / name


def test_a_pixel_fires_as_often_as_it_is_bright() -> None:
    pixels = np.array([0, 51, 255], np.uint8)
    rates = drawn_image(pixels, Coding(40_000, 0.5), np.random.default_rng(1)).mean(axis=0)
    assert rates[0] == 0
    assert rates[1:] == pytest.approx([0.1, 0.5], abs=0.01)


def test_a_picture_in_the_box_has_the_spikes_it_has_in_the_file(tmp_path: Path) -> None:
    """Its number in the whole test part seeds them."""
    box, coding = read_embedded("test", Coding(20)), Coding(20)
    count = int(box.places.max()) + 1
    x, y = np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8)
    again = np.load(SHIPPED.parent / "garments.npz")["x_test"]
    x[box.places], y[box.places] = again, box.labels
    packed(tmp_path, x_test=x, y_test=y)
    whole = source(tmp_path).read("test", coding)
    for number in (0, 7):
        np.testing.assert_array_equal(box.spikes(number), whole.spikes(int(box.places[number])))
    assert box.first(3).frames()[2].shape == (20, 784)


def test_the_network_in_the_box_does_what_its_record_says() -> None:
    """Trained at the level of spike trains, it recognises as many as the page says, within what 60 tell."""
    made = load(SHIPPED)
    examples = read_embedded("test", made.coding).first(60)
    _, outputs = execute(made.network, examples.frames())
    right = np.mean([frames.sum(axis=0).argmax() for frames in outputs] == examples.labels)
    said = made.record["result"]["accuracy_in_fixed_point"]
    assert made.record["recipe"]["method"] == "spike-trains"
    assert abs(right - said) < 4 * np.sqrt(said * (1 - said) / len(outputs))


def test_what_is_written_has_8_bit_weights_and_does_as_well() -> None:
    stack = (Layer(12, Neuron(0.5)), Layer(10, Neuron(0.5), recurrent=True), Layer(3, Neuron(0.5)))
    network = written(stack, drawn(5, stack, np.random.default_rng(0)), "some")
    assert {projection.connection.weights.dtype for projection in network.projections} == {np.dtype(np.int8)}


def test_accuracy_is_of_the_neuron_that_fires_most(tmp_path: Path) -> None:
    packed(tmp_path)
    examples = source(tmp_path).read("test", Coding(40, 0.5))
    rows = np.zeros((28, 28, 10), np.float32)
    for label in range(3):
        rows[8 * label, :, label] = 1.0
    stack = (Layer(10, Neuron(0.5)),)
    weights = (Weights(rows.reshape(784, 10), np.zeros((0, 10), np.float32)),)
    assert accuracy_of(stack, weights, [sample(examples, n) for n in range(12)]) == 1.0


def test_conventional_networks_learn(tmp_path: Path) -> None:
    held = np.load(packed(tmp_path))
    learned = pictures(held["x_train"], held["y_train"].astype(np.int64))
    network = conventional(learned, 8, 30)
    assert dense_accuracy_of(network, pictures(held["x_test"], held["y_test"].astype(np.int64))) > 0.9


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_recipes_in_the_box_are_recipes(recipe: Path) -> None:
    assert choices_from(read_choices(recipe)) != Choices()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("fashon", r"neither a data set nor a readable folder. Did you mean fashion\?"),
        ("fashion", "fashion_mnist.npz was not found"),
        (".", "none of fashion_mnist.npz, mnist.npz, .* is in it"),
    ],
)
def test_data_that_is_not_there(data: str, sentence: str, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=sentence):
        source(data)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"x_test": np.zeros((12, 28, 27), np.uint8)}, "pictures of 28 x 28 pixels"),
        ({"y_test": np.full(12, 11)}, "classes 0 to 9"),
        ({"x_test": np.zeros((12, 28, 28), np.uint16)}, "pixels are 0 to 255"),
        ({"x_test": np.zeros(12, np.uint8)}, "does not hold pictures"),
    ],
)
def test_files_of_other_content(changes: dict[str, object], sentence: str, tmp_path: Path) -> None:
    packed(tmp_path, **changes)
    with pytest.raises(InputError, match=sentence):
        source(tmp_path).read("test", Coding())


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text('{"recipe": {"steps": 1}}')
    with pytest.raises(InputError, match="the steps and the peak of its pictures"):
        load(tmp_path)


def test_recipes_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputErrors, match="method: spikes: it is one of spike-trains, surrogate"):
        Choices(method="spikes")
    with pytest.raises(InputError, match="a power of two"):
        Choices(tau_s=6.0)
    with pytest.raises(InputError, match="Did you mean units"):
        choices_from({"unit": 1})
    (tmp_path / "a.yaml").write_text("- 1\n")
    with pytest.raises(InputError, match="a recipe is fields and values"):
        read_choices(tmp_path / "a.yaml")
