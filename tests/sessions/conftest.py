"""Fixtures of this folder."""

from tests.support.fixtures import interruptible

__all__ = ["interruptible"]
