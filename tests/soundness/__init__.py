"""A small version of `benchmarks.soundness`, and its statistical functions against known values."""
