"""What a network hears: log-mel bands of a whole recording, every one brought to mean 0 and deviation 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.synthetic import coded, decoded
from deltasim.workloads.features import BANDS, STEP_S, log_mel

STACKED = 3  # frames of 10 ms that one step brings
INPUTS = STACKED * BANDS
PERIOD_S = STACKED * STEP_S
LEAST = np.float32(0.05)  # of a band's deviation: what stays silent is left quiet


def scaled(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-mel (T, 40) with every band's mean over the recording 0 and its deviation 1.

    That takes out microphone and loudness. It needs the whole recording, as both directions of the network
    do.

    >>> scaled(np.array([[0.0], [2.0]], np.float32)).tolist()
    [[-1.0], [1.0]]
    """
    mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    found: NDArray[np.float32] = ((features - mean) / np.maximum(deviation, LEAST)).astype(np.float32)
    return found


def stacked(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Frames (T, bands) three by three, (T // 3, 3 bands); what is over at the end is left out.

    The last frame of a recording too short for one step is repeated.

    >>> stacked(np.arange(7, dtype=np.float32)[:, None]).tolist()
    [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    """
    if len(features) < STACKED:
        features = np.pad(features, ((0, STACKED - len(features)), (0, 0)), mode="edge")
    steps = len(features) // STACKED
    return np.ascontiguousarray(features[: steps * STACKED].reshape(steps, -1))


def analysed(audio: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
    """Log-mel (T, 40) of a recording, in the steps of 0.3 dB in which features are stored."""
    return decoded(coded(log_mel(audio, rate)))


def heard(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The steps (T // 3, 120) that a network receives of a recording's log-mel features, one every 30 ms."""
    return stacked(scaled(features))
