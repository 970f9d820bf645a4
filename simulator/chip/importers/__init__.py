"""Descriptions of other programs, taken into chips."""
