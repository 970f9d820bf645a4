"""Two schedulers of one rulebook, and the threads or processes that run their sequences."""
