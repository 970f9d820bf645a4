"""A power amplifier made linear: its input is distorted beforehand by a small delta network."""
