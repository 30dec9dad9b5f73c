"""Fixtures of this folder."""

from tests.support.fixtures import declare_step, seed

__all__ = ["declare_step", "seed"]
