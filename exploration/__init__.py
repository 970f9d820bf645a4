"""Many chips, one answer: a space of chips, mappings, precisions and thresholds, and its front."""
