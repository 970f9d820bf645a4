"""The trained networks on the test part of every fold: errors of each sentence, weight fetches, joules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace, dense_trace
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.validation.measure import measure_trace
from deltasim.workloads.fetches import words_fetched
from deltasim.workloads.speech.benchmarks import speech
from deltasim.workloads.speech.frames import PERIOD_S
from deltasim.workloads.speech.letters import read_out, spelled
from deltasim.workloads.speech.making.choosing import NAIVE, SCALES
from deltasim.workloads.speech.recordings import FOLDS, folds_of, spoken_sentences
from deltasim.workloads.speech.trained import Trained, load
from deltasim.workloads.training_record import RECORD

CHIPS = ("edgedrnn", "mesh16")
COSTED = 4  # sentences of a fold that are run on the chips
DENSE_STEPS = 10  # of a dense run: each costs the same
DRAWS = 1000  # of texts, for an interval
SHARE = 0.95  # of the draws that lie in the interval


class Errors(NamedTuple):
    """Of every sentence characters and words said, and errors in them; words fetched, and of a dense run."""

    characters: Numbers
    character_errors: Numbers
    words: Numbers
    word_errors: Numbers
    fetched: float
    every: float

    @property
    def cer(self) -> float:
        """Character error rate, sentences pooled."""
        return float(self.character_errors.sum() / self.characters.sum())

    @property
    def saved(self) -> float:
        """Weight words of a dense run over those fetched."""
        return self.every / max(1.0, self.fetched)


class Cost(NamedTuple):
    """Joules and seconds of a second of speech on a chip."""

    joules: float
    seconds: float


class Fold(NamedTuple):
    """A fold's networks, the record of them, and its test part: what is heard, what is said, its names."""

    trained: Trained
    sequences: tuple[Numbers, ...]
    texts: tuple[str, ...]
    names: tuple[str, ...]


class Measured(NamedTuple):
    """All folds together, by kind of run; ``curves`` by threshold or scale, ``names`` of the sentences."""

    records: list[dict[str, Any]]
    names: tuple[str, ...]
    dense: Errors
    naive: Errors
    delta: Errors
    naive_curve: dict[float, Errors]
    delta_curve: dict[float, Errors]
    costs: dict[str, dict[str, Cost]]
    examples: list[tuple[str, str, str]]
    frames: int
    period_s: float


def counted(outputs: Sequence[Numbers], texts: Sequence[str], fetched: float, every: float) -> Errors:
    """Errors of each sentence, counted by jiwer."""
    import jiwer

    rows = []
    for frames, said in zip(outputs, texts, strict=True):
        found = read_out(frames)
        letters, words = jiwer.process_characters(said, found), jiwer.process_words(said, found)
        rows.append(
            (
                len(said),
                letters.substitutions + letters.deletions + letters.insertions,
                len(said.split()),
                words.substitutions + words.deletions + words.insertions,
            )
        )
    table = np.array(rows, np.float64)
    return Errors(table[:, 0], table[:, 1], table[:, 2], table[:, 3], fetched, every)


def scored(network: Network, fold: Fold) -> tuple[Errors, list[str]]:
    """A network on a fold's test part."""
    trace, outputs = execute(network, fold.sequences)
    every = sum(int(projection.connection.fan_out.sum()) for projection in network.projections)
    steps = trace.steps // network.passes
    found = counted(outputs, fold.texts, float(words_fetched(network, trace).sum()), float(every * steps))
    return found, [read_out(frames) for frames in outputs]


def pooled(parts: Sequence[Errors]) -> Errors:
    """Sentences of several folds behind one another."""
    return Errors(
        np.concatenate([part.characters for part in parts]),
        np.concatenate([part.character_errors for part in parts]),
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.word_errors for part in parts]),
        sum(part.fetched for part in parts),
        sum(part.every for part in parts),
    )


def with_theta(network: Network, theta: float) -> Network:
    """A network with one threshold everywhere."""
    return network.with_thresholds({projection.name: theta for projection in network.projections})


def with_scale(network: Network, scale: float) -> Network:
    """A network with all its thresholds scaled."""
    return network.with_thresholds({p.name: np.asarray(p.theta) * scale for p in network.projections})


def cost_of(network: Network, trace: Trace, chip: str, period_s: float) -> Cost:
    """What a second of speech costs; a frame is as many steps as the network has passes."""
    run = measure_trace(network, load_chip(chip), trace)
    steps = network.passes / period_s
    return Cost(run.step_j * steps, run.step_s * steps)


def folds_in(folder: Path, data: str) -> list[Fold]:
    """Every fold that was trained. Errors: InputError where none was."""
    recordings = spoken_sentences(data)
    folds = folds_of(recordings.names)
    found = []
    for number in range(FOLDS):
        own = folder / f"fold-{number}"
        if not (own / RECORD).is_file():
            continue
        part = speech(data, own)
        assert part.targets is not None
        names = tuple(recordings.names[place] for place in np.flatnonzero(folds == number))
        found.append(Fold(load(own), part.sequences, tuple(map(spelled, part.targets)), names))
    if not found:
        rule = f"it holds no folder fold-0 to fold-{FOLDS - 1}"
        raise InputError(
            folder, "no networks", rule, "Run `python -m deltasim.workloads.speech.making` first."
        )
    return found


def measured(folder: Path, data: str) -> Measured:
    """Run everything on every fold's test part."""
    folds = folds_in(folder, data)
    dense, naive, delta = [], [], []
    naive_curve: dict[float, list[Errors]] = {theta: [] for theta in NAIVE}
    delta_curve: dict[float, list[Errors]] = {scale: [] for scale in SCALES}
    examples: list[tuple[str, str, str]] = []
    costs: dict[str, dict[str, list[Cost]]] = {
        kind: {chip: [] for chip in CHIPS} for kind in ("dense", "naive", "delta")
    }
    for fold in folds:
        chosen = fold.trained.record["chosen_on"]
        plain, plain_texts = scored(fold.trained.dense, fold)
        dense.append(plain)
        for theta in NAIVE:
            naive_curve[theta].append(scored(with_theta(fold.trained.dense, theta), fold)[0])
        naive.append(naive_curve[chosen["naive_theta"]][-1])
        found, texts = scored(fold.trained.delta, fold)
        delta.append(found)
        for scale in SCALES:
            network = with_scale(fold.trained.delta, scale / chosen["scale"])
            delta_curve[scale].append(found if scale == chosen["scale"] else scored(network, fold)[0])
        examples.append((fold.texts[0], plain_texts[0], texts[0]))
        few = fold.sequences[:COSTED]
        networks = {
            "naive": with_theta(fold.trained.dense, chosen["naive_theta"]),
            "delta": fold.trained.delta,
        }
        for chip in CHIPS:
            every = dense_trace(fold.trained.dense, [DENSE_STEPS])
            costs["dense"][chip].append(cost_of(fold.trained.dense, every, chip, PERIOD_S))
            for kind, network in networks.items():
                costs[kind][chip].append(cost_of(network, execute(network, few)[0], chip, PERIOD_S))
    means = {
        kind: {chip: Cost(*np.mean(list_of, axis=0).tolist()) for chip, list_of in by_chip.items()}
        for kind, by_chip in costs.items()
    }
    return Measured(
        [fold.trained.record for fold in folds],
        tuple(name for fold in folds for name in fold.names),
        pooled(dense),
        pooled(naive),
        pooled(delta),
        {theta: pooled(parts) for theta, parts in naive_curve.items()},
        {scale: pooled(parts) for scale, parts in delta_curve.items()},
        means,
        examples,
        sum(len(frames) for fold in folds for frames in fold.sequences),
        PERIOD_S,
    )


class Interval(NamedTuple):
    """A figure and the middle 95 % of draws of it."""

    value: float
    low: float
    high: float


def drawn(names: Sequence[str]) -> list[Numbers]:
    """Places of draws of whole texts, with replacement: all recordings of a text go together."""
    members = [np.flatnonzero(np.array(names) == name) for name in sorted(set(names))]
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(members), (DRAWS, len(members)))
    return [np.concatenate([members[number] for number in row.tolist()]) for row in picks]


def apart(one: Errors, other: Errors, names: Sequence[str], what: str = "character") -> Interval:
    """The first's error rate less the second's, with an interval of paired draws of texts."""
    wrong = getattr(one, f"{what}_errors") - getattr(other, f"{what}_errors")
    said = one.characters if what == "character" else one.words
    draws = [wrong[places].sum() / said[places].sum() for places in drawn(names)]
    return interval(wrong.sum() / said.sum(), draws)


def rate(one: Errors, names: Sequence[str], what: str = "character") -> Interval:
    """An error rate, with an interval of draws of texts."""
    wrong = getattr(one, f"{what}_errors")
    said = one.characters if what == "character" else one.words
    return interval(
        wrong.sum() / said.sum(), [wrong[places].sum() / said[places].sum() for places in drawn(names)]
    )


def interval(value: float, draws: Sequence[float]) -> Interval:
    """A value with the middle of its draws."""
    low, high = np.percentile(draws, [100 * (1 - SHARE) / 2, 100 * (1 + SHARE) / 2]).tolist()
    return Interval(float(value), low, high)
