"""The event loop under numba: a heap of events, and what each does."""
