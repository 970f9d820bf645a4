"""Voice activity: a detector that many products run, on read sentences in noise."""
