"""Train the networks of the digit benchmarks: first a dense one, from it one with thresholds in the loop."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.training.export import fixed_point
from deltasim.networks.training.recipe import Model, Recipe, train
from deltasim.networks.training.trainer.batches import Batch
from deltasim.runtime.disk.output import new_folder, told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Outputs
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.making.batches import digit_batches, digit_loss, string_batches, string_loss
from deltasim.workloads.digits.scores import accuracy, digit_accuracy
from deltasim.workloads.digits.sources import Source, source
from deltasim.workloads.digits.trained import Trained, save
from deltasim.workloads.features import BANDS, Normalisation, normalisation, normalised
from deltasim.workloads.fetches import fetches_saved

Progress = Callable[[int, int], None]
Scored = tuple[tuple[NDArray[np.float32], ...], NDArray[np.int64]]  # test features, targets

INPUT_RATIO = 8 / 3  # theta_x / theta_h: inputs have deviation 1, states lie within -1 and 1


@dataclass(frozen=True)
class Task:
    """What is trained for: outputs, batches and loss, the recipes, and how the result is scored."""

    name: str
    classes: int
    batches: Callable[[Corpus, Normalisation, int, np.random.Generator], Iterator[Batch]]
    loss: Callable[[Tensor, Batch, float], Tensor]
    dense: Recipe
    delta: Recipe
    score: Callable[[Outputs, NDArray[np.int64]], float | None]
    test: Callable[[Source], Scored]


def _digits_said(found: Source) -> Scored:
    corpus = found.read("test")
    return corpus.features, corpus.labels


def _strings_said(found: Source) -> Scored:
    strings = found.read_strings("test")
    return strings.features, strings.digits


DENSE = Recipe(epochs=30, averaging=0.995)
DELTA = Recipe(
    epochs=50,
    learning_rate=2e-3,
    weight_decay=0.05,
    ramp=0.4,
    reduction=16,
    label_smoothing=0.05,
    averaging=0.995,
)

TASKS = {
    "digits": Task("digits", 10, digit_batches, digit_loss, DENSE, DELTA, accuracy, _digits_said),
    "digit-strings": Task(
        "digit-strings",
        11,
        string_batches,
        string_loss,
        replace(DENSE, epochs=60, batch=48),
        replace(DELTA, batch=48),
        digit_accuracy,
        _strings_said,
    ),
}


def train_digits(
    data: str | Path = "fsdd",
    hidden: int = 200,
    theta: float = 0.2,
    seed: int = 0,
    out: Path = Path("trained"),
    progress: Progress | None = None,
    task: str = "digits",
    epochs: int | None = None,
    report: Callable[[str, dict[str, float]], None] | None = None,
) -> Trained:
    """Train a pair of networks, dense and delta, and write them with their record to a new folder ``out``.

    ``theta`` is the threshold of states; that of inputs is 8/3 of it, scaled for every band in training.
    0 trains no delta network of its own. ``task`` is a key of `TASKS`. ``progress`` is called with
    (epochs done, epochs) over both trainings, ``report`` with each epoch's figures. Both networks are run
    in fixed point on the test part, and the result stands in the record. Errors: an unknown data set, a
    negative theta, a folder that exists.
    """
    chosen = TASKS[task]
    if out.exists():
        raise InputError(
            out, "it exists", "a training writes a new folder", "Name another folder or remove it."
        )
    if not theta >= 0:
        raise InputError("--theta", theta, "a threshold is at least 0", "Give 0 or a positive number.")
    if hidden < 1:
        raise InputError("--hidden", hidden, "a layer has at least one unit", "Give a positive number.")
    found = source(data)
    corpus = found.read("train")
    stored = normalisation(list(corpus.features))
    dense_recipe = replace(chosen.dense, hidden=hidden, seed=seed, epochs=epochs or chosen.dense.epochs)
    delta_recipe = replace(
        chosen.delta,
        hidden=hidden,
        seed=seed + 1,
        epochs=(epochs or chosen.delta.epochs) if theta else 0,
        theta_x=theta * INPUT_RATIO,
        theta_h=theta,
    )
    total = dense_recipe.epochs + delta_recipe.epochs

    def trained(model: Model, recipe: Recipe, name: str, before: int) -> Model:
        def batches(_: int, rng: np.random.Generator) -> Iterator[Batch]:
            return chosen.batches(corpus, stored, recipe.batch, rng)

        def each_epoch(figures: dict[str, float]) -> None:
            if progress is not None:
                progress(before + int(figures["epoch"]), total)
            if report is not None:
                report(name, figures)

        return train(
            model, batches, lambda a, b: chosen.loss(a, b, recipe.label_smoothing), recipe, each_epoch
        )

    torch.set_num_threads(1)  # so that sums do not depend on how many cores there are
    torch.manual_seed(seed)
    model = trained(Model(BANDS, hidden, chosen.classes), dense_recipe, "dense", 0)
    name = f"{task}-{found.name}-{BANDS}-{hidden}"
    dense = fixed_point(model, dense_recipe, f"{name}-dense", dense=True)
    if theta:
        model = trained(model, delta_recipe, "delta", dense_recipe.epochs)
    delta = fixed_point(model, delta_recipe, f"{name}-delta", dense=not theta)
    features, targets = chosen.test(found)
    sequences = [normalised(frames, stored) for frames in features]
    record = {
        "command": f"deltasim train {task} --data {found.name} --hidden {hidden} --theta {theta:g}"
        f" --seed {seed}" + (f" --epochs {epochs}" if epochs else ""),
        "data": corpus.about,
        "data_digest": corpus.digest,
        "dense_recipe": asdict(dense_recipe),
        "delta_recipe": asdict(delta_recipe),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "result": measured(dense, delta, sequences, lambda outputs: chosen.score(outputs, targets)),
    }
    result = Trained(dense, delta, stored, record)
    with new_folder(out) as part, told_in_a_sentence(out):
        save(result, part)
    return result


def measured(
    dense: Network,
    delta: Network,
    sequences: Sequence[NDArray[np.float32]],
    score: Callable[[Outputs], float | None],
) -> dict[str, Any]:
    """Run a pair of networks as a chip would and say what came out and what was saved."""
    _, dense_outputs = execute(dense, sequences)
    trace, outputs = execute(delta, sequences)
    return {
        "sequences": len(sequences),
        "dense_score": score(dense_outputs),
        "score": score(outputs),
        "weight_fetches_saved": fetches_saved(delta, trace),
        "occupancy": trace.occupancy(delta),
    }
