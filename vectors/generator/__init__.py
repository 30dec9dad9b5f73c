"""The independent generator of the test vectors: plain Python, the standard library alone. See vectors/README.md."""
