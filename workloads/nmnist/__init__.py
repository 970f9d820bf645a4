"""Digits seen by an event camera (N-MNIST), and drawn ones in their place: events, networks and scores."""
