"""What descriptions of chips and memories are made of: records, quantities, faults."""
