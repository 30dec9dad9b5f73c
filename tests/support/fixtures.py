"""Fixtures; the `conftest.py` of each folder imports them."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spdz.errors import SpdzError
from spdz.wire import steps
from spdz.wire.steps import Delivery, Payload, Step


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> bytes:
    """The one seed of a test: a hash of its name. It is printed, so a failure shows it.

    SPDZ_TEST_SEED, any text, gives every test another seed.
    """
    text = f"{os.environ.get('SPDZ_TEST_SEED', '')}|{request.node.nodeid}"
    value = hashlib.sha256(text.encode()).digest()
    print(f"seed {value.hex()}")
    return value


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, also where the tests run in the background of a shell that ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def declare_step(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Step]]:
    """As `spdz.wire.steps.declare`, undone after the test, so the registry keeps only the steps of the package."""
    monkeypatch.setattr(steps, "_by_name", dict(steps._by_name))
    monkeypatch.setattr(steps, "_by_wire_id", dict(steps._by_wire_id))

    def declare(name: str, delivery: Delivery = Delivery.DIRECT, **more: Any) -> Step:
        said: dict[str, Any] = {"payload": Payload.BYTES, "tampering": (SpdzError,), **more}
        return steps.declare(name, source="a test", delivery=delivery, **said)

    return declare
