"""When nothing comes any more: parties at different steps are told so, and nobody runs one party twice at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from spdz.errors import Desync, PeerAborted, TransportError, UsageError
from spdz.field import M61
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.transport.memory import memory_network
from spdz.wire.codec import Blob
from spdz.wire.steps import Step
from tests.support.parties import make_sessions

PATIENCE_SECONDS = 0.2


def test_parties_at_different_steps_are_a_desync_and_not_a_slow_network(
    declare_step: Callable[..., Step], seed: bytes
) -> None:
    """The steps have another place in the program, so each message waits for ever beside the one that is awaited."""
    steps = declare_step("test.mine"), declare_step("test.yours")

    async def main(ctx: Context) -> None:
        codec = Blob(1)
        here = ctx.child(f"way of {ctx.party}")
        await here.tell_all(steps[ctx.party], codec, b"x")

    def one(number: int) -> BaseException:
        party = Party(sessions[number], network[number], 2, timeout=PATIENCE_SECONDS)
        with pytest.raises((Desync, PeerAborted)) as caught:
            party.run(main, "main")
        return caught.value

    sessions, network = make_sessions(2, M61, seed), memory_network(2)
    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(one, range(2)))
    found = [error for error in errors if isinstance(error, Desync)]
    assert found
    for error in found:
        assert error.step in ("test.mine", "test.yours")
        assert "test.mine" in str(error)
        assert "test.yours" in str(error)


def test_a_party_that_says_nothing_is_a_lost_peer_and_not_a_cheater(
    declare_step: Callable[..., Step], seed: bytes
) -> None:
    step = declare_step("test.awaited")

    async def main(ctx: Context) -> None:
        await ctx.exchange(step, {}, {1: Blob(1)})

    party = Party(make_sessions(2, M61, seed)[0], memory_network(2)[0], 2, timeout=PATIENCE_SECONDS)
    with pytest.raises(TransportError, match="sent nothing") as caught:
        party.run(main, "main")
    assert (caught.value.peer, caught.value.step) == (1, "test.awaited")
    assert party.over


def test_a_second_thread_is_refused_and_does_no_harm(declare_step: Callable[..., Step], seed: bytes) -> None:
    step = declare_step("test.talk")
    sessions, network = make_sessions(2, M61, seed), memory_network(2)
    parties = [Party(session, transport, 2, timeout=20.0) for session, transport in zip(sessions, network, strict=True)]
    inside = threading.Event()

    async def main(ctx: Context) -> bytes:
        if ctx.party == 0:
            inside.set()
        answer = await ctx.exchange(step, {1 - ctx.party: (Blob(1), b"x")}, {1 - ctx.party: Blob(1)})
        return bytes(answer[1 - ctx.party])

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(parties[0].run, main, "main")
        assert inside.wait(60)
        with pytest.raises(UsageError, match="busy"):
            parties[0].run(main, "main")
        assert parties[1].run(main, "main") == b"x"
        assert waiting.result(60) == b"x"
    assert not parties[0].over
