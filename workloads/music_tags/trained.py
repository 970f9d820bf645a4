"""Trained networks in a folder: a dense and a delta one, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.workloads.music_tags.clips import BANDS, BLOCK
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `python -m deltasim.workloads.music_tags.making`."
READS = ("last", "mean")


class Trained(NamedTuple):
    """Networks of one shape; ``record`` holds the command, the batch norm of the bands, tags and results."""

    dense: Network
    delta: Network
    record: dict[str, Any]

    @property
    def norm(self) -> tuple[Floats, Floats]:
        """Gain and offset of each band (`deltasim.workloads.music_tags.clips.blocks`)."""
        bands = self.record["bands"]
        return np.array(bands["gain"], np.float32), np.array(bands["offset"], np.float32)

    @property
    def reads(self) -> str:
        """Which steps answer: "last" or "mean"."""
        return str(self.record["reads"])

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, one for each output."""
        return tuple(map(str, self.record["tags"]))


def save(trained: Trained, folder: Path) -> None:
    """Write ``dense`` and ``delta`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    write_record(folder, trained.record)


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for networks of another task.

    >>> trained = load(SHIPPED)
    >>> trained.delta.input_size, len(trained.tags), trained.reads
    (128, 24, 'last')
    """
    file = folder / RECORD
    record = read_record(folder, REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), record)
    try:
        gain, offset = found.norm
        sound = gain.shape == offset.shape == (BANDS,) and bool(np.isfinite([gain, offset]).all())
        sound = sound and found.reads in READS and all(isinstance(tag, str) for tag in record["tags"])
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        rule = "it is no record of a training of tags, with a gain and an offset for each of 32 bands"
        raise InputError(file, "damaged", rule, REMEDY)
    rule = f"networks of {len(found.tags)} tags take {BANDS * BLOCK} values and give one answer a tag"
    require_shape(folder, found[:2], (BANDS * BLOCK, len(found.tags)), rule, REMEDY)
    return found


def at_threshold(network: Network, theta: float) -> Network:
    """A network with the threshold ``theta`` wherever something is sent: what nobody reads stays silent.

    >>> changed = at_threshold(load(SHIPPED).dense, 0.25)
    >>> [np.unique(projection.theta).tolist() for projection in changed.projections[:2]]
    [[0.25], [0.25, inf]]
    """
    thetas = {p.name: np.where(p.connection.fan_out > 0, theta, np.inf) for p in network.projections}
    return network.with_thresholds(thetas)
