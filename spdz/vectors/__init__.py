"""Test vectors: read them, refuse what is not one, and replay them against this implementation.

The vectors are made by another implementation, `vectors/generator`, from docs/wire. This package shares nothing
with it but the JSON schemas. Both are packages of
JSON files, `spdz.vectors.data` and `spdz.vectors.schemas`, from the folders in `vectors/`.
"""
