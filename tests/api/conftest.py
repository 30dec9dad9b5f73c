"""Fixtures of this folder."""

from collections.abc import Iterator

import pytest

from tests.support import ideal_operations as ideal
from tests.support.fixtures import declare_step, seed
from tests.support.left_behind import watching

__all__ = ["declare_step", "ideal_operations", "seed"]


@pytest.fixture
def ideal_operations() -> Iterator[None]:
    """The operations on bits are ideal, and notice an operand that is wider than it is said to be."""
    with ideal.ideal_operations():
        yield


@pytest.fixture(autouse=True)
def refusals_are_watched() -> Iterator[None]:
    """`assert_refused` sees what a refused operation leaves in a plan."""
    with watching():
        yield
