"""The scheduler with honest peers: rounds are causal depth, arrival order does not matter, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spdz.errors import Desync, InternalError
from spdz.field import M61
from spdz.runtime.context import Context
from spdz.runtime.traps import Join, Spawn
from spdz.wire.codec import Blob, Elements
from spdz.wire.frames import HEADER_BYTES, Kind
from spdz.wire.steps import Payload, Step
from tests.support.endpoint import Endpoint, ask, control, data_frame, first_path
from tests.support.parties import make_sessions, run

Declare = Callable[..., Step]
BYTE = Blob(1)


async def talk(ctx: Context, step: Step, times: int = 1) -> int:
    """`times` exchanges in a row; returns the sum of what the peers said."""
    total = 0
    for _ in range(times):
        received = await ctx.tell_all(step, BYTE, bytes([ctx.party + 1]))
        total += sum(payload[0] for payload in received.values())
    return total


@pytest.mark.parametrize("parties", [2, 3, 5])
def test_everyone_hears_everyone_else(parties: int, declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")
    ended = run(make_sessions(parties, M61, seed), lambda ctx: talk(ctx, step))
    everything = sum(range(1, parties + 1))
    assert ended.results == [everything - own for own in range(1, parties + 1)]
    assert ended.rounds == 1


def test_a_swap_gives_each_peer_its_own_payload_and_hears_the_senders_only(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.swap")

    async def to_later_parties(ctx: Context) -> dict[int, int]:
        payloads = {peer: bytes([16 * ctx.party + peer]) for peer in ctx.peers if peer > ctx.party}
        received = await ctx.swap(step, BYTE, payloads, senders=range(ctx.party))
        return {peer: payload[0] for peer, payload in received.items()}

    ended = run(make_sessions(3, M61, seed), to_later_parties)
    assert ended.results == [{}, {0: 0x01}, {0: 0x02, 1: 0x12}]


def test_a_step_carries_what_it_declares_and_nothing_else(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.bytes")

    async def send_elements(ctx: Context) -> None:
        await ctx.tell_all(step, Elements(M61, (1,)), M61.zeros((1,)))

    for outcome in run(make_sessions(2, M61, seed), send_elements).outcomes:
        assert isinstance(outcome.error, InternalError)
        assert "step test.bytes declares bytes" in str(outcome.error)


def test_gather_runs_side_by_side_and_is_as_deep_as_its_deepest_child(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")

    async def main(ctx: Context) -> list[int]:
        results: list[int] = await ctx.gather(
            *(talk(ctx.child(f"c{k}"), step, times) for k, times in enumerate((1, 4, 2)))
        )
        await talk(ctx, step)
        return results

    ended = run(make_sessions(2, M61, seed), main)
    assert ended.results[0] == [2, 8, 4]
    assert ended.rounds == 4 + 1
    assert max(event.round for event in ended.trace.events if event.path.count("/") == 2) == 5


def test_gather_of_nothing_costs_nothing(seed: bytes) -> None:
    async def main(ctx: Context) -> list[Any]:
        return await ctx.gather()

    ended = run(make_sessions(2, M61, seed), main)
    assert ended.results == [[], []]
    assert ended.rounds == 0


def test_a_message_that_comes_before_its_exchange_is_kept_for_it(declare_step: Declare, seed: bytes) -> None:
    first, second = declare_step("test.first"), declare_step("test.second")

    async def main(ctx: Context) -> list[int]:
        one = (await ctx.exchange(first, {}, {1: BYTE}))[1]
        two = (await ctx.exchange(second, {}, {1: BYTE}))[1]
        return [one[0], two[0]]

    endpoint = Endpoint(2, M61, seed)
    task = endpoint.start(main)
    endpoint.feed(data_frame(second, endpoint.label("/000002.test.second"), 2, b"\x07"))
    assert not task.done
    assert endpoint.scheduler.mailbox.unexpected() == {1: "test.second"}
    endpoint.feed(data_frame(first, endpoint.label("/000001.test.first"), 1, b"\x05"))
    assert task.result == [5, 7]
    assert task.depth == 2
    assert endpoint.scheduler.mailbox.unexpected() == {}


def test_an_early_message_may_arrive_in_pieces_around_its_exchange(declare_step: Declare, seed: bytes) -> None:
    first, second = declare_step("test.first"), declare_step("test.second")

    async def main(ctx: Context) -> bytes:
        await ctx.exchange(first, {}, {2: BYTE})
        return bytes((await ctx.exchange(second, {}, {1: Blob(4)}))[1])

    endpoint = Endpoint(3, M61, seed)
    task = endpoint.start(main)
    frame = data_frame(second, endpoint.label("/000002.test.second"), 2, b"late")
    endpoint.feed(frame[: HEADER_BYTES + 2], peer=1)
    endpoint.feed(data_frame(first, endpoint.label("/000001.test.first"), 1, b"\x05"), peer=2)
    assert not task.done
    endpoint.feed(frame[HEADER_BYTES + 2 :], peer=1)
    assert task.result == b"late"


def test_join_gives_the_result_to_all_who_wait_and_carries_the_depth(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")
    endpoint = Endpoint(2, M61, seed)

    async def waiter(other: Any) -> Any:
        return await Join(other)

    worker = endpoint.start(ask(step, BYTE))
    waiters = [endpoint.scheduler.spawn(waiter(worker)) for _ in range(2)]
    endpoint.scheduler.run()
    assert not any(task.done for task in waiters)
    endpoint.feed(data_frame(step, endpoint.label(first_path(step)), 1, b"\x09"))
    late = endpoint.scheduler.spawn(waiter(worker))
    endpoint.scheduler.run()
    for task in (*waiters, late):
        assert task.result[1] == b"\x09"
        assert task.depth == 1
    assert endpoint.scheduler.idle


def test_a_spawned_task_starts_at_the_depth_of_its_parent_and_runs_beside_it(
    declare_step: Declare, seed: bytes
) -> None:
    step = declare_step("test.talk")

    async def main(ctx: Context) -> int:
        await talk(ctx, step)
        task = await Spawn(talk(ctx.child("beside"), step, 2))
        await talk(ctx, step)
        return (await Join(task)) + (await Join(task))

    ended = run(make_sessions(2, M61, seed), main)
    assert ended.results == [8, 4]
    assert ended.rounds == 1 + 2


def test_a_label_that_occurs_twice_is_refused(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")

    async def main(ctx: Context) -> None:
        twin = Context(ctx.session, ctx.path)
        await ctx.gather(ask(step, BYTE)(ctx), ask(step, BYTE)(twin))

    endpoint = Endpoint(2, M61, seed)
    with pytest.raises(InternalError, match="twice"):
        endpoint.start(main)
    endpoint.scheduler.close()


def test_a_forgotten_await_is_an_error_under_the_settings_of_this_suite(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")

    async def forgetful(ctx: Context) -> None:
        talk(ctx.child("forgotten"), step)

    with pytest.warns(RuntimeWarning, match="never awaited"):
        run(make_sessions(2, M61, seed), forgetful)


def test_a_child_beside_the_protocol_must_finish_too(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")
    endpoint = Endpoint(2, M61, seed)
    endpoint.start(ask(step, BYTE))

    async def main(ctx: Context) -> int:
        return 1

    task = endpoint.start(main)
    assert task.done
    assert not endpoint.scheduler.idle
    endpoint.scheduler.close()
    assert endpoint.scheduler.idle


def test_awaiting_what_is_no_trap_is_an_error(seed: bytes) -> None:
    class Stranger:
        def __await__(self) -> Any:
            return (yield self)

    async def main(ctx: Context) -> None:
        await Stranger()

    endpoint = Endpoint(2, M61, seed)
    with pytest.raises(InternalError, match="not a trap"):
        endpoint.start(main)
    endpoint.scheduler.close()


def test_a_deadlock_names_the_step_and_the_party_that_is_waited_for(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")

    async def wait(ctx: Context) -> Any:
        return await ctx.exchange(step, {}, dict.fromkeys(ctx.peers, BYTE))

    for party, outcome in enumerate(run(make_sessions(2, M61, seed), wait).outcomes):
        assert type(outcome.error) is Desync
        assert outcome.error.step == "test.talk"
        assert outcome.error.blamed == 1 - party


def test_different_programs_are_a_desync_that_names_both_steps(declare_step: Declare, seed: bytes) -> None:
    one, other = declare_step("test.one"), declare_step("test.other")
    ended = run(make_sessions(2, M61, seed), [lambda ctx: talk(ctx, one), lambda ctx: talk(ctx, other)])
    for outcome, mine, theirs in zip(ended.outcomes, ("one", "other"), ("other", "one"), strict=True):
        assert type(outcome.error) is Desync
        assert outcome.error.step == f"test.{mine}"
        assert f"test.{theirs}" in str(outcome.error)


def test_a_peer_that_leaves_while_something_is_awaited_is_a_desync(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")
    endpoint = Endpoint(2, M61, seed)
    endpoint.start(ask(step, BYTE))
    with pytest.raises(Desync) as caught:
        endpoint.feed(control(Kind.BYE))
    assert (caught.value.step, caught.value.blamed) == ("test.talk", 1)


def test_a_peer_that_has_left_cannot_be_asked(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")
    endpoint = Endpoint(2, M61, seed)
    endpoint.feed(control(Kind.BYE))
    with pytest.raises(Desync) as caught:
        endpoint.start(ask(step, BYTE))
    assert (caught.value.step, caught.value.blamed) == ("test.talk", 1)
    endpoint.scheduler.close()


def test_closing_ends_every_coroutine_and_forgets_every_payload(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.talk")
    closed: list[int] = []

    async def child(ctx: Context, number: int) -> None:
        try:
            await ctx.exchange(step, {}, {1: BYTE})
        finally:
            closed.append(number)

    async def main(ctx: Context) -> None:
        await ctx.gather(*(child(ctx.child("c"), number) for number in range(3)))

    endpoint = Endpoint(2, M61, seed)
    endpoint.start(main)
    endpoint.feed(data_frame(step, b"e" * 16, 1, b"early"))
    endpoint.scheduler.close()
    assert sorted(closed) == [0, 1, 2]
    assert endpoint.scheduler.mailbox.awaited() == {}
    assert endpoint.scheduler.mailbox.unexpected() == {}


def test_the_trace_counts_payloads_per_step_and_frames_with_headers(declare_step: Declare, seed: bytes) -> None:
    step, other = declare_step("test.talk"), declare_step("test.other", payload=Payload.ELEMENTS)
    codec = Elements(M61, (5,))

    async def main(ctx: Context) -> None:
        await talk(ctx, step, 3)
        await ctx.tell_all(other, codec, M61.zeros((5,)))

    trace = run(make_sessions(3, M61, seed), main).trace
    assert (trace.steps["test.talk"].exchanges, trace.steps["test.talk"].bytes_sent) == (3, 3 * 2)
    assert trace.steps["test.other"].bytes_sent == trace.steps["test.other"].bytes_expected == 2 * 40
    assert trace.frames_sent == 4 * 2
    assert trace.bytes_sent == 8 * HEADER_BYTES + 6 + 80
    assert [event.round for event in trace.events] == [1, 2, 3, 4]
