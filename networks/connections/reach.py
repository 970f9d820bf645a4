"""How far the sums of a row reach, for kernels that need not look at sums that cannot saturate."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.compiling import part


@part
def largest_magnitude(row: Numbers) -> np.int64:
    """The smallest r for which all of these 32-bit integers lie within -r - 1 to r."""
    most = np.int32(0)
    for target in range(row.size):
        most = max(most, np.int32(row[target] ^ (row[target] >> 31)))  # of a negative one: -x - 1
    return np.int64(most)
