"""Train a delta network on labelled sequences, and write it as a folder that runs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from deltasim.networks.execute import execute
from deltasim.networks.files.checkpoint import remove_checkpoint
from deltasim.networks.files.network import save_network
from deltasim.networks.graph import Network
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.rounding import Formats
from deltasim.networks.training.trainer.batches import Batch, grouped, in_order, padded, stacked
from deltasim.networks.training.trainer.checkpoint import State
from deltasim.networks.training.trainer.costs import Prices
from deltasim.networks.training.trainer.fit import Lesson, fit, seeded
from deltasim.networks.training.trainer.losses import class_loss, frame_loss, transcript_loss, value_loss
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.arrays import Floats
from deltasim.runtime.disk.output import told_in_a_sentence
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.names import as_name
from deltasim.workloads.features import Normalisation, normalisation, normalised
from deltasim.workloads.fetches import fetches_saved
from deltasim.workloads.own.learning.parts import parted, require_learned
from deltasim.workloads.own.learning.task import SCORES, Task, task_of
from deltasim.workloads.own.preparation import FILE as PREPARATION
from deltasim.workloads.own.sequences import Sequences
from deltasim.workloads.training_record import RECORD

LOSSES = {
    "classes": class_loss,
    "frames": frame_loss,
    "values": value_loss,
    "transcripts": transcript_loss,
}
CURVE = "curve.csv"
SMALLEST = np.float32(1e-6)  # a value that never changes is left as it is


def train_own(
    data: Sequences,
    recipe: Recipe,
    out: Path,
    *,
    task: str | None = None,
    test: Sequences | None = None,
    prices: Callable[[Network], Prices] | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Train a network for ``data`` and write it into the folder ``out``; its record, and its epochs.

    A validation part chooses the epoch; a test part, held out or ``test``, is scored once, by executing the
    network that is written. ``prices`` gives the price of every column of the network on a chip. While it
    trains, ``out`` holds the last checkpoint, from which ``resume`` goes on. In the end it holds the network,
    ``input.json`` (mean and deviation of the training part), ``training.json`` and ``curve.csv``.

    Errors: InputError for data that hold nothing to learn, a class without an example, a recipe that does
    not fit them, divergence, a disk that is full.
    """
    wanted = task_of(data, task)
    parts = parted(data.source, len(data.frames), data.groups, wanted.classes, recipe.seed, test is not None)
    if wanted.classes is not None:
        require_learned(data.source, wanted.names, wanted.classes[parts.train])
    last = wanted if test is None else task_of(test, wanted.kind, wanted)
    if test is not None and test.width != data.width:
        rule = f"the network takes {data.width} values a frame"
        raise InputError(test.source, f"{test.width} values a frame", rule, "Bring them to one width.")
    stored = measured(choice(data.frames, parts.train))
    frames = tuple(normalised(one, stored) for one in data.frames)
    if wanted.kind == "transcripts":
        require_room(data, wanted)
    formats = Formats(recipe.bits) if recipe.bits else None
    seeded(recipe.seed, 0)
    model = DeltaNetwork(data.width, recipe.shapes(wanted.outputs), recipe.learned)
    name = as_name(f"{Path(data.source).stem}-{recipe.cell}-{recipe.units}")
    costs = None if prices is None else prices(exported(model, name, dense=True))
    lesson = lesson_of(frames, wanted, parts.train, parts.validation, recipe, digest_of(data), costs)
    state = fit(model, recipe, lesson, folder=out, resume=resume, progress=progress)
    network = exported(model, name, formats=formats, sparse=recipe.sparsity > 0)
    scored = choice(frames, parts.test) if test is None else tuple(normalised(f, stored) for f in test.frames)
    targets = choice(last.targets, parts.test) if test is None else last.targets
    record = {
        "task": wanted.kind,
        "outputs": list(wanted.names),
        "data": data.about,
        "data_digest": digest_of(data),
        "parts": {
            "training": len(parts.train),
            "validation": len(parts.validation),
            "test": len(scored),
            "held_out_by": "group" if data.groups is not None else "sequence",
            "test_data": "held out" if test is None else test.about,
        },
        "recipe": recipe.described(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "chosen": chosen(state),
        "epochs": len(state.history),
        "result": result(network, scored, targets, wanted.kind),
    }
    write(network, stored, record, state.history, out)
    return record, state.history


def chosen(state: State) -> dict[str, float]:
    """The figures of the epoch whose weights were kept: of the last stage, with the best objective."""
    kept = [figures for figures in state.history if figures["objective"] == state.key]
    return next((figures for figures in kept if figures["stage"] == state.stage), {})


def choice(values: Sequence[Any], places: NDArray[np.int64]) -> tuple[Any, ...]:
    """The values at some places."""
    return tuple(values[place] for place in places.tolist())


def measured(frames: Sequence[Floats]) -> Normalisation:
    """Mean and deviation of the training part; a value that does not change there has deviation 1."""
    found = normalisation(list(frames))
    return Normalisation(found.mean, np.where(found.deviation > SMALLEST, found.deviation, np.float32(1)))


def require_room(data: Sequences, task: Task) -> None:
    """Refuse a transcript with more symbols, and blanks between repeats, than its sequence has frames."""
    for frames, said, name in zip(data.frames, task.targets, data.names, strict=True):
        needed = len(said) + int((said[1:] == said[:-1]).sum())
        if needed > len(frames):
            rule = f"its transcript needs at least {needed} frames, and it has {len(frames)}"
            raise InputError(f"{data.source}: {name}", f"{len(said)} symbols", rule, "Mend or leave it out.")


def digest_of(data: Sequences) -> str:
    """Over frames, labels, targets and groups."""
    return hashlib.sha256(f"{data.digest}{data.groups}".encode()).hexdigest()


def lesson_of(
    frames: tuple[Floats, ...],
    task: Task,
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    recipe: Recipe,
    digest: str,
    prices: Prices | None,
) -> Lesson:
    """Batches of the two parts, padded; of the training part drawn anew for every epoch."""
    lengths = [len(one) for one in frames]

    def batch(places: NDArray[np.int64]) -> Batch:
        return padded(choice(frames, places), padded_targets(choice(task.targets, places), task.kind))

    def batches(rng: np.random.Generator) -> Iterator[Batch]:
        own = [lengths[place] for place in train.tolist()]
        size = max(1, round(recipe.batch * float(np.mean(own))))
        for group in grouped(own, size, rng):
            yield batch(train[group])

    held = [lengths[place] for place in validation.tolist()]
    return Lesson(
        batches,
        [batch(validation[group]) for group in in_order(held, recipe.batch)],
        LOSSES[task.kind],
        digest,
        prices,
    )


def padded_targets(targets: Sequence[Any], kind: str) -> torch.Tensor:
    """Targets of a batch as its loss takes them."""
    if kind == "classes":
        return torch.tensor([int(target) for target in targets])
    if kind == "values":
        return torch.from_numpy(stacked(targets, 0.0))
    rows = torch.from_numpy(stacked([target[:, None] for target in targets], -1)[:, :, 0])
    return rows.long() if kind == "frames" else rows.t().long()


def result(network: Network, frames: Sequence[Floats], targets: Sequence[Any], kind: str) -> dict[str, Any]:
    """The network run on the test part, and the same weights with every threshold 0 beside it."""
    name, score = SCORES[kind]
    trace, outputs = execute(network, frames)
    _, dense = execute(network.dense, frames)
    return {
        "score_name": name,
        "score": score(outputs, targets),
        "score_at_threshold_0": score(dense, targets),
        "weight_fetches_saved": fetches_saved(network, trace),
        "occupancy": trace.occupancy(network),
    }


def write(
    network: Network,
    stored: Normalisation,
    record: dict[str, Any],
    history: Sequence[dict[str, float]],
    out: Path,
) -> None:
    """The network, what its inputs go through, the record, and the figures of every epoch; checkpoints go."""
    preparation = {"mean": stored.mean.tolist(), "deviation": stored.deviation.tolist()}
    table = io.StringIO(newline="")
    if history:
        rows = csv.DictWriter(table, list(history[0]), lineterminator="\n")
        rows.writeheader()
        rows.writerows(history)
    texts = {
        PREPARATION: json.dumps(preparation) + "\n",
        RECORD: json.dumps(record, indent=1) + "\n",
        CURVE: table.getvalue(),
    }
    with told_in_a_sentence(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with new_file(out / name) as file:
                file.write(text.encode())
        save_network(network, out)
        remove_checkpoint(out)
