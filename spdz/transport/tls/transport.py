"""The network of one party: a TLS 1.3 connection to every peer, in one thread.

Sending and receiving take turns on non-blocking sockets, so two parties that both write a gigabyte first do not block
each other. Small parts travel together in one TLS record; large payloads are encrypted from and decrypted into the
caller's own memory. `tls_connect` sets the connections up.

Keys are not changed during a connection: Python offers no key update of TLS 1.3. So what is sent to one peer in one
session ends at the bound of RFC 8446, section 5.5 for AES-GCM, about 380 GB, with an error.
"""

from __future__ import annotations

import selectors
import socket
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic

from spdz.errors import TransportError
from spdz.runtime.transport import Parts
from spdz.transport.parties_file import Endpoint, PartiesFile
from spdz.transport.patience import Patience
from spdz.transport.tls.connect import establish
from spdz.transport.tls.stream import RECORD_BYTES, TlsStream
from spdz.wire.frames import FrameReader

RECEIVE_BYTES = 1 << 18
"""Taken from the operating system in one call; stays in the second-level cache."""

SEND_BYTES = 1 << 17
"""Encrypted at once, for the same reason."""

DIRECT_BYTES = 4096
"""A payload with this much outstanding is decrypted in place; anything smaller goes through one buffer per record."""

TURN_BYTES = 1 << 20
"""How much is sent to one peer before the others, and receiving, get their turn."""

KEY_BLOCKS = int(2**24.5) * RECORD_BYTES // 16
"""Blocks of 16 bytes that one key may encrypt: those of 2^24.5 full records [RFC 8446, section 5.5]."""

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class _Link:
    """What a transport keeps for one peer."""

    __slots__ = ("blocks", "endpoint", "fault", "mask", "queue", "readable", "reader", "stream", "writable")

    def __init__(self, endpoint: Endpoint, stream: TlsStream) -> None:
        self.endpoint = endpoint
        self.stream = stream
        self.blocks = 0
        """What the key of this direction has encrypted, or will when the queue is empty."""
        self.reader: FrameReader | None = None
        self.queue: deque[memoryview] = deque()
        self.mask = 0
        """The events it is registered for."""
        self.readable = True
        self.writable = True
        self.fault: str | None = None
        """Why nothing more comes from this peer although it had not finished."""

    def next_chunk(self) -> bytes | memoryview | None:
        """What to encrypt next: a slice of a large part as it is, or small parts up to a record in one piece."""
        queue = self.queue
        if not queue:
            return None
        first = queue[0]
        if first.nbytes >= RECORD_BYTES:
            if first.nbytes <= SEND_BYTES:
                return queue.popleft()
            queue[0] = first[SEND_BYTES:]
            return first[:SEND_BYTES]
        queue.popleft()
        if not queue:
            return first
        gathered, size = [first], first.nbytes
        while queue and size + queue[0].nbytes <= RECORD_BYTES:
            part = queue.popleft()
            gathered.append(part)
            size += part.nbytes
        return b"".join(gathered)


def connect_tls(
    config: PartiesFile,
    me: int,
    *,
    listener: socket.socket | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> TlsTransport:
    """Connect party `me` to everybody else of the parties file, within `config.connect_seconds`.

    `listener` is a listening socket to use, and to close, instead of one for the party's own address. `on_progress`
    is given a line of text whenever something happens. Raises TransportError that names who is missing and why, at
    once when a certificate is wrong; UsageError when this party's own key cannot be used.
    """
    return TlsTransport(establish(config, me, listener, on_progress))


class TlsTransport:
    """One party's connections. It satisfies `spdz.runtime.transport.Transport` and is used by one thread."""

    def __init__(self, streams: Mapping[int, tuple[Endpoint, TlsStream]]) -> None:
        self._links = {peer: _Link(endpoint, stream) for peer, (endpoint, stream) in streams.items()}
        self._selector = selectors.DefaultSelector()
        self._patience = Patience(self._selector)
        self._raw = memoryview(bytearray(RECEIVE_BYTES))
        self._plain = memoryview(bytearray(RECORD_BYTES))
        self._started = False
        self._closed = False
        for link in self._links.values():
            self._watch(link)

    @property
    def name(self) -> str:
        """What a user sees."""
        return "TLS 1.3"

    @property
    def peers(self) -> tuple[Endpoint, ...]:
        """Who is at the other ends, in the order of the index."""
        return tuple(self._links[peer].endpoint for peer in sorted(self._links))

    def attach(self, readers: Mapping[int, FrameReader]) -> None:
        """Give each peer's reader, once, before anything else."""
        for peer, link in self._links.items():
            link.reader = readers[peer]

    def send(self, peer: int, parts: Parts) -> None:
        """Queue bytes for `peer`, and write what the socket takes at once unless others wait before them.

        Raises TransportError, and sends none of it, if the key of the connection would encrypt more than it may.
        """
        link = self._links[peer]
        if not link.writable:
            return
        idle = not link.queue and not link.mask & _WRITE
        views = [view for view in map(_as_bytes, parts) if view.nbytes]
        blocks = link.blocks + _blocks(sum(view.nbytes for view in views))
        if blocks > KEY_BLOCKS:
            raise TransportError(
                f"{link.endpoint.name} has been sent about {KEY_BLOCKS * 16 // 10**9} GB in this session, as much as "
                "one key of AES-GCM may encrypt (RFC 8446, section 5.5); go on in a new session",
                peer=peer,
            )
        link.blocks = blocks
        link.queue.extend(views)
        if idle:
            self._flush(link)

    def poll(self) -> None:
        """Move what can be moved without waiting. Raises TransportError when a peer is lost."""
        before = self._frames()
        self._turn(0)
        if self._frames() == before:
            self._raise_lost()

    def wait(self, timeout: float) -> bool:
        """Move bytes until some reader has completed a frame; False after `timeout` seconds without progress.

        Progress is any byte to or from any peer: a payload that takes longer than `timeout` on a slow line is none the
        worse for it. A peer that trickles bytes can therefore hold this party up, as it can by any other delay.

        A lost peer is reported after everything that had arrived before was given to the readers, and only when this
        call has completed no frame: what a peer said last (that it aborts, for example) goes before its leaving.
        Returns False at once when every peer has finished and closed, as nothing can come.
        """
        before = self._frames()
        moved = self._moved()
        deadline = monotonic() + timeout
        while True:
            lost = any(link.fault is not None for link in self._links.values())
            remaining = 0.0 if lost else deadline - monotonic()
            self._turn(max(0.0, remaining))
            if self._frames() != before:
                return True
            self._raise_lost()
            if not any(link.readable for link in self._links.values()):
                return False
            now_moved = self._moved()
            if now_moved != moved:
                moved = now_moved
                deadline = monotonic() + timeout
            elif remaining <= 0:
                return False

    def close(self, timeout: float) -> None:
        """Flush what is queued, say that nothing follows, and wait for the peers to do the same; then close.

        Closing a socket with unread data in it makes the operating system reset the connection, which destroys data
        on its way to the peer. So what still comes is read (and dropped) until each peer's end, for at most `timeout`
        seconds. Never raises for the state of the network.
        """
        if self._closed:
            return
        self._closed = True
        deadline = monotonic() + timeout
        pending = dict.fromkeys(self._links.values(), False)
        try:
            while True:
                for link, finished in pending.items():
                    if not finished and link.writable and not link.mask & _WRITE and not link.queue:
                        pending[link] = self._finish(link)
                open_links = [link for link in pending if link.mask]
                remaining = deadline - monotonic()
                if not open_links or remaining <= 0:
                    return
                for key, events in self._selector.select(remaining):
                    if events & _READ:
                        self._discard(key.data)
                    if events & _WRITE:
                        self._flush(key.data)
        finally:
            for link in self._links.values():
                link.queue.clear()
                link.writable = False
                link.stream.close()
            self._selector.close()

    # -- one turn -----------------------------------------------------------------------------------------------

    def _turn(self, timeout: float) -> None:
        """Wait for events and serve each once."""
        if self._closed:
            raise TransportError("this party has closed its connections")
        if not self._started:
            # A fast peer's first frames may have come along with the end of the handshake.
            self._started = True
            for link in self._links.values():
                self._receive(link, pull=False)
            timeout = 0.0
        for key, events in self._patience.events(timeout):
            if events & _READ:
                self._receive(key.data)
            if events & _WRITE:
                self._flush(key.data)

    def _receive(self, link: _Link, *, pull: bool = True) -> None:
        if not pull or self._attempt(link, link.stream.pull, self._raw):
            self._deliver(link)

    def _attempt(self, link: _Link, read: Callable[[memoryview], int], target: memoryview) -> int:
        """One read from the line: how much came, or 0 when nothing more comes, which is noted.

        Only reading is in here. An OSError of a reader, that is of the protocol or of a user's program, is no loss of
        the line and passes through.
        """
        try:
            return read(target)
        except EOFError:
            self._ended(link, f"{link.endpoint} closed the connection before the session had ended")
        except OSError as error:
            cause = error.strerror or type(error).__name__
            self._ended(link, f"the connection to {link.endpoint} was lost: {cause}")
        return 0

    def _deliver(self, link: _Link) -> None:
        """Decrypt all that has arrived from one peer and hand it to its reader, whose exceptions pass through."""
        reader, plain = link.reader, self._plain
        if reader is None:
            return
        while True:
            target = reader.buffer()
            if target.nbytes >= DIRECT_BYTES:
                count = self._attempt(link, link.stream.read_into, target)
                if not count:
                    return
                reader.advance(count)
                continue
            count = self._attempt(link, link.stream.read_into, plain)
            if not count:
                return
            reader.feed(plain[:count])

    def _flush(self, link: _Link) -> None:
        """Encrypt and send until the queue is empty, the socket is full, or the turn is over."""
        stream = link.stream
        limit = stream.sent_bytes + TURN_BYTES
        try:
            done = stream.push()
            while done and stream.sent_bytes < limit:
                chunk = link.next_chunk()
                if chunk is None:
                    break
                stream.write(chunk)
                done = stream.push()
        except OSError:
            # The peer is gone. What it sent before is still to be read; reading then finds the end and reports it.
            link.writable = False
            link.queue.clear()
            done = True
        self._watch(link, write=not done or bool(link.queue))

    def _watch(self, link: _Link, *, write: bool = False) -> None:
        """Register a link for the events it needs."""
        mask = (_READ if link.readable else 0) | (_WRITE if write and link.writable else 0)
        if mask == link.mask:
            return
        if not link.mask:
            self._selector.register(link.stream.sock, mask, link)
        elif not mask:
            self._selector.unregister(link.stream.sock)
        else:
            self._selector.modify(link.stream.sock, mask, link)
        link.mask = mask

    # -- ends ---------------------------------------------------------------------------------------------------

    def _ended(self, link: _Link, fault: str) -> None:
        """Nothing more comes from this peer; that is a fault unless it had said that it has finished."""
        link.readable = False
        if link.reader is None or not link.reader.finished:
            link.fault = fault
            link.writable = False
            link.queue.clear()
        self._watch(link, write=bool(link.mask & _WRITE))

    def _raise_lost(self) -> None:
        for peer, link in self._links.items():
            if link.fault is not None:
                raise TransportError(f"{link.fault}; the reason is in that party's log, if it has one", peer=peer)

    def _finish(self, link: _Link) -> bool:
        """Send the end of this direction; True when that is done or cannot be done."""
        try:
            if link.stream.finish():
                return True
        except OSError:
            link.writable = False
            return True
        self._watch(link, write=True)
        return False

    def _discard(self, link: _Link) -> None:
        try:
            link.stream.discard(self._raw)
        except (OSError, EOFError):
            link.readable = False
            self._watch(link, write=bool(link.mask & _WRITE))

    # -- counters -----------------------------------------------------------------------------------------------

    def _frames(self) -> int:
        return sum(link.reader.frames_read for link in self._links.values() if link.reader is not None)

    def _moved(self) -> int:
        return sum(link.stream.received_bytes + link.stream.sent_bytes for link in self._links.values())


def _as_bytes(part: bytes | memoryview) -> memoryview:
    view = memoryview(part)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def _blocks(size: int) -> int:
    """Blocks of AES that encrypting a message takes; a record takes one more for its tag, and may end half full."""
    return -(-size // 16) + 2 * (size // RECORD_BYTES + 1)
