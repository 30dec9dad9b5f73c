"""Fixtures of this folder."""

import pytest


@pytest.fixture(autouse=True)
def _ideal_base_ots() -> None:
    """Recorded sessions have real base OTs: this stands in the place of the fixture of all tests."""
