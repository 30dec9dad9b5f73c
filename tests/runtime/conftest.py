"""Fixtures of this folder."""

from tests.support.fixtures import declare_step, interruptible, seed

__all__ = ["declare_step", "interruptible", "seed"]
