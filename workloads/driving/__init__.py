"""Steering a car from its camera: recorded drives, and the networks that predict the driver's steering."""
