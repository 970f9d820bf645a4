"""What was counted: laws, background energy, bandwidth over time, prices applied afterwards."""
