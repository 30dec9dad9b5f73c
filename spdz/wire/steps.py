"""The registry of steps: every message kind of every protocol, declared once.

A step says what its payload is and how it travels, where it comes from, and *what tampering with it must lead to*.
Tests and the attack harness read the declaration, so a message that no check covers cannot be declared without saying
so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from spdz.errors import InternalError, SpdzError


class Delivery(Enum):
    """How a payload reaches its receivers."""

    DIRECT = "direct"
    """Each receiver gets its own payload; receivers never compare."""
    BROADCAST = "broadcast"
    """Everyone gets the same payload; for three parties and more an echo compares what was received."""


class Payload(Enum):
    """What a payload consists of."""

    ELEMENTS = "elements"
    """Canonical values of a sharing domain: whatever is well-formed is another value."""
    BITS = "bits"
    """Shared or opened bits, eight to a byte: whatever is well-formed is other bits."""
    BYTES = "bytes"
    """Anything else: digests, points, choices of OTs, records."""


class Harmless(Enum):
    """Outcomes of tampering that are not an error."""

    INPUT_SUBSTITUTION = "input substitution"
    """The sender only changes its own input, which it is free to choose."""
    NO_EFFECT = "no effect"
    """It met a secret bit for which nothing changes: the selective failure that the proof allows, a guess that was
    right. The attacker learns the bit, at even odds of ending the session instead."""


Outcome = type[SpdzError] | Harmless


@dataclass(frozen=True)
class Step:
    """A kind of message. `tampering` lists every outcome that a well-formed change of its payload may have."""

    name: str
    payload: Payload
    delivery: Delivery
    source: str
    tampering: tuple[Outcome, ...]
    adopts_round: bool = False
    """The receiver takes over the sender's round: a service such as the dealer does not run the program itself."""

    @property
    def wire_id(self) -> int:
        """The four bytes that name the step in a frame header."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "little")


_by_name: dict[str, Step] = {}
_by_wire_id: dict[int, Step] = {}


def declare(
    name: str,
    *,
    payload: Payload,
    source: str,
    tampering: tuple[Outcome, ...],
    delivery: Delivery = Delivery.DIRECT,
    adopts_round: bool = False,
) -> Step:
    """Register a step; names and wire ids are unique, and a step without a declared outcome is refused."""
    step = Step(name, payload, delivery, source, tampering, adopts_round)
    if not tampering:
        raise InternalError(f"step {name} declares no outcome of tampering")
    if name in _by_name or step.wire_id in _by_wire_id:
        raise InternalError(f"step {name} is declared twice, or its wire id collides")
    _by_name[name] = step
    _by_wire_id[step.wire_id] = step
    return step


def by_wire_id(wire_id: int) -> Step | None:
    """The step of a frame header, or None if no such step is registered."""
    return _by_wire_id.get(wire_id)


def all_steps() -> dict[str, Step]:
    """Every registered step by name. Only imported modules have registered theirs."""
    return dict(_by_name)
