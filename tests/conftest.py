"""Fixtures of all tests."""

from __future__ import annotations

from functools import partial

import pytest

from spdz.adversary.ideal_base_ots import ideal_base_ots
from spdz.preprocessing.mascot import generator


@pytest.fixture(autouse=True)
def _ideal_base_ots(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions in a test's own process have ideal base OTs unless it asks: real ones are most of a tiny session.

    Processes that a test starts have real ones.
    """
    if request.node.get_closest_marker("real_base_ots") is None:
        ideal = partial(generator.MascotProtocols, base_ots=ideal_base_ots)
        monkeypatch.setattr(generator, "MascotProtocols", ideal)
