"""PyTorch modules, and files of their weights."""
