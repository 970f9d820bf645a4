"""Speed of the DRAM rule."""
