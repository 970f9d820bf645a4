"""Racing: a point that is dominated with confidence on some of the sequences is not simulated on the rest."""
