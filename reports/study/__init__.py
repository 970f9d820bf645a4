"""A study as a reader sees it: in a terminal, and as a page."""
