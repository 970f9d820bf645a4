"""Layers that train as they run: with the transmit rule in front of every product."""
