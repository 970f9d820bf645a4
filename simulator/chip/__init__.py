"""Chip descriptions: YAML with units, validated all at once, or Python objects of the same shape."""

from simulator.chip.description import Chip
from simulator.chip.loading import chip_from_content, chip_names, load_chip
from simulator.chip.memories import Dram, Scratchpad
from simulator.chip.parts import Price

__all__ = ["Chip", "Dram", "Price", "Scratchpad", "chip_from_content", "chip_names", "load_chip"]
