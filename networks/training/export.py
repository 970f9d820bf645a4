"""A trained model as a Network: in float32 as it was trained, or in the fixed point it was trained for."""

from __future__ import annotations

import numpy as np

from deltasim.networks.builders.torch import from_torch_state
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.training.recipe import Model, Recipe


def exported(model: Model, recipe: Recipe, name: str, dense: bool = False) -> Network:
    """The model in float32: populations ``input``, ``gru_0``, ``readout``.

    The trained scale of every input goes into its threshold, ``theta_x / s``, and its weights, ``W s``. With
    ``dense`` all thresholds are 0. Weights are not rounded yet; `fixed_point` does that.
    """
    state = {key: value.detach().numpy() for key, value in model.state_dict().items()}
    scale = np.exp(state.pop("log_scale").astype(np.float64))
    state["layer.weight_ih_l0"] = (state["layer.weight_ih_l0"] * scale).astype(np.float32)
    return from_torch_state(
        state,
        "gru",
        theta_x=0.0 if dense else [recipe.theta_x / scale],
        theta_h=0.0 if dense else recipe.theta_h,
        prefix="layer.",
        readout="readout.",
        name=name,
    )


def arithmetic_of(recipe: Recipe) -> FixedPoint:
    """The formats the recipe rounded to in training, with EdgeDRNN's accumulators.

    >>> str(arithmetic_of(Recipe()))
    'fixed point (activation Q8.8, weight Q1.7, accumulator Q9.15, lookup Q2.8)'
    """
    return FixedPoint(activation=Q(*recipe.activation), weight=Q(*recipe.weight), lookup=Q(*recipe.table))


def fixed_point(model: Model, recipe: Recipe, name: str, dense: bool = False) -> Network:
    """The model in the fixed-point arithmetic of its recipe: what a chip runs."""
    return quantised(exported(model, recipe, name, dense), arithmetic_of(recipe))
