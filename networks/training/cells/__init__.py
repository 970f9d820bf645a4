"""Recurrent cells in training. A new cell is one file here and one line in the table."""

from __future__ import annotations

from deltasim.networks.training.cells.gru import GRU
from deltasim.networks.training.cells.lstm import LSTM
from deltasim.networks.training.cells.rnn import RNN
from deltasim.networks.training.cells.step import Cell

CELLS: dict[str, Cell] = {"rnn": RNN(), "gru": GRU(), "lstm": LSTM()}
"""Cells whose step follows from one product with what is held."""

RESET_BEFORE = "gru-reset-before"
"""The GRU with two products a step: see `deltasim.networks.training.cells.reset_before`."""

SIMPLE_GATED = ("sgu", "dsgu")
"""The units with two and three products a step: see `deltasim.networks.training.cells.sgu`."""

PRODUCTS = {RESET_BEFORE: ("reset",), "sgu": ("u",), "dsgu": ("u", "g")}
"""What is multiplied inside a step and sent with a threshold of its own, by cell."""

NAMES = (*CELLS, RESET_BEFORE, *SIMPLE_GATED)

__all__ = ["CELLS", "GRU", "LSTM", "NAMES", "PRODUCTS", "RESET_BEFORE", "RNN", "SIMPLE_GATED", "Cell"]
