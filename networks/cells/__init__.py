"""What a neuron computes from its accumulators. A new cell is one file here and one line in the table."""

from __future__ import annotations

from typing import TypeAlias

from deltasim.networks.cells.conv2d import Conv2d
from deltasim.networks.cells.dense import Dense
from deltasim.networks.cells.formula import Formula
from deltasim.networks.cells.glif import GLIF
from deltasim.networks.cells.gru import GRU
from deltasim.networks.cells.input import Input
from deltasim.networks.cells.leaky_integrator import LeakyIntegrator
from deltasim.networks.cells.lif import LIF
from deltasim.networks.cells.lstm import LSTM
from deltasim.networks.cells.rnn import RNN
from deltasim.networks.cells.step import Step
from deltasim.networks.cells.truncated_lif import TruncatedLIF
from deltasim.networks.numbers.arithmetic import Arithmetic

Cell: TypeAlias = (
    Input | Dense | RNN | GRU | LSTM | Conv2d | LIF | GLIF | TruncatedLIF | LeakyIntegrator | Formula
)

CELLS: dict[str, type[Cell]] = {
    cell.kind: cell
    for cell in (Input, Dense, RNN, GRU, LSTM, Conv2d, LIF, GLIF, TruncatedLIF, LeakyIntegrator, Formula)
}


def update_step(cell: Cell, arithmetic: Arithmetic) -> Step:
    """The update of a slice of neurons from their accumulators, which are rounded first where they are wide.

    >>> import numpy as np
    >>> from deltasim.networks.numbers.arithmetic import WideSums
    >>> update_step(Dense(1, "relu"), WideSums())(np.array([[0.1]]), np.zeros((1, 1), np.float32)).dtype
    dtype('float32')
    """
    step = cell.step(arithmetic)
    if arithmetic.accumulator_dtype == arithmetic.dtype:
        return step
    return lambda accumulators, states: step(accumulators.astype(arithmetic.dtype), states)


__all__ = [
    "CELLS",
    "GLIF",
    "GRU",
    "LIF",
    "LSTM",
    "RNN",
    "Cell",
    "Conv2d",
    "Dense",
    "Formula",
    "Input",
    "LeakyIntegrator",
    "TruncatedLIF",
    "update_step",
]
