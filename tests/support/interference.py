"""Builders of interference: what a corrupted party does to its messages, and the proof that it really did it.

A `Tampering` cheats once: at the first message that it fits, and at the messages of the same label to other receivers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from spdz.field import Field
from spdz.runtime.lockstep import Interference, Message

Change = Callable[[Message], Message]

POSITIONS = ("first", "middle", "last")


def position(name: int | str, count: int) -> int:
    """The index that "first", "middle" or "last" means among `count`."""
    if isinstance(name, int):
        return name
    return {"first": 0, "middle": count // 2, "last": count - 1}[name]


class Tampering:
    """Changes the messages of one step of one sender, once. `skip` leaves the first exchanges of the step alone."""

    def __init__(self, step: str, sender: int, change: Change, *, receiver: int | None = None, skip: int = 0) -> None:
        self._step = step
        self._sender = sender
        self._receiver = receiver
        self._change = change
        self._skip = skip
        self._labels: list[bytes] = []
        self.fired = 0
        """Messages that were really changed."""

    def __call__(self, messages: list[Message]) -> list[Message]:
        return [self._changed(message) if self._fits(message) else message for message in messages]

    def _fits(self, message: Message) -> bool:
        if message.step != self._step or message.sender != self._sender:
            return False
        if self._receiver is not None and message.receiver != self._receiver:
            return False
        if message.header.label not in self._labels:
            self._labels.append(message.header.label)
        return self._labels.index(message.header.label) == self._skip

    def _changed(self, message: Message) -> Message:
        before = (message.header, bytes(message.payload))
        after = self._change(message)
        self.fired += before != (after.header, bytes(after.payload))
        return after

    def assert_fired(self) -> None:
        """A test whose attack never happened shows nothing."""
        assert self.fired > 0, f"no message of step {self._step} of party {self._sender} was changed"


def add_to_element(
    step: str,
    sender: int,
    field: Field,
    *,
    index: int | str | Sequence[int] = "first",
    delta: int = 1,
    receiver: int | None = None,
    skip: int = 0,
) -> Tampering:
    """Add `delta` to one or several elements of a payload; it stays canonical."""

    def change(message: Message) -> Message:
        width = field.element_bytes
        count = len(message.payload) // width
        for place in [position(index, count)] if isinstance(index, int | str) else index:
            part = slice(place * width, (place + 1) * width)
            value = (int.from_bytes(message.payload[part], "little") + delta) % field.modulus
            message.payload[part] = value.to_bytes(width, "little")
        return message

    return Tampering(step, sender, change, receiver=receiver, skip=skip)


def flip_bytes(
    step: str, sender: int, offsets: Iterable[int | str], *, mask: int = 1, receiver: int | None = None, skip: int = 0
) -> Tampering:
    """XOR `mask` into the bytes at `offsets`."""
    places = list(offsets)

    def change(message: Message) -> Message:
        for place in places:
            message.payload[position(place, len(message.payload))] ^= mask
        return message

    return Tampering(step, sender, change, receiver=receiver, skip=skip)


def replace_payload(
    step: str, sender: int, payload: Callable[[bytes], bytes], *, receiver: int | None = None, skip: int = 0
) -> Tampering:
    """Send `payload(honest payload)`, of any length, instead."""

    def change(message: Message) -> Message:
        changed = bytearray(payload(bytes(message.payload)))
        return replace(message, header=replace(message.header, length=len(changed)), payload=changed)

    return Tampering(step, sender, change, receiver=receiver, skip=skip)


def equivocate(step: str, sender: int, receiver: int, *, offset: int | str = "first", skip: int = 0) -> Tampering:
    """Tell `receiver` something else than the others."""
    return flip_bytes(step, sender, [offset], receiver=receiver, skip=skip)


def silent(cheater: int, cheat: Interference) -> Interference:
    """`cheat`, and the cheater does not say so when its own copy of the honest code aborts."""

    def interfere(messages: list[Message]) -> list[Message]:
        return [message for message in cheat(messages) if not (message.sender == cheater and message.step == "control")]

    return interfere


class CopyFrom:
    """A rushing adversary that sends, at the given steps, what the victim has just sent to it."""

    def __init__(self, steps: Sequence[str], victim: int, cheater: int) -> None:
        self._missing = set(steps)
        self._steps = set(steps)
        self._victim = victim
        self._cheater = cheater

    def __call__(self, messages: list[Message]) -> list[Message]:
        seen = {
            message.header.label: message
            for message in messages
            if message.sender == self._victim and message.receiver == self._cheater and message.step in self._steps
        }
        for message in messages:
            if message.sender == self._cheater and message.header.label in seen:
                original = seen[message.header.label]
                assert original.payload != message.payload
                message.payload[:] = original.payload
                self._missing.discard(message.step)
        return messages

    def assert_fired(self) -> None:
        """Every step was copied."""
        assert not self._missing, f"nothing was copied at {self._missing}"


class Recorder:
    """Changes nothing and keeps the payloads of one step of one sender (those to its first peer)."""

    def __init__(self, step: str, sender: int) -> None:
        self._step = step
        self._sender = sender
        self.payloads: dict[bytes, bytes] = {}

    def __call__(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.step == self._step and message.sender == self._sender:
                self.payloads.setdefault(message.header.label, bytes(message.payload))
        return messages
