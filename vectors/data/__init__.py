"""The test vectors."""
