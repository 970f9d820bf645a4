"""What was found for a network on data: thresholds tuned for a chip, number formats."""
