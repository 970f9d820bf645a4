"""Names for the arrays that pass between the folders."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
"""Real values: inputs, outputs, float32 weights."""

Numbers: TypeAlias = NDArray[Any]
"""Values in a network's own arithmetic: float32, or raw integers in fixed point."""

Integers: TypeAlias = NDArray[np.int64]
"""Counts, bounds and indices."""
