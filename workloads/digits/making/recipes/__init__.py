"""The recipes by which the digit networks in the box are trained, a YAML file each."""

from __future__ import annotations

from pathlib import Path

from deltasim.networks.training.trainer.recipe import Recipe, read_recipe, recipe_from


def recipe_of(task: str) -> Recipe:
    """The recipe of a benchmark.

    >>> recipe_of("digits").bits
    8
    """
    return recipe_from(read_recipe(Path(__file__).parent / f"{task}.yaml"))
