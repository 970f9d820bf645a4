"""What was measured at a power amplifier: complex samples sent into it, and those that came out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.corpus import digest_of

Complex: TypeAlias = NDArray[np.complex128]
"""Samples of a signal in the complex baseband: in-phase part real, quadrature part imaginary."""

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Band:
    """Where a signal lies: samples a second, and equal channels side by side about 0 Hz.

    ``segment`` is the number of samples whose spectrum is taken at a time.

    >>> Band(800e6, 200e6, 10, 2560).period_s
    1.25e-09
    """

    rate_hz: float
    width_hz: float
    channels: int
    segment: int

    @property
    def period_s(self) -> float:
        """Time from one sample to the next."""
        return 1 / self.rate_hz

    def described(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Capture:
    """A part of a recording: ``sent`` and ``received`` (T,), of magnitude 1 where it is largest in training.

    ``gain`` is what an amplifier made linear multiplies by: the largest magnitude that came out over the
    largest that went in, of the part to train on. ``about`` says whose the recording is.
    """

    about: str
    sent: Complex
    received: Complex
    band: Band
    gain: float

    @property
    def wanted(self) -> Complex:
        """What ought to come out."""
        return self.gain * self.sent

    @property
    def digest(self) -> str:
        """A digest over the samples, as 32-bit floats."""
        return digest_of(*(np.stack([x.real, x.imag]).astype(np.float32) for x in (self.sent, self.received)))
