"""What would help a run, worked out by hand."""

from __future__ import annotations

import numpy as np

from deltasim.exploration.whatif.changes import Change
from deltasim.exploration.whatif.floors import Floors
from deltasim.exploration.whatif.whatif import Gain, WhatIf
from deltasim.reports.whatif.helped import Helped
from tests.reports.specimens import specimen


def helped() -> Helped:
    """A run of 4 us and 8 uJ, with three changes worked out by hand."""
    run = specimen()
    sequences = run.sequences
    elapsed, joules = 4_000_000 * sequences, 8e-6 * sequences
    bus = Change("network.faster", "bus", "10 % faster", ("network",), 1.1)
    wide = Change("mac.wider", "multiply-accumulate", "twice as wide", ("mac",), fields={"a": 1})
    none = Change("bram.wider", "bram", "twice as wide", ("bram",), fields={"b": 1})
    gains = (
        Gain(bus, 3_000_000 * sequences, 7e-6 * sequences, 0.25, 0.125, ""),
        Gain(wide, 4_000_000 * sequences, 10e-6 * sequences, 0.0, -0.25, "at twice the price an access"),
        Gain(none, None, None, None, None, "not on this chip: it is full"),
    )
    floors = Floors(
        ("scan", "mac", "bus", "bank", "barrier"),
        np.array([[0.5, 1.0, 3.0, 2.0, 0.1]]) * 1e6 * sequences,
        0,
        np.ones((5, run.steps)) * 1e6,
        np.arange(run.steps, dtype=np.float64),
        True,
    )
    return Helped(run, WhatIf(elapsed, joules, gains), floors)
