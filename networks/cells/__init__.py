"""What a neuron computes from its accumulators. A new cell is one file here and one line in the table."""

from __future__ import annotations

from typing import TypeAlias

from deltasim.networks.cells.conv2d import Conv2d
from deltasim.networks.cells.dense import Dense
from deltasim.networks.cells.formula import Formula
from deltasim.networks.cells.gru import GRU
from deltasim.networks.cells.input import Input
from deltasim.networks.cells.lif import LIF
from deltasim.networks.cells.lstm import LSTM
from deltasim.networks.cells.rnn import RNN

Cell: TypeAlias = Input | Dense | RNN | GRU | LSTM | Conv2d | LIF | Formula

CELLS: dict[str, type[Cell]] = {
    cell.kind: cell for cell in (Input, Dense, RNN, GRU, LSTM, Conv2d, LIF, Formula)
}

__all__ = ["CELLS", "GRU", "LIF", "LSTM", "RNN", "Cell", "Conv2d", "Dense", "Formula", "Input"]
