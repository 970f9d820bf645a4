"""A network's messages on given inputs, computed once and cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import llvmlite
import numba
import numpy as np

from deltasim.networks import cells, connections
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.disk.cache import TRACES, cached_arrays
from deltasim.runtime.sources import digest_of, edited_since_start

SOURCES = tuple(Path(file) for file in (execute.__code__.co_filename, cells.__file__, connections.__file__))
"""What computes: the loop over steps, and every cell and connection that it meets through the graph."""

VERSIONS = (np.__version__, numba.__version__, llvmlite.__version__)


def executed(
    network: Network, inputs: Sequence[Floats], progress: Callable[[int, int], None] | None = None
) -> tuple[Trace, list[Floats]]:
    """What ``deltasim.networks.execute`` returns, from the cache where it was computed before.

    The key is a digest over the network (weights, thresholds, arithmetic, the code of cells of one's own),
    the inputs, and the code that computes. Errors and ``progress`` as in ``execute``.

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
            "lost": trace.lost,
            "outputs": np.concatenate(outputs) if outputs else np.zeros((0, 0), np.float32),
        }

    key = execution_digest(network, inputs)
    found = make() if edited_since_start(*SOURCES) else cached_arrays(TRACES, key, make)
    messages, steps, sequences = (found[name] for name in ("messages", "step_bounds", "sequence_bounds"))
    trace = Trace(messages, steps, sequences, network.digest, found["lost"])
    ends = trace.sequence_bounds // network.passes  # a frame has a step in every pass
    outputs = [found["outputs"][first:end] for first, end in pairwise(ends.tolist())]
    return trace, outputs


def execution_digest(network: Network, inputs: Sequence[Floats]) -> str:
    """SHA-256 (hex) over all that decides the messages and the outputs."""
    digest = hashlib.sha256(f"{digest_of(*SOURCES)} {VERSIONS} {network.digest}\n".encode())
    for sequence in inputs:
        whole = np.ascontiguousarray(sequence)
        digest.update(f"{whole.dtype.str}{whole.shape}".encode())
        digest.update(whole.tobytes())
    return digest.hexdigest()
