"""Training of the networks of `sequences`."""
