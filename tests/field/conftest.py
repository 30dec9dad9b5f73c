"""Fixtures of the tests of the field."""

from __future__ import annotations

import pytest

from spdz.field import Field

from .helpers import PLAIN, TESTED, Stream


@pytest.fixture(params=TESTED + PLAIN, ids=lambda field: field.name)
def field(request: pytest.FixtureRequest) -> Field:
    chosen: Field = request.param
    return chosen


@pytest.fixture
def stream(request: pytest.FixtureRequest) -> Stream:
    return Stream(request.node.name)
