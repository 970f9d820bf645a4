"""Figures as a paper prints them: a page's charts by name, with their data, in millimetres."""
