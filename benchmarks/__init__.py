"""Side-by-side timings, reported and never asserted: `make bench`."""
