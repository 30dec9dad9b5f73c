"""Bridges to other systems. Level 7: they use sessions, and nothing below knows of them."""
