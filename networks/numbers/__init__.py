"""The numbers a network computes in: arithmetic, fixed point, activations, quantising."""
