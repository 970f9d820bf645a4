"""Evolving networks: mutations scaled to what they do to the outputs, and a steady-state population."""
