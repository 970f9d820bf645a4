"""Spoken digits: where the recordings come from and how the networks that recognise them were trained."""
