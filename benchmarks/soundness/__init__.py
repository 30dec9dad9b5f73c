"""How often cheating succeeds, and whether what is seen depends on what is secret: measured in tiny fields.

`python -m benchmarks.soundness` measures and writes `docs/soundness.md` with its plots. The parties, the ideal dealer
and the ideal links are those of `tests/support`; everything under measurement is the package's own code.
"""
