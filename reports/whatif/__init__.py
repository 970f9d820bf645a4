"""What would help, told: a sentence, rows, JSON, and a run folder whose page shows it."""
