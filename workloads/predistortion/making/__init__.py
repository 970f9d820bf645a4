"""Training of an amplifier's model and of the networks that predistort for it."""
