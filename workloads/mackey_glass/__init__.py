"""Mackey-Glass: a chaotic series that a network continues from its own forecasts, as NeuroBench has it."""
