"""Sensor networks that find their own faults: recordings, injected faults, and what finds them."""
