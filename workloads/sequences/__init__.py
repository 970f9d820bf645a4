"""Sequences to be told apart or added up, by simple gated units beside GRU and LSTM."""
