"""Chips beside what was published of their silicon."""
