"""Transports of parties in a session with cheaters: what leaves is noted, and what corrupted parties send is changed.

Both sit between a party and its real transport, in memory or TLS, so that parties run the code of honest sessions.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from time import monotonic

from spdz.adversary.adversary import Adversary
from spdz.adversary.message import Message, parse
from spdz.adversary.quiescence import Quiescence
from spdz.runtime.transport import Parts, Transport
from spdz.wire.frames import FrameReader, Header, Kind

RUSH_SECONDS = 1.0
"""How long a rushing party holds a message for others that may not exist."""
LOOK_SECONDS = 0.02


class WatchedTransport:
    """Passes everything on unchanged and remembers what has left."""

    def __init__(
        self, party: int, inner: Transport, quiet: Quiescence, *, record: bool = False, patient: bool = False
    ) -> None:
        self.party = party
        self.closing = threading.Event()
        """Set when the party has nothing more to say."""
        self.closed_at: float | None = None
        self.sent: dict[str, int] = {}
        """Steps that have left, in order of the first message, and how many messages of each."""
        self.payloads: dict[tuple[str, int, int], list[bytes]] = defaultdict(list)
        self._inner = inner
        self._quiet = quiet
        self._record = record
        self._patient = patient

    @property
    def name(self) -> str:
        return self._inner.name

    def attach(self, readers: Mapping[int, FrameReader]) -> None:
        self._inner.attach({peer: FrameReader(peer, _Tap(self, reader)) for peer, reader in readers.items()})

    def send(self, peer: int, parts: Parts) -> None:
        """Pass the party's frames on as the adversary wants them; its own aborts are never sent."""
        for message in parse(self.party, peer, parts):
            self._note(message)
        self._quiet.moved()
        self._inner.send(peer, parts)

    def poll(self) -> None:
        self._inner.poll()

    def wait(self, timeout: float) -> bool:
        return self._quiet.wait(self.party, self._inner, timeout, patient=self._patient)

    def close(self, timeout: float) -> None:
        self._no_more()
        self._inner.close(timeout)

    def _no_more(self) -> None:
        self.closed_at = self.closed_at or monotonic()
        self.closing.set()

    def arrived(self, message: Message, reader: FrameReader) -> None:
        """A frame has come: hand it to the party's own reader."""
        with self._quiet.computing(self.party):
            reader.feed(*message.parts())

    def _note(self, message: Message) -> None:
        if message.step == "control":
            return
        self.sent[message.step] = self.sent.get(message.step, 0) + 1
        if self._record:
            self.payloads[(message.step, message.sender, message.receiver)].append(message.payload)


class TamperingTransport(WatchedTransport):
    """The transport of a corrupted party: everything that it sends goes by the adversary.

    It never says that it aborts, and keeps the line open until `hang_up`.
    """

    def __init__(self, party: int, inner: Transport, quiet: Quiescence, adversary: Adversary) -> None:
        super().__init__(party, inner, quiet, patient=True)
        self._adversary = adversary
        self._held: list[Message] = []
        self._held_since = 0.0
        self._inbox: list[tuple[Message, FrameReader]] = []

    def send(self, peer: int, parts: Parts) -> None:
        batch = [message for message in parse(self.party, peer, parts) if message.header.kind != Kind.ABORT]
        ready = []
        for message in batch:
            self._adversary.wants(message)
        for message in self._adversary.reordered(batch):
            if self._adversary.rushes(message):
                self._held_since = self._held_since if self._held else monotonic()
                self._held.append(message)
            else:
                ready += self._adversary.changed(message)
        self._forward(peer, ready)

    def wait(self, timeout: float) -> bool:
        """Hand one frame to the party, so that it sends what it has to say before it looks at the next."""
        deadline = monotonic() + timeout
        # The party has said all that it has to say for now, so the coalition knows what it wants to send to anybody.
        self._release()
        while not self._deliver_one():
            if (remaining := deadline - monotonic()) <= 0:
                return False
            if self._held:
                self._quiet.moved()
                arrived = self._inner.wait(min(LOOK_SECONDS, remaining))
                # What it waits for may also have come to another corrupted party.
                self._release(force=not arrived and monotonic() - self._held_since > RUSH_SECONDS)
            elif not super().wait(remaining):
                return False
        return True

    def arrived(self, message: Message, reader: FrameReader) -> None:
        self._adversary.saw(message)
        self._inbox.append((message, reader))

    def _deliver_one(self) -> bool:
        for place, (message, reader) in enumerate(self._inbox):
            shown = self._adversary.shown(message)
            if shown is not None:
                del self._inbox[place]
                reader.feed(*shown.parts())
                return True
        return False

    def close(self, timeout: float) -> None:
        """Stay connected: an honest party must notice by itself that somebody has cheated."""
        self._release(force=True)
        self._no_more()

    def hang_up(self, timeout: float) -> None:
        """Close the line, when the honest parties have ended."""
        self._inner.close(timeout)

    def _release(self, *, force: bool = False) -> None:
        held, self._held = self._held, []
        for message in held:
            if force or not self._adversary.holds(message):
                self._forward(message.receiver, self._adversary.changed(message))
            else:
                self._held.append(message)

    def _forward(self, peer: int, messages: list[Message]) -> None:
        for message in messages:
            self._note(message)
        parts = [part for message in messages for part in message.parts()]
        if parts:
            self._quiet.moved()
            self._inner.send(peer, parts)


class _Tap:
    """Owner of the frames that the inner transport reads: takes each whole, and gives it to the watched transport."""

    def __init__(self, transport: WatchedTransport, reader: FrameReader) -> None:
        self._transport = transport
        self._reader = reader

    def admit(self, peer: int, header: Header) -> memoryview:
        return memoryview(bytearray(header.length))

    def complete(self, peer: int, header: Header, payload: memoryview) -> None:
        message = Message(peer, self._transport.party, header, bytes(payload))
        self._transport.arrived(message, self._reader)
