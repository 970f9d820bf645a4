"""The messages of a run as a table: a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars

    from deltasim.reports.measured import Measured


def message_frame(result: Measured) -> polars.DataFrame:
    """Columns: sequence, step (in its sequence), projection (its name), source neuron, delta."""
    import polars

    trace = result.trace
    first = np.asarray(trace.sequence_bounds)
    steps = trace.messages["step"].astype(np.int64)
    sequence = np.searchsorted(first, steps, side="right") - 1
    names = np.array([projection.name for projection in result.network.projections])
    return polars.DataFrame(
        {
            "sequence": sequence,
            "step": steps - first[sequence],
            "projection": polars.Series(
                names[trace.messages["projection"]].tolist(), dtype=polars.Categorical
            ),
            "source": trace.messages["source"],
            "delta": trace.messages["delta"],
        }
    )
