"""The model of an amplifier that a predistorter is trained and scored through."""

from __future__ import annotations

from dataclasses import dataclass

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.workloads.predistortion.capture import Complex
from deltasim.workloads.predistortion.features import features, samples_of


@dataclass(frozen=True, eq=False)
class Amplifier:
    """A network that was trained to answer as an amplifier does.

    It is told `features` of each sample, and every element of it sends. What it says of a signal is a
    prediction, not a measurement: its digest stands beside every score made with it.

    >>> from deltasim.workloads.predistortion.trained import SHIPPED, load
    >>> import numpy as np
    >>> model = load(SHIPPED).amplifier
    >>> bool(abs(model.answer(np.full(50, 0.1 + 0j))[-1]) > 0.1)
    True
    """

    network: Network

    @property
    def digest(self) -> str:
        """The digest of its network."""
        return self.network.digest

    def answer(self, samples: Complex) -> Complex:
        """What comes out of it where these samples go in, from rest."""
        _, outputs = execute(self.network, [features(samples)])
        return samples_of(outputs[0])
