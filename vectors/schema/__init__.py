"""The JSON Schemas of the test vectors."""
