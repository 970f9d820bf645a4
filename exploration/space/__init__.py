"""The space of a study: what its parameters may be, and the chip and network that a point stands for."""
