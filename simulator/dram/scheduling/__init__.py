"""Which command of a DRAM channel comes next and when it is legal; the memory as engines meet it."""
