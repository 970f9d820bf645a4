"""Runs in other programs' forms: NeuroBench, Accelergy, Ramulator, DRAMsim3, messages as Parquet."""
