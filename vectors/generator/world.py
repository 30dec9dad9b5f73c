"""A session seen from above: all endpoints at once, every message recorded, and a cheater's messages changed.

Protocol functions of this generator compute what every endpoint does, step by step. They call `Session.exchange` for
each exchange of messages, and `Session.fail` for an endpoint that refuses what it received. From then on that endpoint
is silent; the others go on until they wait for such a one, and hear of the abort. When all do, the session is over
(`OverError`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from vectors.generator.field import Field, NotCanonicalError
from vectors.generator.hashing import label, seeded, wire_id

HEADER = struct.Struct("<B4s16sIQ")
DATA, ABORT, BYE = 1, 2, 3

Sends = dict[tuple[int, int], bytes]
"""(sender, receiver): payload."""


class OverError(Exception):
    """Every honest endpoint has ended with an error."""


class Place:
    """A path and the counter of what is made in it (section 3)."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.count = 0

    def next(self, name: str) -> str:
        """The path of the next child or exchange."""
        self.count += 1
        return f"{self.path}/{self.count:06d}.{name}"

    def child(self, name: str) -> Place:
        """A place below this one."""
        return Place(self.next(name))


@dataclass
class Clock:
    """The causal depth of a task, which is the same at all endpoints."""

    depth: int = 0


@dataclass(frozen=True)
class Cheat:
    """Changes one message, or all copies of it: `change` gets the payload and returns what is sent instead.

    `step` and `occurrence` (the how-manieth exchange of that step, from 0) say which exchange, `receivers` to whom.
    """

    party: int
    step: str
    change: Callable[[bytes], bytes]
    receivers: tuple[int, ...] | None = None
    occurrence: int = 0


@dataclass
class Message:
    """One frame, and all endpoints that are sent it."""

    order: tuple[int, int, str, int]
    sender: int
    receivers: list[int]
    path: str
    round: int
    frame: bytes


@dataclass
class Outcome:
    """How an endpoint ended."""

    error: str | None = None
    step: str | None = None
    blamed: int | None = None
    result: dict[str, Any] = field(default_factory=dict)


class Session:
    """The endpoints of one session: parties 0 to n - 1, and the dealer n if there is one."""

    def __init__(
        self,
        field_: Field,
        parties: int,
        seed: bytes,
        session_id: bytes = b"",
        *,
        dealer: bool = False,
        cheats: Iterable[Cheat] = (),
    ) -> None:
        self.field = field_
        self.parties = range(parties)
        self.endpoints = range(parties + dealer)
        self.session_id = session_id
        self.randomness = [seeded(seed, endpoint) for endpoint in self.endpoints]
        self.mac_key = [0] * parties
        self.bit_key = [0] * parties
        self.cheats = tuple(cheats)
        self.corrupted = frozenset(cheat.party for cheat in self.cheats)
        self.messages: list[Message] = []
        self.outcomes = {endpoint: Outcome() for endpoint in self.endpoints if endpoint not in self.corrupted}
        self._failed: list[int] = []
        self.waiting: frozenset[int] = frozenset()
        """Who can do nothing more in the present task and will hear of the abort."""
        self.branching = False
        """Whether other tasks go on beside the present one."""
        self.waits: Callable[[int, str], None] | None = None
        """Called with round and path when a task waits for the messages of an exchange, where tasks take turns."""
        self._round = 0
        self._seen: dict[str, int] = {}

    def peers(self, party: int) -> list[int]:
        """The other parties, ascending; never the dealer."""
        return [peer for peer in self.parties if peer != party]

    def to_all(self, payloads: dict[int, bytes] | list[bytes]) -> Sends:
        """The same payload to every other party, for each sender."""
        items = payloads.items() if isinstance(payloads, dict) else enumerate(payloads)
        return {(sender, peer): payload for sender, payload in items for peer in self.peers(sender)}

    def draw(self, party: int, count: int) -> bytes:
        """Random bytes of an endpoint."""
        return self.randomness[party].read(count)

    def draw_elements(self, party: int, count: int) -> list[int]:
        """Uniform elements of a party's own."""
        return self.field.sample(self.randomness[party], count)

    # -- messages

    def exchange(self, clock: Clock, place: Place, step: str, sends: Sends) -> Sends:
        """One exchange; returns what is received, by (sender, receiver)."""
        path = place.next(step)
        clock.depth += 1
        self._round = clock.depth
        if self._failed:
            return self._last_moves(path, sends)
        number = self._seen.get(step, 0)
        self._seen[step] = number + 1
        received = {ends: self._changed(step, number, ends, payload) for ends, payload in sends.items()}
        self._record(path, received)
        if self.waits is not None:
            self.waits(clock.depth, path)
        return received

    def _changed(self, step: str, number: int, ends: tuple[int, int], payload: bytes) -> bytes:
        for cheat in self.cheats:
            aimed = cheat.receivers is None or ends[1] in cheat.receivers
            if (cheat.party, cheat.step, cheat.occurrence) == (ends[0], step, number) and aimed:
                payload = cheat.change(payload)
        return payload

    def _record(self, path: str, sends: Sends) -> None:
        step = path.rsplit("/", 1)[-1].split(".", 1)[1]
        frames: dict[tuple[int, bytes], list[int]] = {}
        for (sender, receiver), payload in sorted(sends.items()):
            header = HEADER.pack(DATA, wire_id(step), label(self.session_id, path), self._round, len(payload))
            frames.setdefault((sender, header + payload), []).append(receiver)
        for (sender, frame), receivers in frames.items():
            order = (self._round, 0, path, sender)
            self.messages.append(Message(order, sender, receivers, path, self._round, frame))

    def decode(self, sender: int, receiver: int, step: str, payload: bytes) -> list[int]:
        """The elements of a received payload; zeros if the receiver refuses it."""
        try:
            return self.field.decode(payload)
        except NotCanonicalError:
            self.fail(receiver, "MalformedMessage", step, sender)
            return [0] * (len(payload) // self.field.width)

    # -- the end

    def fail(self, party: int, error: str, step: str | None = None, blamed: int | None = None) -> None:
        """An endpoint ends with an error, its first; a corrupted one does what it likes and is left alone."""
        if party not in {*self.corrupted, *self._failed, *self.waiting}:
            self._failed.append(party)
            self.outcomes[party] = Outcome(error, step, blamed)

    @property
    def failed(self) -> bool:
        """Whether somebody has refused something."""
        return bool(self._failed)

    def _last_moves(self, path: str, sends: Sends) -> Sends:
        """Whoever has not failed goes on until it waits for one who has; then it hears of the abort."""
        going = [party for party in self.outcomes if party not in {*self._failed, *self.waiting}]
        self._record(path, {ends: payload for ends, payload in sends.items() if ends[0] in going})
        for party in going:
            # A dealer that has nothing to send waits for a request.
            silent = party == len(self.parties) and all(sender != party for sender, _ in sends)
            if silent or any(receiver == party and sender not in going for sender, receiver in sends):
                self.waiting |= {party}
        self.end_if_all_wait()
        return sends

    def end_if_all_wait(self) -> None:
        """Raise OverError if nobody can go on; not while other tasks have their turn yet."""
        if self._failed and not self.branching and len(self.waiting) + len(self._failed) == len(self.outcomes):
            self.settle()
            raise OverError

    def settle(self) -> None:
        """The end of what is recorded: those who failed say so, and those who waited for them as well."""
        if not self._failed:
            return
        self._tell(sorted(self._failed), 1)
        first = self.outcomes[min(self._failed)].step
        for party in self.waiting:
            self.outcomes[party] = Outcome("PeerAborted", first)
        self._tell(sorted(self.waiting), 2)

    def _tell(self, endpoints: Iterable[int], kind: int) -> None:
        for endpoint in endpoints:
            header = HEADER.pack(ABORT, wire_id(self.outcomes[endpoint].step or ""), bytes(16), 0, 0)
            others = [other for other in self.endpoints if other != endpoint]
            self.messages.append(Message((self._round, kind, "", endpoint), endpoint, others, "", 0, header))

    def say_goodbye(self, endpoint: int, order: int) -> None:
        """The last frame of an honest session."""
        others = [other for other in self.endpoints if other != endpoint]
        frame = HEADER.pack(BYE, bytes(4), bytes(16), 0, 0)
        self.messages.append(Message((self._round, order, "", endpoint), endpoint, others, "", 0, frame))

    def transcript(self) -> list[dict[str, Any]]:
        """All frames in the order in which they are delivered."""
        return [
            {"from": m.sender, "to": m.receivers, "path": m.path, "round": m.round, "frame": m.frame.hex()}
            for m in sorted(self.messages, key=lambda message: message.order)
        ]
