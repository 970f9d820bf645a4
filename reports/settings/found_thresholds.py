"""What a tuning found, with the chip and the data it was found for: figures, rows, a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deltasim.exploration.tuning.tune import Measure, Tuning
from deltasim.reports.quantities import percent, quantity, ratio

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip


class Layer(NamedTuple):
    """A projection's threshold, smallest and largest where each neuron has its own, and its occupancy."""

    name: str
    smallest: float
    largest: float
    occupancy: float

    @property
    def shown(self) -> str:
        """The threshold, or from which to which."""
        alone = self.smallest == self.largest
        return f"{self.largest:.3g}" if alone else f"{self.smallest:.3g} to {self.largest:.3g}"


@dataclass(frozen=True, eq=False)
class FoundThresholds:
    """A tuning for a chip, with where it came from."""

    tuning: Tuning
    chip: Chip
    data: str
    data_digest: str
    command: str

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every projection, in the network's order; those that were not tuned keep their own thresholds."""
        tuned = self.tuning.tuned
        return tuple(
            Layer(p.name, float(np.min(p.theta)), float(np.max(p.theta)), self.tuning.occupancy[p.name])
            for p in tuned.projections
        )

    @property
    def sentence(self) -> str:
        """What was reached on the part of the data that chose nothing."""
        found, rest = self.tuning, self.tuning.rest
        lost = "points lost" if found.within.kind == "points" else "RMS deviation"
        return (
            f"{ratio(rest.saved)} less energy than with every element sent; {lost} {rest.loss:.3g}, of "
            f"{found.within.most:g} allowed, on the {rest.sequences} sequences that chose nothing."
        )

    def to_dict(self) -> dict[str, Any]:
        """The tuning in plain types, as ``--json`` prints it."""
        return {
            "chip": self.chip.name,
            "chip_digest": self.chip.digest,
            "data": self.data,
            "data_digest": self.data_digest,
            "command": self.command,
            **self.tuning.to_dict(),
            "layers": [layer._asdict() for layer in self.layers],
        }


def rows(calibration: Measure, rest: Measure) -> list[tuple[str, str, str]]:
    """Both parts side by side."""
    pair = (calibration, rest)
    found = [
        ("sequences", *(f"{one.sequences:,}" for one in pair)),
        ("energy per inference", *(quantity(one.joules, "J") for one in pair)),
        ("every element sent", *(quantity(one.dense_joules, "J") for one in pair)),
        ("saved", *(ratio(one.saved) for one in pair)),
        ("RMS deviation from θ = 0", *(f"{one.rms:.3g}" for one in pair)),
        ("frames that agree with θ = 0", *(percent(one.agree, 2) for one in pair)),
    ]
    if rest.score is not None:
        found.append(("accuracy", *(percent(one.score, 2) for one in pair)))
        found.append(("accuracy at θ = 0", *(percent(one.dense_score, 2) for one in pair)))
    return [(name, first, second) for name, first, second in found]
