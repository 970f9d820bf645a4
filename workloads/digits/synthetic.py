"""The corpus that the project carries: synthetic digits as coded features, for a machine without data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.corpus import Corpus, digest_of, in_part

FILE = Path(__file__).parent / "synthetic.npz"
ABOUT = "synthetic digits spoken by espeak-ng, embedded"
LOWEST, STEP = np.float32(-6.0), np.float32(1 / 32)  # code 0 is the floor of the features; 255 is 1.97


def coded(features: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Store log-mel features in a byte each, in steps of 1/32 (0.3 dB) above the floor of -6.

    >>> coded(np.array([-6.0, 0.0, 9.0], np.float32)).tolist()
    [0, 192, 255]
    """
    codes: NDArray[np.uint8] = np.clip(np.rint((features - LOWEST) / STEP), 0, 255).astype(np.uint8)
    return codes


def decoded(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn stored bytes back into log-mel features, exactly the same on every machine.

    >>> decoded(np.array([0, 192], np.uint8)).tolist()
    [-6.0, 0.0]
    """
    features: NDArray[np.float32] = codes.astype(np.float32) * STEP + LOWEST
    return features


def read(part: str = "all") -> Corpus:
    """Read one part of the embedded corpus: 25 voices for training, 10 other voices for the test.

    >>> from deltasim.workloads.digits.synthetic import read
    >>> test = read("test")
    >>> len(test.features), len(set(test.speakers.tolist()))
    (300, 10)
    """
    with np.load(FILE, allow_pickle=False) as stored:
        fields = {name: stored[name] for name in stored.files}
    places = np.flatnonzero(in_part(fields["is_test"], part))
    offsets = fields["offsets"]
    return Corpus(
        "synthetic",
        ABOUT,
        tuple(decoded(fields["frames"][offsets[place] : offsets[place + 1]]) for place in places),
        fields["labels"][places].astype(np.int64),
        fields["speaker"][places].astype(np.int64),
        tuple(str(name) for name in fields["speaker_names"]),
        fields["is_test"][places],
        digest_of(*(fields[name] for name in ("frames", "offsets", "labels", "speaker"))),
    )
