"""Energy, leakage, area and access time of on-chip memories, from a table made with CACTI 7."""
