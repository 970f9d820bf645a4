"""The aids of the delta network's training, alone and together: changes to a benchmark's recipe."""

from __future__ import annotations

from dataclasses import replace

from deltasim.networks.training.trainer.recipe import Recipe

WITHOUT: dict[str, object] = {
    "theta_x": 0.0,
    "theta_h": 0.0,
    "theta_readout": 0.0,
    "learned": "",
    "l1": 0.0,
    "noise": 0.0,
    "sparsity": 0.0,
    "budget_x": 0.0,
    "budget_h": 0.0,
    "budget_steps": 1.0,
    "budget_parts": 1,
}
"""A dense network of the same shape, arithmetic and epochs."""

PLAIN: dict[str, object] = {**WITHOUT, "bits": 0}
"""A dense network trained in float32, rounded to 8 bits only when it is written."""

AIDS: dict[str, dict[str, object]] = {
    "plain": PLAIN,
    "rounding": WITHOUT,
    "noise": {**PLAIN, "noise": 0.1},
    "l1": {**PLAIN, "l1": 2.0},
    "sparsity": {**PLAIN, "sparsity": 0.5},
    "threshold": {"bits": 0, "l1": 0.0},
    "together": {},
    "noise-too": {"noise": 0.05},
    "sparsity-too": {"sparsity": 0.5},
    "learned": {"learned": "neuron"},
    "largest": {"l1": 0.0, "budget_h": 5.0},
    "rated": {"l1": 0.0, "budget_h": 5.0, "budget_steps": 8.0, "budget_parts": 16},
    "longer": {},
    "rounding-longer": WITHOUT,
}
"""``plain`` with none, then every aid of the paper alone, then all together (thresholds in the loop, rounding
and L1), and what a further aid adds to those. ``largest`` and ``rated`` bound the messages of states in place
of L1: the five largest changes of a step, or five a step on average and 40 at most, shared by 16 cores.
``longer`` is the recipe itself, ``rounding-longer`` the dense network beside it."""


WHOLE = ("longer", "rounding-longer")
"""Methods that are trained for as long as the recipe says; all others, which are compared, for less."""


def shortened(recipe: Recipe) -> Recipe:
    """A recipe of half its epochs without thresholds and two fifths of those with, fixed ones.

    >>> shortened(Recipe(dense_epochs=40, epochs=100, learned="neuron")).epochs
    40
    """
    epochs = max(1, recipe.dense_epochs // 2), max(1, 2 * recipe.epochs // 5)
    return replace(recipe, learned="", dense_epochs=epochs[0], epochs=epochs[1])


def changed(recipe: Recipe, method: str) -> Recipe:
    """The recipe of a method: a name of `AIDS`, ``joules``, or ``dense-N``, a dense network of N units.

    >>> changed(Recipe(l1=1.0), "threshold").l1, changed(Recipe(), "dense-16").units
    (0.0, 16)
    """
    own = recipe if method in WHOLE else shortened(recipe)
    if method.startswith("dense-"):
        return replace(own, **{**WITHOUT, "units": int(method.removeprefix("dense-"))})  # type: ignore[arg-type]
    return replace(own, **AIDS.get(method, {}))  # type: ignore[arg-type]
