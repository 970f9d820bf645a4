"""Property tests: few but varied examples, the same on every run; a test may ask for more."""

from hypothesis import settings

settings.register_profile("deltasim", max_examples=25, deadline=None, derandomize=True)
settings.load_profile("deltasim")
