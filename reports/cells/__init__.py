"""Cells as drawings: the recurrent graph of what a step computes."""
