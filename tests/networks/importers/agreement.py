"""How near an imported network has to come to the model it was made of.

At threshold 0 the largest difference is 1e-5 of the largest output, or four times what the model's own
float32 is away from its float64, where that is larger.
"""

from __future__ import annotations

import copy
import os
from typing import Any

import numpy as np
import torch

from deltasim.networks.execute import execute
from deltasim.networks.importers.imported import Imported
from deltasim.networks.importers.pytorch.module import import_module
from deltasim.networks.importers.pytorch.running import run_module
from deltasim.runtime.arrays import Floats, Numbers

EXAMPLES = 300 if os.environ.get("DELTASIM_LONG") else 30
"""Random modules: 30 in make test, 300 in its long form."""

PART, TIMES = 1e-5, 4.0


def assert_agrees(
    module: torch.nn.Module, frame_shape: tuple[int, ...] | None = None, *, frames: Floats | None = None
) -> Imported:
    """Import a module and hold the network against it, on noise or on the frames given."""
    found = import_module(module, frame_shape)
    if frames is None:
        frames = np.random.default_rng(0).normal(size=(6, found.network.input_size)).astype(np.float32)
    single = run_module(module, found.laid_out(frames))
    double = run_module(as_double(module), found.laid_out(frames))
    assert_near(found, frames, single, double)
    return found


def assert_near(found: Imported, frames: Floats, single: list[Numbers], double: list[Numbers]) -> None:
    """The network's outputs beside the model's in both precisions."""
    _, (ours,) = execute(found.network, [frames])
    near, exact = (found.side_by_side(given, len(frames)) for given in (single, double))
    if len(near) < len(ours):
        ours = ours[-1:]
    assert ours.shape == exact.shape
    allowed = max(PART * np.abs(exact).max(), TIMES * np.abs(near - exact).max(), 1e-30)
    assert np.abs(ours - exact).max() <= allowed, (np.abs(ours - exact).max(), allowed)


def as_double(module: torch.nn.Module) -> torch.nn.Module:
    """A copy in float64, with the same numbers; a pruned one without its pruning."""
    for part in module.modules():
        for name in [name for name in vars(part) if isinstance(vars(part)[name], torch.Tensor)]:
            vars(part)[name] = vars(part)[name].detach()  # what pruning shows: deepcopy takes no graph
    return copy.deepcopy(module).double()


def kinds(found: Imported) -> dict[str, Any]:
    """Cell by population."""
    return {population.name: population.cell.kind for population in found.network.populations}
