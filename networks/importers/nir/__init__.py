"""Graphs of the Neuromorphic Intermediate Representation (NIR) as networks, and networks as such graphs."""
