"""Transports, the parties file and credentials."""
