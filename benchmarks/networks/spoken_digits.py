"""The delta network and the recordings of the studies of speed, in files of their own.

The network in the box is trained better now and sends half of the messages, which would make these rows
faster by itself; the one of the goals stands in ``digits-synthetic``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.networks.files.network import save_network
from deltasim.workloads.registry import benchmark

FOLDER = Path(__file__).with_name("digits-synthetic")


def write_digits(folder: Path, limit: int) -> dict[str, str]:
    """Write both into a folder: the fields ``network`` and ``data`` of a study of so many sequences."""
    chosen = benchmark("digits", "synthetic", trained=FOLDER).limited(limit)
    save_network(chosen.network, folder / "digits")
    np.savez(folder / "digits.npz", *chosen.sequences)
    return {"network": str(folder / "digits"), "data": str(folder / "digits.npz")}
