"""The readable reference engine: cores, memories, buses and links as SimPy processes and resources."""
