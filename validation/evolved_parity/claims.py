"""What the paper's abstract claims of safe mutations, ours, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    behaviour: Sequence[Kept], tasks: Mapping[str, Sequence[Curve]], joules: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Every claim of the abstract that can be tried, and two of ours."""
    rows = ["| claim | ours | verdict |", "|---|---|---|", behaviour_row(behaviour)]
    rows.append(
        "| needs no further interaction with the environment | as many trials as children: a mutation looks "
        "at what its parent met, in its own trial | reached |"
    )
    rows += [improvement_row(name, found) for name, found in tasks.items()]
    rows += [f"| {IMPROVES}: {said} | not tried | – |" for name, said in DOMAINS.items() if name not in tasks]
    if joules:
        rows += joule_rows(joules)
    return rows


def behaviour_row(behaviour: Sequence[Kept]) -> str:
    """Of children equally far from their parent, how many answer as it did."""
    shares = {one.mutation: one.shares[1] for one in behaviour}
    own = ", ".join(f"{NAMES[name]} {shares[name]:.0%}" for name in SM_G)
    return (
        f"| mutation scaled to what it does to the outputs keeps behaviour while exploring | children "
        f"{LENGTHS[1]:g} away that keep all 16 answers: plain {shares['plain']:.0%}, {own} "
        f"| {'reached' if min(shares[name] for name in SM_G) > shares['plain'] else MISSED} |"
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
    verdict = f"reached by {', '.join(reached)}" if reached else MISSED
    said = DOMAINS[name]
    return (
        f"| SM-G dramatically improves a simple genetic algorithm: {said} | {'; '.join(parts)} | {verdict} |"
    )


def joule_rows(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Score and joules at once: safe mutation beside plain, and beside gradients."""
    found = {name: [run for run in runs if run["method"] == name] for name in ("sm-r", "plain", "gradients")}
    whole = {name: sum(run["right"] == 16 for run in own) for name, own in found.items()}
    saved = {name: mean_saving(own) for name, own in found.items()}
    texts = {name: f"{whole[name]} of {len(own)} right about all 16" for name, own in found.items()}
    for name, saving in saved.items():
        if saving is not None:
            texts[name] += f", these with {saving:.2f} × less energy"
    better = whole["sm-r"] > whole["plain"] or (saved["sm-r"] or 0) > (saved["plain"] or 0)
    beside = whole["sm-r"] >= whole["gradients"] and (saved["sm-r"] or 0) >= (saved["gradients"] or 0)
    return [
        f"| (ours) for score and joules at once, safe mutation is better than plain at one budget "
        f"| SM-R {texts['sm-r']}; plain {texts['plain']} | {'reached' if better else MISSED} |",
        f"| (ours) and no worse than gradients | gradients {texts['gradients']} "
        f"| {'reached' if beside else MISSED} |",
    ]


def mean_saving(runs: Sequence[Mapping[str, Any]]) -> float | None:
    """Joules with every value sent over joules, the mean over networks that tell all 16; None without any."""
    ratios = [run["dense_j"] / run["delta_j"] for run in runs if run["right"] == 16]
    return sum(ratios) / len(ratios) if ratios else None
