"""Recordings as spikes: events of N-MNIST in steps of 3 ms, and spoken digits through a cochlea."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.workloads.digits import fsdd
from deltasim.workloads.digits.corpus import in_part
from deltasim.workloads.events import SIDE, binned
from deltasim.workloads.fashion.cochlea import BANDS, sound_spikes
from deltasim.workloads.fashion.examples import Examples
from deltasim.workloads.nmnist import recorded as nmnist

if TYPE_CHECKING:
    from deltasim.workloads.nmnist.recordings import Recordings

STEP_US = 3000.0


def read_events(path: Path, part: str) -> Examples:
    """One part of N-MNIST: 2 x 34 x 34 inputs, about 100 steps."""
    held = nmnist.read_packed(path, part)
    count = len(held.labels)
    return Examples(
        held.about, held.digest, 2 * SIDE * SIDE, 10, held.labels, np.arange(count), partial(events_of, held)
    )


def events_of(held: Recordings, number: int, rng: np.random.Generator) -> Flags:
    """The spikes of a recording, which are as they were recorded."""
    found: Flags = binned(held.events[number], STEP_US) > 0
    return found


def read_spoken(path: Path, part: str, peak: float) -> Examples:
    """One part of the Free Spoken Digit Dataset: 64 bands, a step every 5 ms."""
    held = fsdd.read_file(path)
    chosen = np.flatnonzero(in_part(np.isin(held.index, fsdd.TEST_INDICES), part))
    labels = held.labels[chosen].astype(np.int64)
    about = f"{fsdd.ABOUT}, {part} part, {BANDS} gammatone bands"
    draw = partial(sound_of, held, chosen, peak)
    return Examples(about, fsdd.content_digest(held), BANDS, 10, labels, np.arange(len(labels)), draw)


def sound_of(
    held: fsdd.Recordings, chosen: Integers, peak: float, number: int, rng: np.random.Generator
) -> Flags:
    """The spikes of a recording: no chance is in them."""
    place = int(chosen[number])
    samples = held.audio[held.offsets[place] : held.offsets[place + 1]]
    return sound_spikes(samples, held.sample_rate, peak)
