"""Studies: points a minute, ten thousand points, racing, stored points, placements."""
