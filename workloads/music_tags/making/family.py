"""The networks of one structure: trained on whole clips, brought into blocks, with and without thresholds."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.network import DeltaNetwork
from deltasim.networks.training.rounding import Formats
from deltasim.runtime.arrays import Floats
from deltasim.workloads.fetches import fetches_saved
from deltasim.workloads.music_tags.clips import Clips, blocks
from deltasim.workloads.music_tags.making.learning import (
    BITS,
    Learned,
    Recipe,
    learned,
    norm_as_arrays,
    tuned,
)
from deltasim.workloads.music_tags.scores import answers, areas
from deltasim.workloads.music_tags.structures import Structure
from deltasim.workloads.music_tags.trained import Trained, at_threshold

Report = Callable[[str, dict[str, float]], None]


@dataclass(frozen=True)
class Judge:
    """The validation part as a network receives it, and how its answers are read."""

    clips: Clips
    norm: tuple[Floats, Floats]
    reads: str

    def figures(self, network: Network) -> dict[str, float]:
        """Mean and pooled ROC AUC, and weight fetches saved, of a network on the validation part."""
        trace, outputs = execute(network, blocks(self.clips.levels, *self.norm))
        found = areas(answers(outputs, self.reads), self.clips.tags)
        return {"mean_auc": found.mean, "pooled_auc": found.pooled, "saved": fetches_saved(network, trace)}


def family(
    structure: Structure,
    train: Clips,
    validation: Clips,
    recipe: Recipe,
    *,
    whence: dict[str, Any],
    name: str,
    report: Report,
) -> Trained:
    """Train one structure; the dense network, and the delta network that was chosen on the validation part.

    A recurrent structure is trained with each of the recipe's ``thetas``. The others get thresholds when they
    run, as the dense recurrent one is tried with too (``naive``). The test part is not touched.
    """
    torch.set_num_threads(1)  # so that sums do not depend on how many cores there are
    made = learned(structure, train, validation, recipe, lambda figures: report(f"{name} clips", figures))
    judge = Judge(validation, norm_as_arrays(made.tagger), structure.reads)

    def in_fixed_point(theta: float) -> Network:
        def told(figures: dict[str, float]) -> None:
            report(f"{name} theta {theta:g}", figures)

        return network_of(tuned(made.tagger, train, validation, recipe, theta, told), name)

    dense = in_fixed_point(0.0)
    figures = {"dense": judge.figures(dense)}
    naive = {theta: at_threshold(dense, theta) for theta in recipe.naive}
    figures |= {f"naive {theta:g}": judge.figures(network) for theta, network in naive.items()}
    own = {theta: in_fixed_point(theta) for theta in recipe.thetas} if structure.units else {}
    figures |= {f"trained {theta:g}": judge.figures(network) for theta, network in own.items()}
    least = figures["dense"]["mean_auc"] - recipe.within
    chosen_naive = largest(figures, "naive", least)
    kind = "trained" if own else "naive"
    theta = largest(figures, kind, least)
    tried = own or naive
    delta = tried[theta] if theta else dense
    record = {
        **whence,
        "reads": structure.reads,
        "structure": asdict(structure),
        "parameters": structure.parameters(len(train.tag_names)),
        "tags": list(train.tag_names),
        "bands": dict(zip(("gain", "offset"), (part.tolist() for part in judge.norm), strict=True)),
        "recipe": asdict(recipe),
        "validation": figures,
        "naive_theta": chosen_naive,
        "theta": theta,
        "delta": kind if theta else "none",
        "learned": learned_record(made),
        "versions": versions(),
    }
    return Trained(dense, delta, record)


def learned_record(made: Learned) -> dict[str, float]:
    """What is told of the training on whole clips."""
    return {"processor_s": round(made.seconds, 1), "validation_loss": made.losses[-1]}


def versions() -> dict[str, str]:
    """What a training depends on."""
    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}


def network_of(model: DeltaNetwork, name: str) -> Network:
    """The network that a chip computes, in fixed point."""
    return exported(model, name, formats=Formats(BITS))


def largest(figures: dict[str, dict[str, float]], kind: str, least: float) -> float:
    """The largest threshold of a kind whose mean area, and that of all below, is at least ``least``; or 0.

    >>> seen = {"naive 0.1": {"mean_auc": 0.7}, "naive 0.2": {"mean_auc": 0.6}}
    >>> largest(seen, "naive", 0.65), largest(seen, "naive", 0.8)
    (0.1, 0.0)
    """
    best = 0.0
    for name, found in figures.items():
        own, _, theta = name.partition(" ")
        if own == kind:
            if found["mean_auc"] < least:
                break
            best = float(theta)
    return best
