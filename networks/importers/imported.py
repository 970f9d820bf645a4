"""What an importer gives: the network, and how the model it came from lays out frames and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Floats, Numbers


class Output(NamedTuple):
    """An output of the model: its number, the axis of its frames (None: only the last), a frame's shape."""

    number: int
    axis: int | None
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Imported:
    """A network, and what is needed to run the model it came from on the same frames.

    ``layout`` is the shape of the model's input, with any number of frames on ``axis`` (None: a frame is an
    input by itself). The outputs side by side are the network's.
    """

    network: Network
    layout: tuple[int, ...]
    axis: int | None
    outputs: tuple[Output, ...]

    def laid_out(self, frames: Floats) -> Floats:
        """Frames (frames, values) as the model takes them."""
        if self.axis is None:
            return frames.reshape(self.layout)
        shape = [size for own, size in enumerate(self.layout) if own != self.axis]
        return np.ascontiguousarray(np.moveaxis(frames.reshape(len(frames), *shape), 0, self.axis))

    def side_by_side(self, given: list[Numbers], frames: int) -> Numbers:
        """The model's outputs as the network gives them: (frames, values), or (1, values) of the last."""
        parts = []
        for output in self.outputs:
            own = given[output.number]
            moved = own[None] if output.axis is None else np.moveaxis(own, output.axis, 0)
            parts.append(moved.reshape(len(moved), -1))
        return np.concatenate(parts, axis=1)
