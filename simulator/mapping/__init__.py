"""Neurons to cores, weights to memories: policies, capacity, pinned columns."""
