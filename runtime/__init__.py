"""What numba and the disk need: compiling, record views, the cache, errors, array types.

Imports nothing else of deltasim.
"""
