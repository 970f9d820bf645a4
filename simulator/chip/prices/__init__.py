"""Prices: what a description states, what they hold for, and what the models make of the rest."""

from deltasim.simulator.chip.prices.price import Price

__all__ = ["Price"]
