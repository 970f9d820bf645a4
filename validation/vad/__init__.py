"""What a voice activity detector costs on chips for an earphone: its thresholds, and the page about it."""
