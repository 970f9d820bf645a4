"""Plans in which nothing comes back, run unit by unit without events."""
