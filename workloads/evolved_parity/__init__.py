"""Recurrent parity, a hard maze and a race from pixels: networks that are evolved, not trained."""
