"""Read sentences written down letter by letter: recordings, transcripts, and the networks that hear them."""
