"""Train a recurrent spiking network on examples, and write it with its record."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.files.checkpoint import FILE as CHECKPOINT
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.training.spike_trains.as_network import as_network
from deltasim.networks.training.spike_trains.fit import Learned, Lesson, Sample, accuracy_of, fit
from deltasim.networks.training.spike_trains.layer import Weights, spikes_of
from deltasim.networks.training.spike_trains.network import Stack, drawn
from deltasim.runtime.arrays import Integers
from deltasim.runtime.disk.output import refuse_existing, told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.workloads.fashion.examples import Examples
from deltasim.workloads.fashion.images import Coding
from deltasim.workloads.fashion.recipe import Choices
from deltasim.workloads.fashion.sources import Source
from deltasim.workloads.fashion.trained import Trained, save
from deltasim.workloads.nmnist.scores import accuracy

ARITHMETIC = FixedPoint(activation=Q(8, 8), weight=Q(1, 7), accumulator=Q(11, 13))
WEIGHT_BITS = 8
RUN_IN_FIXED_POINT = 1000  # examples of the test part that the written network is run on

Progress = Callable[[int, int], None]


def held_out_of(total: int, count: int) -> tuple[Integers, Integers]:
    """Numbers of the examples to learn from, and of the ``count`` that choose: the same for every seed."""
    if count >= total:
        rule = f"there are {total} examples to train on"
        raise InputError("recipe: held_out", count, rule, "Hold fewer out.")
    order = np.random.default_rng(0).permutation(total)
    return order[count:], order[:count]


def lesson_of(examples: Examples, choices: Choices) -> Lesson:
    """What the trainer is given: every epoch other examples, and other spikes of each."""
    learned, chosen_on = held_out_of(len(examples.labels), choices.held_out)
    count = min(choices.samples, len(learned))

    def samples(rng: np.random.Generator) -> Iterator[Sample]:
        for number in rng.permutation(learned)[:count].tolist():
            yield spikes_of(examples.draw(number, rng)), int(examples.labels[number])

    validation = [sample(examples, number) for number in chosen_on.tolist()]
    digest = hashlib.sha256(f"{examples.digest} {len(learned)} {count}".encode()).hexdigest()
    return Lesson(count, samples, validation, digest)


def sample(examples: Examples, number: int) -> Sample:
    """An example with the spikes that it always has."""
    return spikes_of(examples.spikes(number)), int(examples.labels[number])


def train_spiking(
    source: Source,
    choices: Choices,
    out: Path,
    *,
    command: str = "",
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a network and write it with its record to the folder ``out``.

    What was held out chooses the epoch; the test part is scored once, at the end: all of it by the network in
    float32, and 1,000 examples by the one that is written, with 8-bit weights in fixed point. While it
    trains, ``out`` holds a checkpoint, from which ``resume`` goes on to the same weights.

    Errors: a folder that exists, data too few to hold some out, divergence, a full disk.
    """
    under_way = out / "under-way"
    if not resume:
        refuse_existing(out)
    elif not (under_way / CHECKPOINT).is_file():
        rule = "there is no checkpoint to go on from"
        raise InputError(out, "nothing under way", rule, "Name the folder of a training that was stopped.")
    coding = Coding(choices.steps, choices.peak)
    examples = source.read("train", coding)
    stack, learned = learn(examples, choices, under_way, resume, progress)
    tested = source.read("test", coding)
    network = written(stack, learned.weights, source.name)
    record = {
        "command": command,
        "data": examples.about,
        "data_digest": examples.digest,
        "recipe": asdict(choices),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "history": learned.history,
        "result": {
            "processor_minutes": learned.history[-1]["seconds"] / 60,
            "test": len(tested.labels),
            "test_accuracy": tested_accuracy(stack, learned.weights, tested),
            **run_in_fixed_point(network, tested),
        },
    }
    trained = Trained(network, record)
    with told_in_a_sentence(out):
        save(trained, out)
        shutil.rmtree(under_way, ignore_errors=True)
    return trained


def learn(
    examples: Examples,
    choices: Choices,
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> tuple[Stack, Learned]:
    """Train on examples, less those that are held out; the layers, and what came of them."""
    stack = choices.stack(examples.classes)
    beginning = drawn(examples.inputs, stack, np.random.default_rng((choices.seed, 0)), choices.span)
    lesson = lesson_of(examples, choices)
    learned = fit(stack, beginning, choices.recipe, lesson, folder=folder, resume=resume, progress=progress)
    return stack, learned


def tested_accuracy(stack: Stack, weights: tuple[Weights, ...], examples: Examples) -> float:
    """Accuracy on all examples, in float32."""
    return accuracy_of(stack, weights, [sample(examples, n) for n in range(len(examples.labels))])


def run_in_fixed_point(network: Network, examples: Examples) -> dict[str, float]:
    """How well the written network does on the first examples, run event by event."""
    few = range(min(RUN_IN_FIXED_POINT, len(examples.labels)))
    frames = [examples.spikes(number).astype(np.float32) for number in few]
    _, outputs = execute(network, frames)
    score = accuracy(outputs, examples.labels[: len(few)])
    return {"run_in_fixed_point": len(few), "accuracy_in_fixed_point": score or 0.0}


def written(stack: Stack, weights: tuple[Weights, ...], data: str) -> Network:
    """The network in fixed point, 8-bit weights with the shortest integer part that holds them."""
    whole = as_network(f"fashion-spiking-{data}", stack, weights)
    forms = {projection.name: form_of(projection.connection.weights) for projection in whole.projections}
    return quantised(whole, ARITHMETIC, forms)


def form_of(weights: np.ndarray[Any, Any]) -> Q:
    """The format of 8 bits with the shortest integer part that holds the largest weight.

    >>> form_of(np.array([0.4])), form_of(np.array([-1.5]))
    (Q(integer=1, fraction=7), Q(integer=2, fraction=6))
    """
    integer = 1 + max(0, int(np.ceil(np.log2(max(float(np.abs(weights).max()), 1e-9)))))
    return Q(integer, WEIGHT_BITS - integer)
