"""What is known of a run before it is simulated: exact counts, and bounds that no run goes below."""
