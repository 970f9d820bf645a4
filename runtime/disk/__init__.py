"""What lies on the disk: the cache, what is being written, and which folders can be believed."""
