"""Predistortion with delta networks beside what was published: docs/predistortion.md."""
