"""What the networks that steer say about delta networks: naive beside trained, where deltas come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Floats
from deltasim.validation.delta_networks.deltas import Changed, Sent, mean_of, sensitivity, sent
from deltasim.validation.driving import NAIVE, PUBLISHED, Line, lines_in, mean_rmse
from deltasim.workloads.driving.drive import Drive, inputs, padded
from deltasim.workloads.driving.parts import words_of
from deltasim.workloads.driving.recorded import read_session
from deltasim.workloads.driving.scores import steering

DENSE, DELTA = f"dense-{PUBLISHED}", f"delta-{PUBLISHED}"
WITHIN = 1.05  # of the dense network's RMSE: what the paper's loss is taken for


class Steered(NamedTuple):
    """Every network of the sizes tried; of the published one what it sends, and what a threshold costs.

    ``changed`` is of the first seed's network.
    """

    lines: dict[str, list[Line]]
    sent: list[Sent]
    changed: list[Changed]

    @property
    def seeds(self) -> int:
        """How many trainings."""
        return len(self.lines[DELTA])

    def saved(self, name: str) -> float:
        """Weight fetches of the recurrent part that a network saves, the mean over the seeds."""
        return float(np.mean([line.saved.recurrent for line in self.lines[name]]))

    def worse(self, name: str) -> float:
        """Its RMSE over that of the dense network."""
        return mean_rmse(self.lines[name]) / mean_rmse(self.lines[DENSE])

    def naive(self) -> str:
        """The thresholds given to the dense network that save most within `WITHIN`, else the least."""
        names = [f"{DENSE} θ {theta:g}" for theta in NAIVE[DENSE]]
        able = [name for name in names if self.worse(name) <= WITHIN]
        return max(able, key=self.saved) if able else names[0]


def steered(folder: Path) -> Steered:
    """Read and run what ``python -m deltasim.workloads.driving.making`` wrote."""
    lines = lines_in(folder)
    drive = read_session()
    pieces = drive.pieces()
    sequences = [inputs(drive.frames[first:end]) for first, end in pieces]
    places = sorted(folder.glob(f"seed-*/gru-{PUBLISHED}/delta.safetensors"))
    networks = [load_network(place.with_suffix("")) for place in places]
    found = mean_of([sent(network, execute(network, sequences)[0]) for network in networks])

    def scored(_: int, network: Network) -> tuple[float, float]:
        return rmse_and_saved(network, drive, sequences)

    return Steered(lines, found, sensitivity(networks[:1], scored))


def rmse_and_saved(network: Network, drive: Drive, sequences: Sequence[Floats]) -> tuple[float, float]:
    """The RMSE on the session, and the weight fetches saved over both parts."""
    trace, outputs = execute(network, sequences)
    found = steering(outputs, padded(drive.steering, drive.pieces()))
    assert found is not None
    every, fetched, _ = words_of(network, trace)
    return found.rmse, sum(every) / max(1, sum(fetched))
