"""Chip descriptions: YAML with units, validated all at once, or Python objects of the same shape."""

from deltasim.simulator.chip.description import Chip
from deltasim.simulator.chip.loading import chip_from_content, chip_names, load_chip
from deltasim.simulator.chip.memories import Dram, Scratchpad
from deltasim.simulator.chip.prices.price import Price

__all__ = ["Chip", "Dram", "Price", "Scratchpad", "chip_from_content", "chip_names", "load_chip"]
