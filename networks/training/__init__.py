"""Training of delta networks in PyTorch, with the threshold inside the loop."""
