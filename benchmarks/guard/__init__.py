"""Whether anything has become slower since the last version that was released."""
