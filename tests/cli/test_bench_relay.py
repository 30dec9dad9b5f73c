"""The slow line of the benchmarks: when bytes arrive, that all of them do, and that nothing else changes.

When bytes arrive is asked of the line's own clock, which the test turns; nothing here waits for time to pass.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spdz.errors import UsageError
from spdz.measuring.relay import LARGEST_PIECE, SMALLEST_PIECE, Line, Relay, _Direction, slow_lines
from spdz.transport.initialise import initialise
from spdz.transport.parties_file import load_parties

from .processes import addresses


class Ends:
    """A direction between two pairs of sockets: what goes into `near` comes out of `far`."""

    def __init__(self, line: Line) -> None:
        self.near, source = socket.socketpair()
        sink, self.far = socket.socketpair()
        for sock in (source, sink, self.far):
            sock.setblocking(False)
        self.direction = _Direction(line, source, sink)
        self._sockets = (self.near, source, sink, self.far)

    def arrived(self, now: float) -> int:
        """How many bytes have come out at this moment."""
        if self.direction.due is not None:
            self.direction.write(now)
        try:
            return len(self.far.recv(1 << 20))
        except BlockingIOError:
            return 0

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    made = Ends(request.param)
    yield made
    made.close()


# -- when ------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [Line(round_trip_seconds=0.5)], indirect=True)
def test_a_byte_takes_half_a_round_trip(ends: Ends) -> None:
    ends.near.send(b"x")
    ends.direction.read(10.0)
    assert ends.direction.due == 10.25
    assert ends.arrived(10.2499) == 0
    assert ends.arrived(10.25) == 1


@pytest.mark.parametrize("ends", [Line(round_trip_seconds=2.0, bytes_per_second=1000)], indirect=True)
def test_a_piece_waits_for_the_one_before_it(ends: Ends) -> None:
    ends.near.send(bytes(500))
    ends.direction.read(0.0)
    assert ends.direction.due == 1.5  # half a second to send, one to travel
    ends.near.send(bytes(250))
    ends.direction.read(0.1)  # the line is busy until 0.5
    assert ends.arrived(1.4999) == 0
    assert ends.arrived(1.5) == 500
    assert ends.direction.due == 1.75
    ends.near.send(bytes(100))
    ends.direction.read(5.0)  # the line has been free for long
    assert ends.arrived(5.0) == 250
    assert ends.direction.due == 6.1


@pytest.mark.parametrize("ends", [Line(bytes_per_second=1e6)], indirect=True)
def test_the_rate_over_many_pieces(ends: Ends) -> None:
    total, moment = 0, 0.0
    for _ in range(100):
        ends.near.send(bytes(1000))
        ends.direction.read(moment)
        while (due := ends.direction.due) is not None:
            moment = due
            total += ends.arrived(moment)
    assert total == 100_000
    assert moment == pytest.approx(0.1)


@pytest.mark.parametrize("ends", [Line(round_trip_seconds=1.0)], indirect=True)
def test_the_end_of_a_stream_travels_like_a_byte(ends: Ends) -> None:
    ends.near.send(b"x")
    ends.near.shutdown(socket.SHUT_WR)
    ends.direction.read(0.0)
    ends.direction.read(0.25)
    assert not ends.direction.reading
    assert ends.arrived(0.5) == 1
    assert not ends.direction.finished
    ends.direction.write(0.75)
    assert ends.direction.finished
    assert ends.far.recv(1) == b""


@pytest.mark.parametrize("ends", [Line(bytes_per_second=1e9)], indirect=True)
def test_what_is_on_its_way_is_bounded(ends: Ends) -> None:
    while ends.direction.can_read:
        ends.near.send(bytes(10_000))
        ends.direction.read(0.0)
    assert ends.direction._held <= Line(bytes_per_second=1e9).held_bytes + 10_000


@pytest.mark.parametrize("ends", [Line()], indirect=True)
def test_a_full_sink_loses_nothing(ends: Ends) -> None:
    sent = got = 0
    while not ends.direction.blocked:
        ends.near.send(bytes(4096))
        sent += 4096
        ends.direction.read(0.0)
        if ends.direction.due is not None:
            ends.direction.write(0.0)
    assert ends.direction.due is None
    while got < sent:
        ends.direction.blocked = False
        got += ends.arrived(0.0)
    assert got == sent


def test_pieces_are_half_a_millisecond_of_the_line() -> None:
    assert Line().piece_bytes == LARGEST_PIECE
    assert Line(bytes_per_second=12.5e6).piece_bytes == 6250
    assert Line(bytes_per_second=1000).piece_bytes == SMALLEST_PIECE
    assert Line(bytes_per_second=1e12).piece_bytes == LARGEST_PIECE


@pytest.mark.parametrize(("seconds", "rate"), [(-1, 0), (11, 0), (float("nan"), 0), (0, -1), (0, 10), (0, 1e13)])
def test_a_line_that_cannot_be(seconds: float, rate: float) -> None:
    with pytest.raises(UsageError, match=r"a round trip takes|a line carries"):
        Line(seconds, rate)


# -- the relay ------------------------------------------------------------------------------


def _echo(listener: socket.socket) -> None:
    with listener.accept()[0] as sock:
        while data := sock.recv(1 << 16):
            sock.sendall(data)


@pytest.mark.parametrize("line", [Line(), Line(round_trip_seconds=0.002, bytes_per_second=50e6)])
def test_everything_arrives_in_order(line: Line) -> None:
    message = b"".join(number.to_bytes(4, "little") for number in range(100_000))
    with socket.create_server(("127.0.0.1", 0)) as listener, Relay(line, [listener.getsockname()]) as relay:
        server = threading.Thread(target=_echo, args=(listener,))
        server.start()
        with socket.create_connection(("127.0.0.1", relay.ports[0])) as sock:
            writer = threading.Thread(target=lambda: (sock.sendall(message), sock.shutdown(socket.SHUT_WR)))
            writer.start()
            received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
            writer.join()
        server.join()
    assert received == message


def test_a_target_that_is_not_there_yet_is_waited_for() -> None:
    port = int(addresses(1)[0].rpartition(":")[2])
    with Relay(Line(), [("127.0.0.1", port)]) as relay, socket.create_connection(("127.0.0.1", relay.ports[0])) as sock:
        sock.sendall(b"hello")
        with socket.create_server(("127.0.0.1", port)) as listener, listener.accept()[0] as far:
            assert far.recv(5) == b"hello"


def test_everyone_finds_the_others_behind_the_relay(tmp_path: Path) -> None:
    own = addresses(4)
    folders = initialise(tmp_path / "group", own[:3], own[3])
    with slow_lines(Line(), folders):
        seen = [
            [endpoint.address for endpoint in load_parties(folder / "parties.toml").endpoints] for folder in folders
        ]
    for index, row in enumerate(seen):
        assert [address == own[place] for place, address in enumerate(row)] == [place == index for place in range(4)]
    for place in range(4):
        assert len({row[place] for index, row in enumerate(seen) if index != place}) == 1
