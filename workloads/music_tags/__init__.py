"""The benchmark `music-tags`: what is heard in a sound clip, by convolutions and a recurrent part."""
