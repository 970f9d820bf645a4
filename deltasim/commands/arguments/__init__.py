"""What the arguments of a command mean: options read and checked, a saved run made again, names completed."""
