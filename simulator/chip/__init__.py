"""Chip descriptions: YAML with units, validated all at once, or Python objects of the same shape."""

from deltasim.simulator.chip.description import Chip
from deltasim.simulator.chip.loading import chip_from_content, chip_names, load_chip
from deltasim.simulator.chip.prices.price import Price
from deltasim.simulator.memories.dram import Dram
from deltasim.simulator.memories.scratchpad import Scratchpad

__all__ = ["Chip", "Dram", "Price", "Scratchpad", "chip_from_content", "chip_names", "load_chip"]
