"""Fixtures of this folder."""

from tests.support.fixtures import seed

__all__ = ["seed"]
