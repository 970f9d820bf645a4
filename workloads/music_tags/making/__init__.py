"""Training of the networks that tag sound; PyTorch is needed here alone."""
