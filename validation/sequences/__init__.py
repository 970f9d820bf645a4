"""Simple gated units beside GRU and LSTM: docs/sequences.md."""
