"""Training of the spiking networks that tell digits from events; PyTorch is needed here alone."""
