"""A network's messages on given inputs, computed once and cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.disk_cache import TRACES, cached_arrays, sources_digest


def executed(
    network: Network, inputs: Sequence[Floats], progress: Callable[[int, int], None] | None = None
) -> tuple[Trace, list[Floats]]:
    """What ``deltasim.networks.execute`` returns, from the cache where it was computed before.

    The key is a digest over the network (weights, thresholds, arithmetic), the inputs, and the code that
    computes. Errors and ``progress`` as in ``execute``.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0), theta_x=0.1, theta_h=0.1)
    >>> trace, outputs = executed(network, [np.ones((3, 4), np.float32)])
    >>> trace.steps, outputs[0].shape
    (3, (3, 8))
    """

    def make() -> Mapping[str, Numbers]:
        trace, outputs = execute(network, inputs, progress)
        return {
            "messages": trace.messages,
            "step_bounds": trace.step_bounds,
            "sequence_bounds": trace.sequence_bounds,
            "outputs": np.concatenate(outputs) if outputs else np.zeros((0, 0), np.float32),
        }

    found = cached_arrays(TRACES, execution_digest(network, inputs), make)
    trace = Trace(found["messages"], found["step_bounds"], found["sequence_bounds"], network.digest)
    ends = trace.sequence_bounds // network.sweeps  # a frame has a step in every sweep
    outputs = [found["outputs"][first:end] for first, end in pairwise(ends.tolist())]
    return trace, outputs


def execution_digest(network: Network, inputs: Sequence[Floats]) -> str:
    """SHA-256 (hex) over all that decides the messages and the outputs."""
    digest = hashlib.sha256(sources_digest(Path(__file__).parent.parent).encode())
    digest.update(network.digest.encode())
    for sequence in inputs:
        whole = np.ascontiguousarray(sequence)
        digest.update(f"{whole.dtype.str}{whole.shape}".encode())
        digest.update(whole.tobytes())
    return digest.hexdigest()
