"""Thresholds for each layer or neuron: the cheapest on a chip within a loss that is allowed."""
