"""Training of delta networks: recipe, batches, what messages cost, checkpoints, and the loop over epochs."""
