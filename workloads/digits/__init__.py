"""Spoken digits: where the recordings come from and how the networks that hear them were trained."""
