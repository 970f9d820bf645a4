"""Clips with tags: the published network's parameters, blocks beside whole clips, what deltas save."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deltasim.networks.execute import execute
from deltasim.networks.training.exporting import exported
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from deltasim.workloads.fetches import fetches_saved
from deltasim.workloads.music_tags import sounds
from deltasim.workloads.music_tags.benchmarks import music_tags
from deltasim.workloads.music_tags.clips import BANDS, PARTS, Clips, blocks, validation_of
from deltasim.workloads.music_tags.making.family import family
from deltasim.workloads.music_tags.making.learning import Recipe, norm_as_arrays, scaled
from deltasim.workloads.music_tags.making.tagger import Tagger, in_blocks
from deltasim.workloads.music_tags.published import BANDS as PUBLISHED_BANDS
from deltasim.workloads.music_tags.published import layers
from deltasim.workloads.music_tags.scores import answers, areas
from deltasim.workloads.music_tags.sources import source
from deltasim.workloads.music_tags.structures import NAMES, SIZES, STRUCTURES, Stage, Structure, structure
from deltasim.workloads.music_tags.trained import SHIPPED, load

LITTLE = Structure("little", (Stage(3, (3, 3), (4, 2), 1), Stage(4, (3, 3), (8, 2), 1)), (5, 4))


def drawn(count: int, frames: int = 16, seed: int = 0) -> Clips:
    """Clips of noise with three tags, a group each."""
    rng = np.random.default_rng(seed)
    return Clips(
        "noise",
        rng.integers(0, 256, (count, frames, BANDS)).astype(np.uint8),
        rng.random((count, 3)) < 0.4,
        ("a", "b", "c"),
        np.arange(count),
        np.zeros(count, np.int64),
    )


def test_the_published_parameters_add_up() -> None:
    """396,786 is what the authors state; their weight file holds 400,562 numbers."""
    rows = {layer.name: layer for layer in layers()}
    assert sum(layer.trained for layer in layers()) == 396_786
    assert sum(layer.stored for layer in layers()) == 400_562
    assert sum(layer.stored for layer in layers()) - 2 * (1440 + 64 + 3 * 128) == 396_786
    assert sum(layer.trained for layer in layers(PUBLISHED_BANDS)) == 394_098
    assert sum(layer.stored for layer in layers(PUBLISHED_BANDS)) == 395_186
    assert [rows[f"GRU {number}"].trained for number in (1, 2)] == [15_456, 6_240]
    assert rows["dense, sigmoid"].trained == 1_650
    assert rows["GRU 1"].shape == (15, 32)
    pools = [layer.shape for layer in layers() if layer.name.startswith("largest")]
    assert pools == [(48, 720, 64), (16, 240, 128), (4, 60, 128), (1, 15, 128)]
    kernels = [torch.nn.Conv2d(few, many, 3) for few, many in ((1, 64), (64, 128), (128, 128), (128, 128))]
    counted = [sum(p.numel() for p in kernel.parameters()) for kernel in kernels]
    assert counted == [rows[f"convolution {number}, 3 x 3"].trained for number in range(1, 5)]


@pytest.mark.parametrize("size", SIZES)
def test_structures_of_a_size_have_as_many_parameters(size: str) -> None:
    counts = {}
    for name in NAMES:
        tagger = Tagger(structure(name, size), torch.full((24,), 0.1))
        counts[name] = sum(p.numel() for p in tagger.parameters())
        assert counts[name] == STRUCTURES[name, size].parameters(24)
    assert max(counts.values()) <= 1.03 * min(counts.values())


@pytest.mark.parametrize("name", ["little", *NAMES])
def test_blocks_at_threshold_0_are_whole_clips_in_pytorch(name: str) -> None:
    """Batch norms folded and blocks one after another, beside the tagger over the whole clip."""
    shape = LITTLE if name == "little" else structure(name, "small")
    torch.manual_seed(0)
    tagger = Tagger(shape, torch.full((3,), 0.3))
    clips = drawn(6)
    for norm in (tagger.bands, *tagger.norms):
        torch.nn.init.uniform_(norm.weight, -1, 1)
        torch.nn.init.uniform_(norm.bias, -1, 1)
    tagger(scaled(clips.levels))  # batch norms have seen something
    tagger.eval()
    network = exported(in_blocks(tagger), name)
    _, outputs = execute(network, blocks(clips.levels, *norm_as_arrays(tagger)))
    with torch.no_grad():
        expected = tagger(scaled(clips.levels)).numpy()
    assert np.abs(answers(outputs, shape.reads) - expected).max() < 1e-4


def test_a_clip_is_heard_block_by_block() -> None:
    """What comes later changes nothing that was said before."""
    clips = drawn(1)
    later = replace(clips, levels=np.concatenate([clips.levels[:, :8], 255 - clips.levels[:, 8:]], axis=1))
    network, norm = load(SHIPPED).delta, load(SHIPPED).norm
    _, outputs = execute(network, [*blocks(clips.levels, *norm), *blocks(later.levels, *norm)])
    assert (outputs[0][:2] == outputs[1][:2]).all()
    assert (outputs[0][2:] != outputs[1][2:]).any()


def test_trained_deltas_save_and_lose_little() -> None:
    """What the benchmark is for, on some of the test part; docs/music-tags.md has all of it."""
    benchmark = music_tags("box").limited(60)
    trace, outputs = execute(benchmark.network, benchmark.sequences)
    _, dense = execute(benchmark.dense_network, benchmark.sequences)
    score, dense_score = benchmark.scored(outputs), benchmark.scored(dense)
    assert score is not None and dense_score is not None
    assert dense_score > 0.62  # one that guesses: 0.5
    assert score > dense_score - 0.02
    assert fetches_saved(benchmark.network, trace) > 3


def test_both_engines_agree() -> None:
    """A clip's first two blocks, on a chip in the box."""
    trained = load(SHIPPED)
    clip = blocks(sounds.read_box().levels[:1], *trained.norm)[0][:2]
    trace, _ = execute(trained.delta, [clip])
    chip = load_chip("earbud")
    ledgers = [simulate(trained.delta, trace, chip, engine=engine) for engine in ("compiled", "simpy")]
    assert (ledgers[0].counts == ledgers[1].counts).all()
    assert ledgers[0].elapsed_ps == ledgers[1].elapsed_ps


def test_parts_share_no_group() -> None:
    group = np.repeat(np.arange(20), 3)
    part = validation_of(group, group >= 15)
    members = [set(group[part == number].tolist()) for number in range(len(PARTS))]
    assert not (members[0] & members[1] or members[0] & members[2] or members[1] & members[2])
    assert [len(own) for own in members] == [12, 3, 5]


def test_areas_leave_out_tags_that_all_or_none_have() -> None:
    said = np.array([[0.1, 0.5, 0.4], [0.9, 0.2, 0.4]])
    found = areas(said, np.array([[False, True, False], [True, True, False]]))
    assert found.mean == 1.0 and np.isnan(found.each[1:]).all()
    assert music_tags("box").scored([np.zeros((1, 24), np.float32)] * 275) == 0.5


def test_a_training_follows_from_its_seed() -> None:
    """A tiny training, twice: the same weights, and a record of it."""
    clips = drawn(48, frames=8)
    recipe = Recipe(epochs=1, tuned_epochs=1, thetas=(0.2,), naive=(0.1,))
    chooses = drawn(8, frames=8, seed=1)
    made = [
        family(LITTLE, clips, chooses, recipe, whence={}, name="little", report=lambda *_: None)
        for _ in range(2)
    ]
    assert made[0].dense.digest == made[1].dense.digest and made[0].delta.digest == made[1].delta.digest
    assert made[0].record["parameters"] == LITTLE.parameters(3)
    assert made[0].tags == ("a", "b", "c") and made[0].reads == "last"
    assert set(made[0].record["validation"]) == {"dense", "naive 0.1", "trained 0.2"}
    assert made[0].dense.weight_bits(0) == 8


def test_the_box_is_the_test_part_of_the_packed_file() -> None:
    path = sounds.find()
    if path is None:
        pytest.skip("music_tags.npz is not here")
    whole, box = sounds.read(path), sounds.read_box()
    assert whole.chosen("test").digest == box.digest
    assert [len(whole.chosen(part).levels) for part in PARTS] == [989, 240, 275]


def test_bad_data_and_networks_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean box"):
        source("bx")
    with pytest.raises(InputError, match=r"neither music_tags\.npz nor annotations_final\.csv"):
        source(tmp_path)
    with pytest.raises(InputError, match="the box holds the test part alone"):
        source("box").read("train")
    with pytest.raises(InputError, match="no such folder"):
        music_tags("box", tmp_path / "none")
    with pytest.raises(InputError, match="Did you mean crnn"):
        structure("crn", "small")
    with pytest.raises(InputError, match="there is no such size"):
        structure("crnn", "middle")
    bad = {"mel": np.zeros((2, 8, 64), np.float32), "tags": np.zeros((2, 1), np.uint8)}
    bad |= {"tag_names": np.array(["a"]), "group": np.arange(2), "is_test": np.ones(2, bool)}
    for changed, sentence in (
        (bad, "does not hold the packed sounds"),
        (bad | {"mel": np.zeros((2, 8, 32), np.uint8)}, "64 levels of a byte"),
        (bad | {"mel": np.zeros((3, 8, 64), np.uint8)}, "do not belong together"),
    ):
        np.savez(tmp_path / sounds.FILE, **changed)
        with pytest.raises(InputError, match=sentence):
            sounds.read(tmp_path / sounds.FILE)
