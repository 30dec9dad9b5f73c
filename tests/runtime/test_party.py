"""The driver of a real party: whatever ends a session, the key and the material are gone before the error is seen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from spdz.errors import Desync, InternalError, MacCheckFailed, PeerAborted, UsageError
from spdz.field import M61
from spdz.protocols import mac_check
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, output
from spdz.runtime.context import Context, SessionState
from spdz.runtime.party import Party
from spdz.sharing.shares import AuthShare
from spdz.transport.memory import memory_network
from spdz.wire.codec import Blob
from spdz.wire.steps import Step
from tests.support.cheaters import with_added
from tests.support.dealer import IdealDealer
from tests.support.parties import make_sessions


@dataclass
class End:
    """How a party's thread ended, and whether its key was alive when its material was destroyed and at the end."""

    result: Any = None
    error: BaseException | None = None
    key_alive: bool = True
    destroyed: list[bool] = field(default_factory=list)


def in_threads(sessions: list[SessionState], program: Callable[[Party], Any]) -> list[End]:
    """Run `program` at every party, each in a thread of its own."""

    def one(session: SessionState, transport: Any) -> End:
        end = End()
        party = Party(session, transport, len(sessions), timeout=60.0)
        party.on_end.append(lambda: end.destroyed.append(session.key.alive))
        try:
            end.result = program(party)
        except BaseException as error:
            end.error = error
        end.key_alive = session.key.alive
        return end

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(one, sessions, memory_network(len(sessions))))


def dealt(seed: bytes, parties: int = 2) -> tuple[list[SessionState], list[AuthShare]]:
    sessions = make_sessions(parties, M61, seed)
    return sessions, IdealDealer(sessions, seed).share([1, 2, 3])


def test_an_honest_session_ends_with_everything_destroyed(seed: bytes) -> None:
    sessions, shares = dealt(seed, 3)

    def program(party: Party) -> list[int]:
        value: list[int] = party.run(lambda ctx: output(ctx, shares[ctx.party]), "output").to_ints()
        party.close()
        return value

    for end in in_threads(sessions, program):
        assert (end.result, end.error, end.key_alive, end.destroyed) == ([1, 2, 3], None, False, [False])


def test_a_failed_check_destroys_the_key_and_then_the_material_at_every_party(seed: bytes) -> None:
    sessions, shares = dealt(seed)
    shares[0] = AuthShare(with_added(shares[0].value, "middle", 1), shares[0].mac)
    ends = in_threads(sessions, lambda party: party.run(lambda ctx: output(ctx, shares[ctx.party]), "output"))
    assert MacCheckFailed in {type(end.error) for end in ends}
    for end in ends:
        assert type(end.error) in (MacCheckFailed, PeerAborted)
        assert end.error.step == "mac_check.sigma.open"
        assert (end.result, end.key_alive, end.destroyed) == (None, False, [False])


def test_an_interruption_inside_a_check_counts_as_a_failed_check(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions, shares = dealt(seed)
    original = mac_check._sigma

    def interrupted(ctx: Context, *more: Any) -> Any:
        if ctx.party == 0:
            raise KeyboardInterrupt
        return original(ctx, *more)

    monkeypatch.setattr(mac_check, "_sigma", interrupted)
    ends = in_threads(sessions, lambda party: party.run(lambda ctx: output(ctx, shares[ctx.party]), "output"))
    assert [type(end.error) for end in ends] == [KeyboardInterrupt, PeerAborted]
    for end in ends:
        assert (end.key_alive, end.destroyed) == (False, [False])


def test_a_session_that_has_ended_refuses_to_go_on(seed: bytes) -> None:
    sessions, shares = dealt(seed)

    def program(party: Party) -> None:
        party.run(lambda ctx: output(ctx, shares[ctx.party]), "output")
        party.close()
        assert party.over
        party.run(lambda ctx: output(ctx, shares[ctx.party]), "output")

    for end in in_threads(sessions, program):
        assert type(end.error) is UsageError


def test_an_opening_that_was_never_checked_spoils_the_end(seed: bytes) -> None:
    sessions, shares = dealt(seed)

    def program(party: Party) -> None:
        party.run(lambda ctx: partial_open(ctx, OUTPUT, shares[ctx.party]), "open")
        party.close()

    for end in in_threads(sessions, program):
        assert type(end.error) in (InternalError, PeerAborted)
        assert (end.key_alive, end.destroyed) == (False, [False])


def test_a_message_that_nobody_read_spoils_the_end(declare_step: Callable[..., Step], seed: bytes) -> None:
    step, last = declare_step("test.unread"), declare_step("test.last")
    sessions, _ = dealt(seed)

    async def main(ctx: Context) -> None:
        stray, own = ctx.child("stray"), ctx.child("own")
        everyone = own.tell_all(last, Blob(1), b"x")
        if ctx.party == 0:
            await ctx.gather(stray.exchange(step, {1: (Blob(1), b"x")}, {}), everyone)
        else:
            await everyone

    def program(party: Party) -> None:
        party.run(main, "main")
        party.close()

    ends = in_threads(sessions, program)
    assert type(ends[1].error) is Desync
    assert (ends[1].error.step, ends[1].error.blamed) == ("test.unread", 0)
    assert (ends[1].key_alive, ends[1].destroyed) == (False, [False])
