"""What a hostile peer may put on the wire, and what becomes of it: always an SpdzError, never unbounded memory."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spdz.errors import MalformedMessage, PeerAborted, SpdzError
from spdz.field import M61
from spdz.runtime import mailbox as mailbox_module
from spdz.runtime.context import Context
from spdz.wire.codec import Elements
from spdz.wire.frames import HEADER_BYTES, Header, Kind
from spdz.wire.steps import Payload, Step
from tests.support.endpoint import Endpoint, ask, control, data_frame, first_path

Declare = Callable[..., Step]
CODEC = Elements(M61, (2,))
PAYLOAD = bytes(16)


@pytest.fixture
def step(declare_step: Declare) -> Step:
    """The step that party 0 waits for."""
    return declare_step("test.awaited", payload=Payload.ELEMENTS)


@pytest.fixture
def endpoint(step: Step, seed: bytes) -> Endpoint:
    """Party 0, which waits for two elements of party 1."""
    endpoint = Endpoint(2, M61, seed)
    endpoint.start(ask(step, CODEC))
    return endpoint


@pytest.fixture
def label(endpoint: Endpoint, step: Step) -> bytes:
    """The label of what is awaited."""
    return endpoint.label(first_path(step))


def refused(endpoint: Endpoint, data: bytes, match: str) -> None:
    """The bytes are refused as malformed and their sender is named."""
    with pytest.raises(MalformedMessage, match=match) as caught:
        endpoint.feed(data)
    assert caught.value.blamed == 1


@pytest.mark.parametrize("payload", [b"", bytes(8), bytes(15), bytes(17), bytes(24)], ids=len)
def test_a_payload_of_the_wrong_length(endpoint: Endpoint, step: Step, label: bytes, payload: bytes) -> None:
    refused(endpoint, data_frame(step, label, 1, payload), "bytes where 16 are expected")


@pytest.mark.parametrize("length", [17, 2**32, 2**63, 2**64 - 1])
def test_a_length_is_refused_before_any_payload_arrives(
    endpoint: Endpoint, step: Step, label: bytes, length: int
) -> None:
    refused(endpoint, data_frame(step, label, 1, b"", length=length), "bytes where 16 are expected")


@pytest.mark.parametrize("length", [2**33, 2**63, 2**64 - 1])
def test_a_huge_early_message_is_refused_by_its_header(endpoint: Endpoint, step: Step, length: int) -> None:
    refused(endpoint, data_frame(step, b"x" * 16, 5, b"", length=length), "exceeds what a message may have")


@pytest.mark.parametrize("kind", [0, 4, 255])
def test_an_unknown_kind(endpoint: Endpoint, step: Step, label: bytes, kind: int) -> None:
    refused(endpoint, Header(kind, step.wire_id, label, 1, 16).encode() + PAYLOAD, "unknown kind or step")


def test_an_unknown_step(endpoint: Endpoint, label: bytes) -> None:
    refused(endpoint, Header(Kind.DATA, 0xDEADBEEF, label, 1, 16).encode() + PAYLOAD, "unknown kind or step")


def test_another_step_under_the_awaited_label(endpoint: Endpoint, label: bytes, declare_step: Declare) -> None:
    refused(endpoint, data_frame(declare_step("test.other"), label, 1, PAYLOAD), "came where step test.awaited belongs")


@pytest.mark.parametrize("round_", [0, 2, 2**32 - 1])
def test_a_wrong_round(endpoint: Endpoint, step: Step, label: bytes, round_: int) -> None:
    refused(endpoint, data_frame(step, label, round_, PAYLOAD), "but this is round 1")


@pytest.mark.parametrize("place", [0, 8])
def test_an_element_that_is_not_canonical(endpoint: Endpoint, step: Step, label: bytes, place: int) -> None:
    payload = bytearray(PAYLOAD)
    payload[place : place + 8] = M61.modulus.to_bytes(8, "little")
    refused(endpoint, data_frame(step, label, 1, bytes(payload)), "not canonical")


def test_an_early_message_sent_twice(endpoint: Endpoint, step: Step) -> None:
    frame = data_frame(step, b"x" * 16, 2, PAYLOAD)
    endpoint.feed(frame)
    refused(endpoint, frame, "sent twice")


def test_an_awaited_message_sent_twice_is_left_over_at_the_end(endpoint: Endpoint, step: Step, label: bytes) -> None:
    frame = data_frame(step, label, 1, PAYLOAD)
    endpoint.feed(frame + frame)
    assert endpoint.scheduler.idle
    assert endpoint.scheduler.mailbox.unexpected() == {1: "test.awaited"}
    refused(endpoint, frame, "sent twice")


def test_anything_after_bye(endpoint: Endpoint, step: Step, label: bytes) -> None:
    endpoint.feed(data_frame(step, label, 1, PAYLOAD) + control(Kind.BYE))
    refused(endpoint, data_frame(step, b"x" * 16, 2, PAYLOAD), "after the party had ended")
    refused(endpoint, control(Kind.BYE), "after the party had ended")


@pytest.mark.parametrize("kind", [Kind.ABORT, Kind.BYE])
@pytest.mark.parametrize("fault", [{"length": 1}, {"round_": 1}, {"label": b"x" * 16}], ids=str)
def test_a_control_frame_with_a_payload_or_a_place(endpoint: Endpoint, kind: Kind, fault: dict[str, int]) -> None:
    refused(endpoint, control(kind, **fault), "control frame with a payload or a label")  # type: ignore[arg-type]


def test_an_abort_names_the_step_of_the_peer(endpoint: Endpoint, step: Step) -> None:
    with pytest.raises(PeerAborted) as caught:
        endpoint.feed(control(Kind.ABORT, wire_id=step.wire_id))
    assert caught.value.step == "test.awaited"
    assert caught.value.blamed is None, "whoever aborts may be honest"


def test_an_abort_at_a_step_nobody_knows_is_still_an_abort(endpoint: Endpoint) -> None:
    with pytest.raises(PeerAborted) as caught:
        endpoint.feed(control(Kind.ABORT, wire_id=0xDEADBEEF))
    assert caught.value.step is None


def test_a_message_of_another_session_fits_nowhere(endpoint: Endpoint, step: Step, seed: bytes) -> None:
    other = Endpoint(2, M61, seed)
    other.scheduler.session_id = b"another session"
    endpoint.feed(data_frame(step, other.label(first_path(step)), 1, PAYLOAD))
    assert not endpoint.scheduler.idle
    assert endpoint.scheduler.mailbox.unexpected() == {1: "test.awaited"}


def test_an_early_message_is_held_to_its_header_once_its_place_is_reached(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.awaited", payload=Payload.ELEMENTS)
    for round_, payload, match in ((2, PAYLOAD, "says round 2"), (1, bytes(8), "has 8 bytes")):
        endpoint = Endpoint(2, M61, seed)
        endpoint.feed(data_frame(step, endpoint.label(first_path(step)), round_, payload))
        with pytest.raises(MalformedMessage, match=match):
            endpoint.start(ask(step, CODEC))
        endpoint.scheduler.close()


def test_a_flood_of_early_payloads_is_limited(endpoint: Endpoint, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "EARLY_LIMIT_BYTES", 1 << 16)
    with pytest.raises(MalformedMessage, match="send ahead"):
        for number in range(200):
            endpoint.feed(data_frame(step, number.to_bytes(16, "little"), 2, bytes(1000)))
    assert number >= 16, "an honest peer may be somewhat ahead"


def test_a_flood_of_empty_early_messages_is_limited(
    endpoint: Endpoint, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs the sender 33 bytes and this party a dictionary entry, so the entries count too."""
    monkeypatch.setattr(mailbox_module, "EARLY_LIMIT_BYTES", 1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessage, match="send ahead"):
            for number in range(1 << 15):
                endpoint.feed(data_frame(step, number.to_bytes(16, "little"), 2, b""))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_an_early_message_that_was_used_no_longer_counts(
    declare_step: Declare, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_module, "EARLY_LIMIT_BYTES", 1 << 12)
    step = declare_step("test.awaited", payload=Payload.ELEMENTS)
    gate = declare_step("test.gate", payload=Payload.ELEMENTS)
    codec = Elements(M61, (64,))

    async def main(ctx: Context) -> None:
        for _ in range(20):
            await ctx.exchange(gate, {}, {2: CODEC})
            await ctx.exchange(step, {}, {1: codec})

    endpoint = Endpoint(3, M61, seed)
    task = endpoint.start(main)
    for turn in range(20):
        early = endpoint.label(f"/{2 * turn + 2:06d}.test.awaited")
        endpoint.feed(data_frame(step, early, 2 * turn + 2, bytes(512)), peer=1)
        endpoint.feed(data_frame(gate, endpoint.label(f"/{2 * turn + 1:06d}.test.gate"), 2 * turn + 1, PAYLOAD), peer=2)
    assert task.done


def _frame(step: Step, label: bytes, draw: Callable[[st.SearchStrategy[int]], int], payload: bytes) -> bytes:
    """A frame that is right in most of its parts."""
    kind = draw(st.sampled_from([1, 1, 1, 1, 2, 3, 0, 77]))
    wire_id = draw(st.sampled_from([step.wire_id] * 3 + [0, 5]))
    place = draw(st.sampled_from([0, 0, 1, 2]))
    length = draw(st.sampled_from([len(payload)] * 3 + [0, 16, 2**20, 2**40, 2**64 - 1]))
    labels = (label, bytes(16), b"early" + bytes(11))
    return Header(kind, wire_id, labels[place], draw(st.sampled_from([1, 1, 0, 2**32 - 1])), length).encode() + payload


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_stream_of_bytes_raises_anything_but_our_errors(step: Step, seed: bytes, data: st.DataObject) -> None:
    endpoint = Endpoint(2, M61, seed)
    endpoint.start(ask(step, CODEC))
    label = endpoint.label(first_path(step))
    try:
        with contextlib.suppress(SpdzError):
            for _ in range(data.draw(st.integers(1, 6))):
                payload = data.draw(st.one_of(st.just(PAYLOAD), st.binary(max_size=24)))
                frame = _frame(step, label, data.draw, payload)
                endpoint.feed(data.draw(st.one_of(st.just(frame), st.binary(max_size=2 * HEADER_BYTES))))
    finally:
        endpoint.scheduler.close()


@pytest.mark.parametrize("claimed", [7, 2**31, 2**32 - 1])
def test_a_round_taken_over_from_a_peer_leaves_room_to_go_on(declare_step: Declare, seed: bytes, claimed: int) -> None:
    adopting = declare_step("test.adopting", adopts_round=True, payload=Payload.ELEMENTS)
    step = declare_step("test.awaited", payload=Payload.ELEMENTS)

    async def main(ctx: Context) -> None:
        await ctx.exchange(adopting, {}, {1: CODEC})
        for _ in range(3):
            await ctx.exchange(step, {1: (CODEC, M61.zeros((2,)))}, {})

    endpoint = Endpoint(2, M61, seed)
    task = endpoint.start(main)
    endpoint.feed(data_frame(adopting, endpoint.label(first_path(adopting)), claimed, PAYLOAD))
    assert task.done
    assert task.depth == min(claimed, 2**31) + 3
