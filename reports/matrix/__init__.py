"""Benchmarks and chips in one matrix: what each costs on each, read from the folders of their runs."""
