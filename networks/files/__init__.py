"""What a network and its messages look like on disk."""
