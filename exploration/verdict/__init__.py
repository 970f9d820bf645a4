"""Whether deltas pay on a chip: a fair dense accelerator, break-even, what state costs, what fits."""
