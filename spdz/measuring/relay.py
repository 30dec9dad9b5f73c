"""A slow line for measurements: a TCP relay that delays and limits what passes through it.

It stands between local processes that talk over loopback. TLS goes through it from end to end; it sees and changes
nothing. Each direction of each connection is a line of its own: a byte leaves it when the bytes before it have been
sent at the rate of the line, and arrives half a round trip later. TCP's own slow start and losses are not imitated.
"""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from spdz.errors import UsageError
from spdz.transport.initialise import PARTIES_FILE
from spdz.transport.parties_file import Endpoint, label_of_addresses, load_parties, write_parties

LARGEST_PIECE, SMALLEST_PIECE = 1 << 18, 1500
PIECE_SECONDS = 0.5e-3
"""A piece takes the line about this long, within the two bounds: what the relay's time is exact to."""
HELD_BYTES = 1 << 26
"""What one direction holds at most before it stops reading; with a rate, enough to keep the line busy."""
RETRY_SECONDS = 0.02
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Line:
    """A line: `bytes_per_second` 0 is as fast as this machine."""

    round_trip_seconds: float = 0.0
    bytes_per_second: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.round_trip_seconds <= 10:
            raise UsageError(f"a round trip takes 0 to 10 seconds, got {self.round_trip_seconds}")
        if self.bytes_per_second != 0 and not 1000 <= self.bytes_per_second <= 1e12:
            raise UsageError(f"a line carries at least 8 kbit per second, got {8 * self.bytes_per_second}")

    @property
    def piece_bytes(self) -> int:
        """How much is read at once."""
        if not self.bytes_per_second:
            return LARGEST_PIECE
        return max(SMALLEST_PIECE, min(LARGEST_PIECE, int(self.bytes_per_second * PIECE_SECONDS)))

    @property
    def held_bytes(self) -> int:
        """How much may be on its way."""
        if not self.bytes_per_second:
            return HELD_BYTES
        return min(HELD_BYTES, (1 << 18) + int(self.bytes_per_second * self.round_trip_seconds))


class _Direction:
    """Bytes from one socket to another, each piece with the moment at which it arrives."""

    def __init__(self, line: Line, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self._line = line
        self._pieces: deque[tuple[float, memoryview]] = deque()
        self._held = 0
        self._line_free = 0.0
        self.blocked = False
        """The sink took no more at the last attempt."""
        self.reading = True
        self.finished = False

    @property
    def can_read(self) -> bool:
        return self.reading and self._held < self._line.held_bytes

    @property
    def due(self) -> float | None:
        """When there is something to write; None while nothing is on its way, or the sink takes no more."""
        return None if self.blocked or not self._pieces else self._pieces[0][0]

    def read(self, now: float) -> None:
        with suppress(BlockingIOError):
            data = self.source.recv(self._line.piece_bytes)
            self._line_free = max(now, self._line_free)
            if self._line.bytes_per_second:
                self._line_free += len(data) / self._line.bytes_per_second
            # The end of the stream, an empty piece, takes as long as everything else.
            self._pieces.append((self._line_free + self._line.round_trip_seconds / 2, memoryview(data)))
            self._held += len(data)
            self.reading = bool(data)

    def write(self, now: float) -> None:
        self.blocked = False
        while self._pieces and self._pieces[0][0] <= now:
            moment, piece = self._pieces.popleft()
            if not piece:
                self.sink.shutdown(socket.SHUT_WR)
                self.finished = True
                return
            try:
                sent = self.sink.send(piece)
            except BlockingIOError:
                sent = 0
            self._held -= sent
            if sent < len(piece):
                self._pieces.appendleft((moment, piece[sent:]))
                self.blocked = True
                return


class Relay:
    """Forwards connections to each of `targets` from a port of its own, while used as a context manager."""

    def __init__(self, line: Line, targets: Sequence[tuple[str, int]]) -> None:
        self._line = line
        self._listeners = {socket.create_server(("127.0.0.1", 0)): target for target in targets}
        self.ports = [listener.getsockname()[1] for listener in self._listeners]
        """The relay's own ports, in the order of the targets."""
        self._waiting: deque[tuple[float, socket.socket, tuple[str, int]]] = deque()
        self._connections: list[tuple[_Direction, _Direction]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
        for connection in list(self._connections):
            self._drop(connection)
        for sock in (*self._listeners, *(waiting for _, waiting, _ in self._waiting)):
            sock.close()

    def _run(self) -> None:
        while not self._over.is_set():
            now = monotonic()
            self._connect(now)
            for connection in list(self._connections):
                self._serve(connection, now)
            directions = [one for connection in self._connections for one in connection]
            moments = [one.due for one in directions if one.due is not None]
            moments += [moment for moment, _, _ in self._waiting]
            # select() keeps microseconds; epoll would round half a millisecond up to a whole one.
            readable, writable, _ = select.select(
                [*self._listeners, *(one.source for one in directions if one.can_read)],
                [one.sink for one in directions if one.blocked],
                [],
                min(LOOK_SECONDS, max(0.0, min(moments, default=now + LOOK_SECONDS) - monotonic())),
            )
            self._move(set(readable), set(writable))

    def _move(self, readable: set[socket.socket], writable: set[socket.socket]) -> None:
        now = monotonic()
        for connection in list(self._connections):
            try:
                for one in connection:
                    if one.source in readable and one.can_read:
                        one.read(now)
                    if one.sink in writable:
                        one.blocked = False
            except OSError:
                self._drop(connection)
        for listener in readable & self._listeners.keys():
            self._waiting.append((now, listener.accept()[0], self._listeners[listener]))

    def _serve(self, connection: tuple[_Direction, _Direction], now: float) -> None:
        try:
            for one in connection:
                if one.due is not None:
                    one.write(now)
        except OSError:
            self._drop(connection)
            return
        if all(one.finished for one in connection):
            self._drop(connection)

    def _connect(self, now: float) -> None:
        """Connect what has been accepted; a target that does not listen yet is tried again."""
        for _ in range(len(self._waiting)):
            moment, near, target = self._waiting.popleft()
            if moment > now:
                self._waiting.append((moment, near, target))
                continue
            try:
                far = socket.create_connection(target)
            except OSError:
                self._waiting.append((now + RETRY_SECONDS, near, target))
                continue
            for sock in (near, far):
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append((_Direction(self._line, near, far), _Direction(self._line, far, near)))

    def _drop(self, connection: tuple[_Direction, _Direction]) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        for one in connection:
            one.source.close()


@contextmanager
def slow_lines(line: Line, folders: Sequence[Path]) -> Iterator[None]:
    """Put such a line between any two of the endpoints whose folders `initialise` has written."""
    config = load_parties(folders[0] / PARTIES_FILE)
    with Relay(line, [(endpoint.host, endpoint.port) for endpoint in config.endpoints]) as relay:
        for own, folder in enumerate(folders):
            mine = load_parties(folder / PARTIES_FILE)

            def moved(endpoint: Endpoint, own: int = own) -> Endpoint:
                """Everyone listens where it did, and finds the others behind the relay."""
                return endpoint if endpoint.index == own else replace(endpoint, port=relay.ports[endpoint.index])

            dealer = None if mine.dealer is None else moved(mine.dealer)
            label = config.session or label_of_addresses(config.endpoints)
            changed = replace(mine, parties=tuple(map(moved, mine.parties)), dealer=dealer, session=label)
            write_parties(folder / PARTIES_FILE, changed)
        yield
