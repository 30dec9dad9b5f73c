"""Moving bytes over TLS: order, volume, losses and ends. Setting up is tested in test_tls_connect.py."""

from __future__ import annotations

import itertools
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spdz.errors import PeerAborted, TransportError
from spdz.runtime.transport import Transport
from spdz.transport.tls import transport as tls
from spdz.transport.tls.stream import RECORD_BYTES
from spdz.transport.tls.transport import TlsTransport
from spdz.wire.frames import FrameReader, Kind, control_frame
from tests.transport.support import PATIENCE_SECONDS, Network, Recorder, Running, attach, data_frame, together, wait_for

pytestmark = pytest.mark.network

Joined = Callable[[int], list[TlsTransport]]


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Joined]:
    """Connected transports of as many parties as asked for."""
    transports: list[TlsTransport] = []

    def connect(count: int) -> list[TlsTransport]:
        transports.extend(Network(tmp_path / "net", count).connect_all())
        return transports

    yield connect
    for transport in transports:
        transport.close(0.0)


def finish(transport: TlsTransport, owner: Recorder, peers: list[int]) -> None:
    """Say BYE, wait for everybody else's, close."""
    for peer in peers:
        transport.send(peer, [control_frame(Kind.BYE)])
    wait_for(transport, lambda: sum(header.kind == Kind.BYE for _, header, _ in owner.frames) == len(peers))
    transport.close(PATIENCE_SECONDS)


# -- honest -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3])
def test_everybody_reaches_everybody(joined: Joined, count: int) -> None:
    transports = joined(count)

    def run(me: int) -> Recorder:
        peers = [peer for peer in range(count) if peer != me]
        owner = attach(transports[me], peers)
        for peer in peers:
            transports[me].send(peer, data_frame(bytes([me, peer])))
        finish(transports[me], owner, peers)
        return owner

    for me, owner in enumerate(together([lambda me=me: run(me) for me in range(count)])):  # type: ignore[misc]
        for peer in range(count):
            assert owner.payloads(peer) == ([] if peer == me else [bytes([peer, me]), b""])


def test_it_is_a_transport_and_says_what_it_is(joined: Joined) -> None:
    first: Transport = joined(2)[0]
    assert first.name == "TLS 1.3"


def test_peers_are_named(joined: Joined) -> None:
    transports = joined(3)
    assert [endpoint.name for endpoint in transports[1].peers] == ["party 0", "party 2"]


def test_64_mb_both_ways_at_once(joined: Joined) -> None:
    transports = joined(2)
    payloads = [bytes([me + 1]) * (64 << 20) for me in range(2)]

    def run(me: int) -> Recorder:
        owner = attach(transports[me], [1 - me])
        transports[me].send(1 - me, data_frame(memoryview(payloads[me])))
        finish(transports[me], owner, [1 - me])
        return owner

    for me, owner in enumerate(together([lambda: run(0), lambda: run(1)])):
        assert owner.frames[0][2] == payloads[1 - me]


def test_thousands_of_tiny_frames_keep_their_order(joined: Joined) -> None:
    transports = joined(2)
    count = 5000
    expected = [number.to_bytes(4, "little") * (number % 7) for number in range(count)]

    def run(me: int) -> Recorder:
        owner = attach(transports[me], [1 - me])
        for number in range(0, count, 50):
            for payload in expected[number : number + 25]:
                transports[me].send(1 - me, data_frame(payload))
            transports[me].send(
                1 - me, [p for payload in expected[number + 25 : number + 50] for p in data_frame(payload)]
            )
            transports[me].poll()
        finish(transports[me], owner, [1 - me])
        return owner

    for me, owner in enumerate(together([lambda: run(0), lambda: run(1)])):
        assert owner.payloads(1 - me) == [*expected, b""]


def test_sizes_around_every_boundary(joined: Joined) -> None:
    transports = joined(2)
    borders = (tls.DIRECT_BYTES, RECORD_BYTES, tls.SEND_BYTES, tls.RECEIVE_BYTES)
    sizes = [0, 1, 33, *(border + off for border in borders for off in (-34, -33, -1, 0, 1, 33))]
    expected = [bytes(index % 251 for index in range(size)) for size in sizes]

    def run(me: int) -> Recorder:
        owner = attach(transports[me], [1 - me])
        transports[me].send(1 - me, [part for payload in expected for part in data_frame(payload)])
        finish(transports[me], owner, [1 - me])
        return owner

    for me, owner in enumerate(together([lambda: run(0), lambda: run(1)])):
        assert owner.payloads(1 - me) == [*expected, b""]


def test_views_of_other_formats_travel_as_bytes(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    words = memoryview(bytes(range(16))).cast("I")
    first.send(1, [data_frame(bytes(16))[0], words[:2], b"", words[2:]])
    wait_for(second, lambda: len(owner.frames) == 1)
    assert owner.payloads(0) == [bytes(range(16))]


def test_ping_pong(joined: Joined) -> None:
    transports = joined(2)
    owners = [attach(transports[me], [1 - me]) for me in range(2)]

    def run(me: int) -> None:
        for number in range(1, 301):
            if me == 0:
                transports[0].send(1, data_frame(bytes(67)))
            wait_for(transports[me], lambda: len(owners[me].frames) >= number)  # noqa: B023
            if me == 1:
                transports[1].send(0, data_frame(bytes(67)))

    together([lambda: run(0), lambda: run(1)])
    assert [len(owner.frames) for owner in owners] == [300, 300]


# -- waiting ----------------------------------------------------------------------------------------------------------


def test_wait_without_a_frame_is_false(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0])
    assert first.wait(0.0) is False
    assert first.wait(0.01) is False
    first.poll()


def test_bytes_of_an_unfinished_frame_are_progress(joined: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that leaps past the deadline at every look: only progress keeps `wait` going."""
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    first.send(1, data_frame(bytes(60000)))
    second._raw = memoryview(bytearray(1024))
    leaping = itertools.count(0.0, 1000.0)
    monkeypatch.setattr(tls, "monotonic", lambda: next(leaping))
    assert second.wait(1.0) is True
    assert owner.received_bytes == 60000


def test_polling_needs_no_events_to_find_what_came_with_the_handshake(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    first.send(1, data_frame(b"early"))
    stream = second._links[0].stream
    select.select([stream.sock], [], [], PATIENCE_SECONDS)
    assert stream.pull(second._raw)  # The encrypted bytes are now in memory, where no selector sees them.
    owner = attach(second, [0])
    second.poll()
    assert owner.payloads(0) == [b"early"]


# -- losses -----------------------------------------------------------------------------------------------------------


def test_what_came_before_a_loss_is_delivered_first(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    first.send(1, [part for text in (b"a", b"b") for part in data_frame(text)])
    first.close(0.0)
    with pytest.raises(TransportError, match=r"party 0 \(127\.0\.0\.1:\d+\) closed the connection") as caught:
        while True:
            assert second.wait(PATIENCE_SECONDS)
    assert caught.value.peer == 0
    assert owner.payloads(0) == [b"a", b"b"]
    with pytest.raises(TransportError, match="party 0"):
        second.poll()


def test_a_loss_in_the_middle_of_a_frame(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    first.send(1, [data_frame(bytes(100))[0], bytes(99)])
    first.close(0.0)
    with pytest.raises(TransportError, match="party 0"):
        second.wait(PATIENCE_SECONDS)
    assert owner.frames == []


def test_an_abort_wins_over_the_loss_that_follows_it(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0], Recorder(Kind.ABORT, PeerAborted("party 0 has aborted")))
    first.send(1, [control_frame(Kind.ABORT)])
    first.close(0.0)
    with pytest.raises(PeerAborted):
        second.wait(PATIENCE_SECONDS)


def test_an_abort_is_read_although_sending_to_its_author_fails(joined: Joined) -> None:
    """This party's data meets a closed socket: the reset must not hide what the peer said before."""
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0], Recorder(Kind.ABORT, PeerAborted("party 0 has aborted")))
    first.send(1, [control_frame(Kind.ABORT)])
    first.close(0.0)
    for _ in range(8):
        second.send(0, data_frame(bytes(1 << 20)))
    with pytest.raises(PeerAborted):
        while True:
            second.wait(PATIENCE_SECONDS)


def test_sending_to_a_peer_that_has_gone_is_not_an_error(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0])
    first._links[1].stream.close()
    first._selector.close()
    first._closed = True
    for _ in range(20):
        second.send(0, data_frame(bytes(1 << 20)))
    with pytest.raises(TransportError, match="party 0") as caught:
        second.wait(PATIENCE_SECONDS)
    assert caught.value.peer == 0


def test_a_key_encrypts_no_more_than_it_may(joined: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8446, section 5.5, is said before the bound is passed; the other direction, and an abort, still have room."""
    monkeypatch.setattr(tls, "KEY_BLOCKS", 200)
    first, second = joined(2)
    owner = attach(second, [0])
    attach(first, [1])
    first.send(1, data_frame(bytes(2000)))
    with pytest.raises(TransportError, match=r"party 1 has been sent about .* one key of AES-GCM") as caught:
        first.send(1, data_frame(bytes(2000)))
    assert caught.value.peer == 1
    second.send(0, data_frame(bytes(2000)))
    first.send(1, [control_frame(Kind.ABORT)])
    wait_for(second, lambda: len(owner.frames) == 2)
    assert [header.kind for _, header, _ in owner.frames] == [Kind.DATA, Kind.ABORT]
    assert len(owner.payloads(0)[0]) == 2000, "what came before the bound, and no part after it"


def test_the_bound_of_a_key_is_that_of_the_standard() -> None:
    assert int(2**24.5) * 1024 == tls.KEY_BLOCKS
    assert 380e9 < 16 * tls.KEY_BLOCKS < 390e9
    assert tls._blocks(RECORD_BYTES * 10) >= 10 * (1024 + 1), "a record takes a block for its tag"


def test_a_loss_names_the_party_and_not_another(joined: Joined) -> None:
    transports = joined(3)
    attach(transports[0], [1, 2])
    transports[2].close(0.0)
    with pytest.raises(TransportError, match="party 2") as caught:
        transports[0].wait(PATIENCE_SECONDS)
    assert caught.value.peer == 2


def test_after_bye_a_peer_may_go(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0])
    first.send(1, [control_frame(Kind.BYE)])
    closing = Running(lambda: first.close(PATIENCE_SECONDS))
    assert second.wait(PATIENCE_SECONDS) is True
    assert second.wait(PATIENCE_SECONDS) is False
    second.close(PATIENCE_SECONDS)
    closing.result()


def test_damaged_bytes_are_a_loss_that_says_so(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    first.send(1, data_frame(b"good"))
    first._links[1].stream.sock.send(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(TransportError, match=r"the connection to party 0 .* was lost: .*BAD_RECORD_MAC"):
        while True:
            assert second.wait(PATIENCE_SECONDS)
    assert owner.payloads(0) == [b"good"]


KILLED_PARTY = """
import sys, socket
from spdz.transport.parties_file import load_parties
from spdz.transport.tls.transport import connect_tls
from spdz.wire.frames import FrameReader
from tests.transport.support import attach, data_frame
transport = connect_tls(load_parties(sys.argv[1]), 1)
attach(transport, [0])
transport.send(0, data_frame(b"alive"))
transport.wait(60.0)
"""


def test_a_killed_process_is_a_lost_peer(tmp_path: Path) -> None:
    network = Network(tmp_path / "net", 2, connect_seconds=30.0)
    script = [sys.executable, "-c", KILLED_PARTY, str(network.folder / "party-1" / "parties.toml")]
    with subprocess.Popen(script, cwd=Path(__file__).parents[2]) as process:
        try:
            transport = network.connect(0)
            owner = attach(transport, [1])
            wait_for(transport, lambda: len(owner.frames) == 1)
            process.send_signal(signal.SIGKILL)
            with pytest.raises(TransportError, match="party 1") as caught:
                transport.wait(PATIENCE_SECONDS)
            assert caught.value.peer == 1
            transport.close(PATIENCE_SECONDS)
        finally:
            process.kill()
            network.close()


# -- ends -------------------------------------------------------------------------------------------------------------


def test_close_flushes_what_is_queued(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    payload = bytes(range(256)) * (32 << 12)
    first.send(1, [*data_frame(payload), control_frame(Kind.BYE)])
    closing = Running(lambda: first.close(PATIENCE_SECONDS))
    wait_for(second, lambda: len(owner.frames) == 2)
    assert owner.frames[0][2] == payload
    second.close(PATIENCE_SECONDS)
    closing.result()


def test_closing_with_unread_data_does_not_destroy_what_is_on_its_way(joined: Joined) -> None:
    """Both have sent much and read nothing; the one that closes first must not reset the connection."""
    first, second = joined(2)
    attach(first, [1])
    owner = attach(second, [0])
    payload = bytes(4 << 20)
    first.send(1, [*data_frame(payload), control_frame(Kind.BYE)])
    second.send(0, data_frame(payload))
    closing = Running(lambda: first.close(PATIENCE_SECONDS))
    wait_for(second, lambda: len(owner.frames) == 2)
    second.close(PATIENCE_SECONDS)
    closing.result()
    assert owner.received_bytes == len(payload)


def test_close_gives_up_on_a_peer_that_does_not_read(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0])
    first.send(1, data_frame(bytes(64 << 20)))
    first.close(0.05)


def test_close_twice_and_use_afterwards(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    attach(second, [0])
    together([lambda: first.close(PATIENCE_SECONDS), lambda: second.close(PATIENCE_SECONDS)])
    first.close(1.0)
    first.send(1, data_frame(b"nobody hears"))
    with pytest.raises(TransportError, match="has closed"):
        first.wait(1.0)


def test_close_before_attach(joined: Joined) -> None:
    first, second = joined(2)
    together([lambda: first.close(PATIENCE_SECONDS), lambda: second.close(PATIENCE_SECONDS)])


def test_readers_may_be_of_any_owner(joined: Joined) -> None:
    first, second = joined(2)
    attach(first, [1])
    owner = Recorder()
    reader = FrameReader(0, owner)
    second.attach({0: reader})
    first.send(1, [control_frame(Kind.BYE)])
    wait_for(second, lambda: reader.finished)
