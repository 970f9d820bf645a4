"""Recordings of digits by an event camera, with what they are of: the form of every source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.events import Events, binned


@dataclass(frozen=True, eq=False)
class Recordings:
    """Events of each recording and the digit seen; ``about`` names them, ``digest`` is of them all."""

    about: str
    events: tuple[Events, ...]
    labels: NDArray[np.int64]
    digest: str

    def frames(self, step_us: float) -> tuple[Floats, ...]:
        """Each recording as frames of spikes."""
        return tuple(binned(events, step_us) for events in self.events)


def recordings(about: str, events: tuple[Events, ...], labels: NDArray[np.int64]) -> Recordings:
    """Recordings with the digest of their content."""
    whole = (np.concatenate([getattr(one, name) for one in events]) for name in ("x", "y", "p", "t_us"))
    lengths = np.array([len(one.x) for one in events], np.int64)
    return Recordings(about, events, labels, digest_of(*whole, lengths, labels))
