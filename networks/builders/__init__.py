"""Ways to make a network: stacks of layers, random spiking networks, PyTorch weights, pruning."""
