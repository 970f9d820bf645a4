"""A run on disk: its folder, its record, and the form that a record has to have."""
