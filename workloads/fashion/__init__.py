"""Garments and digits as spike trains, and recurrent spiking networks trained on spike counts."""
