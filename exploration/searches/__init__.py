"""Searches of a space: all of it, evenly, by learning from the points before, or over mappings."""
