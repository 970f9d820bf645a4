"""The model beside the network that was made of it: both are run on the same frames."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.importers.imported import Imported
from deltasim.networks.numbers.arithmetic import Arithmetic
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, read_bytes
from deltasim.runtime.readers.npz import read_arrays, unpacked

if TYPE_CHECKING:
    import torch

Original: TypeAlias = Callable[[Floats], list[Numbers]]
"""The model's outputs, as it lays them out, for frames as it takes them."""


class Difference(NamedTuple):
    """How far network and model are apart: at most, and the largest output of the model."""

    largest: float
    output: float

    def __str__(self) -> str:
        """
        >>> str(Difference(1.5e-7, 0.75))
        '1.5e-07, of outputs up to 0.75'
        """
        return f"{self.largest:.2g}, of outputs up to {self.output:.3g}"


def difference(
    imported: Imported,
    original: Original,
    sequences: Sequence[Floats],
    arithmetic: Arithmetic | None = None,
) -> Difference:
    """The largest difference between outputs, over sequences of frames (frames, values), every threshold 0.

    ``arithmetic`` computes the network in another one than its own: sums of 64 bits show what is left of a
    difference when running sums do not drift.
    """
    largest = output = 0.0
    network = imported.network.dense
    network = replace(network, arithmetic=arithmetic or network.arithmetic)
    for frames in sequences:  # one at a time: its messages are not kept
        _, (own,) = execute(network, [frames])
        theirs = given_by(imported, original, np.asarray(frames, np.float32))
        compared = own if len(theirs) == len(own) else own[-1:]
        largest = max(largest, float(np.abs(compared - theirs).max()))
        output = max(output, float(np.abs(theirs).max()))
    return Difference(largest, output)


def given_by(imported: Imported, original: Original, frames: Floats) -> Numbers:
    """What the model gives for frames (frames, values), as the network gives it."""
    if imported.axis is not None:
        return imported.side_by_side(original(imported.laid_out(frames)), len(frames))
    each = [imported.side_by_side(original(imported.laid_out(frame)), 1) for frame in frames]
    return np.concatenate(each)


def noise(imported: Imported, seed: int = 0, lengths: Sequence[int] = (1, 20, 50)) -> list[Floats]:
    """Sequences of random frames."""
    rng = np.random.default_rng(seed)
    size = imported.network.input_size
    return [rng.normal(size=(length, size)).astype(np.float32) for length in lengths]


def read_frames(path: Path, size: int) -> list[Floats]:
    """Sequences of a .npy file (frames, values), or of a .npz file with such an array for each."""
    try:
        held = [unpacked(read_bytes(path))] if path.suffix == ".npy" else [*read_arrays(path).values()]
    except Unreadable as error:
        rule = f"frames are read from a .npy or .npz file ({error.reason})"
        raise InputError(path, "damaged", rule, "Save them with numpy.save.") from None
    if not all(array.dtype.kind in "fiu" and np.isfinite(array).all() for array in held):
        rule = "frames are finite numbers"
        raise InputError(path, "other values", rule, "Save arrays of numbers.")
    sequences = [np.asarray(array, np.float32) for array in held]
    for sequence in sequences:
        if sequence.ndim != 2 or sequence.shape[1] != size:
            rule = f"the model takes frames of {size} values"
            raise InputError(path, f"shape {sequence.shape}", rule, "Save arrays (frames, values).")
    return sequences


def original_of(model: str | Path | torch.nn.Module, layers: str | None = None) -> tuple[str, Original]:
    """The model as its own library runs it, and that library's name."""
    if not isinstance(model, str | Path):
        from deltasim.networks.importers.pytorch.running import run_module

        return "PyTorch", lambda frames: run_module(model, frames)
    path = Path(model)
    if path.suffix.lower() == ".nir":
        rule = "a NIR graph is no program that could run beside the network"
        raise InputError("--check", path, rule, "Leave it out; docs/importing.md says what was compared.")
    if path.suffix.lower() == ".onnx":
        from deltasim.networks.importers.onnx.running import runner

        return "onnxruntime", runner(path)
    if importlib.util.find_spec("torch") is None:
        raise InputError("--check", path, "it needs PyTorch", "Run pip install 'deltasim[train]'.")
    from deltasim.networks.importers.pytorch.running import chain, run_module

    module = chain(path, layers)
    return "PyTorch", lambda frames: run_module(module, frames)
