"""A user's own sequences: arrays, tables, sound and pictures, read into frames of float32."""
