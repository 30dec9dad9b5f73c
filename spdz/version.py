"""The version of the package and of the protocol that it speaks on the wire."""

__version__ = "0.1.0"

PROTOCOL_VERSION = 2
"""Raised with every change of the wire format, of a step or of a hash input; parties that differ do not start."""
