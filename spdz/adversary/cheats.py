"""What a cheat is, and the cheats that change messages: bytes, values, equivocation, rushing, silence.

A cheat names a registered step and who commits it. It happens once, at the first exchange of the step (or, with `skip`,
at a later one), towards everyone or towards `to`. The corrupted party runs the honest code otherwise, says nothing when
that code finds the cheat, and keeps its connections open: it is up to the honest parties to find out.
"""

from __future__ import annotations

import dataclasses
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

from spdz.adversary.message import Message
from spdz.errors import UsageError
from spdz.field import Field
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.party import Party
from spdz.wire.frames import LABEL_BYTES, Kind

Place = int | Literal["first", "middle", "last"]
Recording = Mapping[tuple[str, int, int], list[bytes]]
"""(step, sender, receiver) -> payloads in the order in which they were sent, in an honest session."""


@dataclass
class View:
    """What the coalition knows when a message of its own is about to leave."""

    field: Field
    honest: Mapping[int, Message]
    """Messages of this exchange that honest parties have sent to the sender, by party."""
    earlier: list[Message] = dataclasses.field(default_factory=list)
    """What the sender has sent to this receiver before."""
    recording: Recording = dataclasses.field(default_factory=dict)
    occurrence: int = 0
    """How many exchanges of this step there were before."""
    receiver: int = -1
    """Who will get the message that is about to leave."""
    heard: Mapping[tuple[int, int], Message] = dataclasses.field(default_factory=dict)
    """All messages of this exchange that have reached corrupted parties, whoever sent them, by (sender, receiver)."""
    coalition: Mapping[tuple[int, int], Message] = dataclasses.field(default_factory=dict)
    """What the code of all corrupted parties wants to send in this exchange, as far as it has got there."""


@dataclass(frozen=True)
class Cheat(ABC):
    """Something that a corrupted party does.

    step    registered name of the step
    by      index of the corrupted party
    to      the only receiver that is cheated; everyone if None
    skip    how many exchanges of the step are left alone
    every   cheat at all exchanges of the step after those, not only at the first
    """

    step: str
    _: KW_ONLY
    by: int
    to: int | None = None
    skip: int = 0
    every: bool = False

    rushing: ClassVar[bool] = False
    """Whether the message is held until the honest messages of its exchange have arrived."""
    lasting: ClassVar[bool] = False
    """Whether the cheat goes on, at every step, once it has begun."""
    replaces_context: ClassVar[bool] = False
    """Whether it runs the party's protocols in a context of its own; a party has one context only."""

    @abstractmethod
    def change(self, message: Message, view: View) -> list[Message]:
        """What leaves instead of `message`."""

    def install(self, party: Party, source: MaterialSource, fired: Callable[[], None]) -> MaterialSource:
        """Change the code that the corrupted party runs. Returns its maker of material."""
        return source

    def foresee(self, maker: MaterialSource) -> bool | None:
        """For a guess at one bit: whether it is right, read by the harness from the victim's maker of material.

        None if nothing can be foreseen. The cheater does not see this.
        """
        return None


def position(place: Place, count: int) -> int:
    """The index that "first", "middle" or "last" means among `count`."""
    index = {"first": 0, "middle": count // 2, "last": count - 1}[place] if isinstance(place, str) else place
    if not 0 <= index < count:
        raise UsageError(f"there is no element {place}: the message has {count}")
    return index


# -- bytes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flip(Cheat):
    """XOR `mask` into one byte of the payload."""

    at: Place = "first"
    mask: int = 1

    def change(self, message: Message, view: View) -> list[Message]:
        data = bytearray(message.payload)
        data[position(self.at, len(data))] ^= self.mask
        return [message.with_payload(bytes(data))]


@dataclass(frozen=True)
class Truncate(Cheat):
    """Leave out the last `count` bytes; the header says so."""

    count: int = 1

    def change(self, message: Message, view: View) -> list[Message]:
        return [message.with_payload(message.payload[: -self.count])]


@dataclass(frozen=True)
class Extend(Cheat):
    """Add `count` zero bytes; the header says so."""

    count: int = 1

    def change(self, message: Message, view: View) -> list[Message]:
        return [message.with_payload(message.payload + bytes(self.count))]


@dataclass(frozen=True)
class Drop(Cheat):
    """Do not send the message."""

    def change(self, message: Message, view: View) -> list[Message]:
        return []


@dataclass(frozen=True)
class Duplicate(Cheat):
    """Send the message twice."""

    def change(self, message: Message, view: View) -> list[Message]:
        return [message, message]


@dataclass(frozen=True)
class SwapLabels(Cheat):
    """Send the message under the label of the one before it (a made-up one for the first), and that one under this."""

    def change(self, message: Message, view: View) -> list[Message]:
        if not view.earlier:
            return [message.with_label(bytes(byte ^ 1 for byte in message.header.label))]
        before = view.earlier[-1]
        return [before.with_label(message.header.label), message.with_label(before.header.label)]


@dataclass(frozen=True)
class Reorder(Cheat):
    """Send the message last among those that leave together (first, if it is the last)."""

    def change(self, message: Message, view: View) -> list[Message]:
        return [message]


@dataclass(frozen=True)
class Replay(Cheat):
    """Send an old payload of the step: from another session, or from an earlier exchange of this one."""

    session: Literal["other", "this"] = "other"

    def change(self, message: Message, view: View) -> list[Message]:
        if self.session == "other":
            old = view.recording.get((self.step, message.sender, message.receiver), [])[view.occurrence :][:1]
        else:
            old = [earlier.payload for earlier in view.earlier if earlier.step == self.step][-1:]
        return [message.with_payload(old[0])] if old else [message]


@dataclass(frozen=True)
class ReplayFrame(Cheat):
    """Before the message, send the last one of its step once more as it was, with its old label and round."""

    def change(self, message: Message, view: View) -> list[Message]:
        old = [earlier for earlier in view.earlier if earlier.step == self.step][-1:]
        return [*old, message]


@dataclass(frozen=True)
class SayGoodbye(Cheat):
    """Send a frame that ends the session instead of the message, or `after` it: BYE, or with `abort` ABORT."""

    abort: bool = False
    after: bool = False

    def change(self, message: Message, view: View) -> list[Message]:
        kind = Kind.ABORT if self.abort else Kind.BYE
        header = dataclasses.replace(message.header, kind=kind, length=0, label=bytes(LABEL_BYTES), round=0)
        control = dataclasses.replace(message, header=header, payload=b"")
        return [message, control] if self.after else [control]


@dataclass(frozen=True)
class Silence(Cheat):
    """From this step on, send nothing to anybody (or nothing to `to`)."""

    lasting: ClassVar[bool] = True

    def change(self, message: Message, view: View) -> list[Message]:
        return []


# -- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AddTo(Cheat):
    """Add `delta` to one element; the payload stays canonical, so that only a cryptographic check can find it.

    Of packed bits the lowest one of a byte is flipped: there is always one.
    """

    element: Place = "first"
    delta: int | Literal["random"] = 1

    def change(self, message: Message, view: View) -> list[Message]:
        if message.bits:
            return Flip(self.step, self.element, 1, by=self.by).change(message, view)
        return [add_to_element(message, view.field, self.element, self.delta)]


@dataclass(frozen=True)
class Equivocate(Cheat):
    """Tell every receiver something else: one more than its index is added; where there are no elements, to a byte."""

    element: Place = "first"

    def change(self, message: Message, view: View) -> list[Message]:
        delta = message.receiver + 1
        if message.elements:
            return [add_to_element(message, view.field, self.element, delta)]
        data = bytearray(message.payload)
        data[position(self.element, len(data))] ^= delta
        return [message.with_payload(bytes(data))]


def add_to_element(message: Message, field: Field, place: Place, delta: int | Literal["random"]) -> Message:
    """`message` with `delta` added to one element. Raises UsageError where the payload is not field elements."""
    if not message.elements:
        raise UsageError(f"the messages of step {message.step} are bytes, not field elements: use Flip")
    width = field.element_bytes
    index = position(place, len(message.payload) // width)
    part = slice(index * width, (index + 1) * width)
    added = _random_nonzero(field) if delta == "random" else delta
    value = (int.from_bytes(message.payload[part], "little") + added) % field.modulus
    data = bytearray(message.payload)
    data[part] = value.to_bytes(width, "little")
    return message.with_payload(bytes(data))


def _random_nonzero(field: Field) -> int:
    return 1 + secrets.randbelow(field.modulus - 1)


# -- rushing ----------------------------------------------------------------------------------------------------------

Choose = Callable[[bytes, Mapping[int, bytes], View], bytes]
"""(own honest payload, the honest parties' payloads of the same exchange by party, all that the coalition knows, and
who will receive it) -> what to send."""


@dataclass(frozen=True)
class Rush(Cheat):
    """See the honest messages of the exchange first, then send what `choose(own, honest, view)` says.

    It is asked once for each receiver, `view.receiver`; `view.heard` and `view.coalition` are what all corrupted
    parties have received and want to send.
    """

    choose: Choose

    rushing: ClassVar[bool] = True

    def change(self, message: Message, view: View) -> list[Message]:
        if not view.honest:
            return [message]
        honest = {party: seen.payload for party, seen in sorted(view.honest.items())}
        chosen = self.choose(message.payload, honest, view)
        if not isinstance(chosen, bytes | bytearray):
            raise UsageError(f"choose must return the bytes to send, got {type(chosen).__name__}")
        return [message.with_payload(bytes(chosen))]


@dataclass(frozen=True)
class CopyHonest(Cheat):
    """See the honest messages of the exchange first, and send a copy of the first one: a reflection.

    With `pretend` the corrupted party's own code believes that everybody agreed with it, and goes on. A cheater that
    tells everybody the same lie gets through an echo like that: CopyHonest("broadcast.echo", by=2, pretend=True).
    """

    pretend: bool = False

    rushing: ClassVar[bool] = True

    def change(self, message: Message, view: View) -> list[Message]:
        copied = view.honest.get(min(view.honest)) if view.honest else None
        return [message if copied is None else message.with_payload(copied.payload)]
