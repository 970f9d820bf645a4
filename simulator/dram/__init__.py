"""DRAM at command level: standards and address mappings as data, one rule, energy, traces."""
