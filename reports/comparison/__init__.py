"""Several runs held against each other: what differs, every figure, and which needs least."""
