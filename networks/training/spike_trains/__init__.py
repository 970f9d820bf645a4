"""Training at the level of spike trains (ST-RSBP, Zhang and Li 2019, arXiv 1908.06378), event by event."""
