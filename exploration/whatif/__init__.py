"""What would help: a run replayed on chips of which one thing is better, and what each is worth."""
