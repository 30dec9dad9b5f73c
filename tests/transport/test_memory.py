"""The in-memory network behaves as a network does."""

from __future__ import annotations

import pytest

from spdz.errors import TransportError
from spdz.transport.memory import MemoryTransport, memory_network
from spdz.wire.frames import Kind, control_frame
from tests.transport.support import Recorder, attach, data_frame, wait_for


def pair() -> tuple[MemoryTransport, MemoryTransport, Recorder, Recorder]:
    first, second = memory_network(2)
    return first, second, attach(first, [1]), attach(second, [0])


def test_frames_arrive_in_order_however_they_are_cut() -> None:
    first, second, _, received = pair()
    stream = b"".join(bytes(part) for text in (b"a", b"", b"ccc") for part in data_frame(text))
    first.send(1, [stream[:5], memoryview(stream)[5:40], stream[40:]])
    wait_for(second, lambda: len(received.frames) == 3)
    assert received.payloads(0) == [b"a", b"", b"ccc"]


def test_everybody_reaches_everybody() -> None:
    transports = memory_network(3)
    owners = [attach(transport, [p for p in range(3) if p != me]) for me, transport in enumerate(transports)]
    for me, transport in enumerate(transports):
        for peer in range(3):
            if peer != me:
                transport.send(peer, data_frame(bytes([me, peer])))
    for transport, owner in zip(transports, owners, strict=True):
        wait_for(transport, lambda owner=owner: len(owner.frames) == 2)  # type: ignore[misc]
    for me, owner in enumerate(owners):
        assert sorted(payload for _, _, payload in owner.frames) == [bytes([p, me]) for p in range(3) if p != me]


def test_wait_without_a_frame_is_false() -> None:
    first, _, _, _ = pair()
    assert first.wait(0.0) is False


def test_poll_takes_what_is_there_and_does_not_wait() -> None:
    first, second, _, received = pair()
    second.poll()
    first.send(1, data_frame(b"x"))
    second.poll()
    assert received.payloads(0) == [b"x"]


def test_a_peer_that_leaves_without_bye_is_lost_after_its_last_frame() -> None:
    first, second, _, received = pair()
    first.send(1, data_frame(b"last"))
    first.close(0.0)
    with pytest.raises(TransportError) as caught:
        while True:
            assert second.wait(1.0)
    assert caught.value.peer == 0
    assert received.payloads(0) == [b"last"]


def test_a_peer_that_has_said_bye_may_leave() -> None:
    first, second, _, _ = pair()
    first.send(1, [control_frame(Kind.BYE)])
    first.close(0.0)
    assert second.wait(1.0)
    assert second.wait(0.0) is False
