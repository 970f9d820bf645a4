"""What safe mutations claim beside what is measured: docs/evolved-parity.md."""
