"""What was published on the same recording, measured through other models of the amplifier."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """A row of a paper: figures in dB, None where it tells none; the share that is not sent; energy saved."""

    name: str
    sparsity: float
    acpr_db: float | None
    nmse_db: float | None
    evm_db: float | None
    saved: float | None


DELTADPD = Published("DeltaDPD (arXiv 2505.06250)", 0.52, -50.03, -37.22, -38.52, 1.8)
ROWS = (
    Published("OpenDPDv2, float32 (arXiv 2507.06849)", 0.0, -59.4, None, -42.1, None),
    Published("OpenDPDv2, fixed point", 0.56, -50.3, None, -35.2, 4.5),
    DELTADPD,
)
ENGINE_J_PER_OPERATION = 1 / 1.32e12  # DPD-NeuralEngine, arXiv 2410.11766: 1.32 TOPS/W in 22 nm, dense
