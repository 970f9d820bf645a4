"""The kinds of memory, a file each: what one is, what it may not be, what it counts, and its rule."""
