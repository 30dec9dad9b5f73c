"""The first error closes everything that runs beside it, before it is seen (docs/design.md)."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from spdz.errors import UsageError
from spdz.field import M61
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.runtime.scheduler import Scheduler
from spdz.runtime.trace import Trace
from spdz.transport.memory import memory_network
from spdz.wire.codec import Blob
from spdz.wire.steps import Step
from tests.support.parties import make_sessions


def test_a_sibling_that_waits_is_closed_before_the_error_leaves(declare_step: Callable[..., Step], seed: bytes) -> None:
    step = declare_step("test.awaited")
    closed: list[str] = []

    async def waiting(ctx: Context) -> None:
        try:
            await ctx.exchange(step, {}, {1: Blob(1)})
        finally:
            closed.append("sibling")

    async def failing() -> None:
        raise UsageError("a fault of the program")

    async def main(ctx: Context) -> None:
        await ctx.gather(waiting(ctx.child("waiting")), failing())

    party = Party(make_sessions(2, M61, seed)[0], memory_network(2)[0], 2)
    with pytest.raises(UsageError, match="a fault of the program"):
        party.run(main, "main")
    assert closed == ["sibling"]
    assert party.over


def test_a_coroutine_that_somebody_still_holds_is_closed_too(declare_step: Callable[..., Step], seed: bytes) -> None:
    """Closing does not wait for the garbage collector."""
    step = declare_step("test.awaited")
    scheduler = Scheduler(Trace())
    context = Context(make_sessions(2, M61, seed)[0])
    held = context.exchange(step, {}, {1: Blob(1)})
    scheduler.spawn(held)
    scheduler.run()
    assert inspect.getcoroutinestate(held) == inspect.CORO_SUSPENDED
    scheduler.close()
    assert inspect.getcoroutinestate(held) == inspect.CORO_CLOSED
