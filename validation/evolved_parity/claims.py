"""What the paper's abstract claims of safe mutations, ours, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deltasim.validation.evolved_parity.behaviour import LENGTHS, Kept
from deltasim.validation.evolved_parity.curves import NAMES, Curve, fewer

SM_G = ("sm-g-sum", "sm-g-abs", "sm-g-so")
DOMAINS = {
    "parity": "a recurrent network (parity)",
    "maze": "a deep network (maze)",
    "race": "a deep network on raw pixels (race)",
}
IMPROVES = "SM-G dramatically improves a simple genetic algorithm"
MISSED = "**missed**"


def claim_table(
    behaviour: Sequence[Kept], tasks: Mapping[str, Sequence[Curve]], joules: Mapping[str, Any]
) -> list[str]:
    """Every claim of the abstract that can be tried, and three of ours."""
    rows = ["| claim | ours | verdict |", "|---|---|---|", behaviour_row(behaviour)]
    rows.append(
        "| needs no further interaction with the environment | as many trials as children: a mutation looks "
        "at what its parent met, in its own trial | reached |"
    )
    rows += [improvement_row(name, found) for name, found in tasks.items()]
    rows += [f"| {IMPROVES}: {said} | not tried | – |" for name, said in DOMAINS.items() if name not in tasks]
    if joules["runs"]:
        rows += joule_rows(joules)
    return rows


def behaviour_row(behaviour: Sequence[Kept]) -> str:
    """Of children equally far from their parent, how many answer as it did."""
    shares = {one.mutation: one.shares[1] for one in behaviour}
    own = ", ".join(f"{NAMES[name]} {shares[name]:.0%}" for name in SM_G)
    return (
        f"| mutation scaled to what it does to the outputs keeps behaviour while exploring | children "
        f"{LENGTHS[1]:g} away that keep all 16 answers: plain {shares['plain']:.0%}, {own} "
        f"| {told(min(shares[name] for name in SM_G) > shares['plain'])} |"
    )


def improvement_row(name: str, found: Sequence[Curve]) -> str:
    """SM-G beside plain mutation on one task."""
    curves = {one.mutation: one for one in found}
    plain = curves["plain"]
    parts = [
        f"plain solves {int(plain.solved.sum())} of {len(plain.solved)} in {plain.mean:,.0f} evaluations"
    ]
    reached = []
    for own in SM_G:
        one = curves[own]
        parts.append(f"{NAMES[own]} {int(one.solved.sum())} in {one.mean:,.0f}")
        if fewer(one, plain)[0] > 0:
            reached.append(NAMES[own])
    parts.append(f"surely fewer: {', '.join(reached) or 'none'}")
    return f"| {IMPROVES}: {DOMAINS[name]} | {'; '.join(parts)} | {told(bool(reached))} |"


def joule_rows(content: Mapping[str, Any]) -> list[str]:
    """Score and joules at once: safe mutation beside plain, and beside gradients, all by the same fitness."""
    methods = ("sm-r", "plain", "gradients")
    runs = {name: [run for run in content["runs"] if run["method"] == name] for name in methods}
    fit = {name: fitness_of(own, content["terms"]["weight"]) for name, own in runs.items()}
    whole = {name: sum(run["right"] == 16 for run in own) for name, own in runs.items()}
    saved = {name: mean_saving(own) for name, own in runs.items()}
    texts = {
        name: f"{fit[name]:.2f}, all 16 right by {whole[name]} of {len(own)}" for name, own in runs.items()
    }
    saving = {name: "–" if ratio is None else f"{ratio:.2f} ×" for name, ratio in saved.items()}
    best = max(fit, key=lambda name: fit[name])
    return [
        f"| (ours) for score and joules at once, safe mutation is fitter than plain at one budget "
        f"| SM-R {texts['sm-r']}; plain {texts['plain']} | {told(fit['sm-r'] > fit['plain'])} |",
        f"| (ours) and its networks need less energy | those with all 16 right save {saving['sm-r']}; "
        f"of plain {saving['plain']} | {told((saved['sm-r'] or 0) > (saved['plain'] or 0))} |",
        f"| (ours) and it is as fit as gradients | gradients {texts['gradients']}, saving "
        f"{saving['gradients']} | {told(best != 'gradients')} |",
    ]


def told(reached: bool) -> str:
    """A verdict."""
    return "reached" if reached else MISSED


def fitness_of(runs: Sequence[Mapping[str, Any]], weight: float) -> float:
    """What evolutions and trainings were for, the mean over seeds: log probability less weighed joules."""
    return float(np.mean([run["log_probability"] - weight * run["share"] for run in runs]))


def mean_saving(runs: Sequence[Mapping[str, Any]]) -> float | None:
    """Joules with every value sent over joules, the mean over networks that tell all 16; None without any."""
    ratios = [run["dense_j"] / run["delta_j"] for run in runs if run["right"] == 16]
    return sum(ratios) / len(ratios) if ratios else None
