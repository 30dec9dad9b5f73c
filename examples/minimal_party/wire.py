"""Frames, labels, hashes, streams and field elements, by docs/wire, whose section numbers are given."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PROTOCOL_VERSION = 2
DATA, ABORT, BYE = 1, 2, 3
HEADER = struct.Struct("<B4s16sIQ")

Part = bytes | str | int


class ProtocolError(Exception):
    """The session is over. `step` is where."""

    def __init__(self, text: str, step: str = "") -> None:
        super().__init__(text)
        self.step = step


class Frame(NamedTuple):
    """Section 2."""

    kind: int
    wire_id: bytes = bytes(4)
    label: bytes = bytes(16)
    round: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """Header and payload."""
        return HEADER.pack(self.kind, self.wire_id, self.label, self.round, len(self.payload)) + self.payload


def wire_id(step: str) -> bytes:
    """The four bytes that stand for a step (section 2); zero for none."""
    return hashlib.sha256(step.encode()).digest()[:4] if step else bytes(4)


def label(session_id: bytes, path: str) -> bytes:
    """Where a message belongs (section 3)."""
    return hashlib.sha256(session_id + path.encode()).digest()[:16]


class Place:
    """A path and the counter of what is made in it (section 3)."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self._count = 0

    def next(self, name: str) -> str:
        """The path of the next child or exchange."""
        self._count += 1
        return f"{self.path}/{self._count:06d}.{name}"

    def child(self, name: str) -> Place:
        """A place below this one."""
        return Place(self.next(name))


def _item(part: Part | None) -> bytes:
    if part is None:
        kind, content = b"N", b""
    elif isinstance(part, bytes):
        kind, content = b"B", part
    elif isinstance(part, str):
        kind, content = b"S", part.encode()
    else:
        kind, content = b"I", part.to_bytes((part.bit_length() + 7) // 8, "little")
    return kind + len(content).to_bytes(8, "little") + content


def _items(mode: bytes, domain: bytes, session_id: bytes, party: int | None, parts: Sequence[Part]) -> bytes:
    return b"".join(map(_item, (mode, domain, PROTOCOL_VERSION, session_id, party, *parts)))


def labelled_hash(domain: bytes, *parts: Part, session_id: bytes = b"", party: int | None = None) -> bytes:
    """H(domain, parts; session id, party) of section 4."""
    return hashlib.sha256(_items(b"digest", domain, session_id, party, parts)).digest()


def derive_seed(domain: bytes, secret: bytes, *context: Part, session_id: bytes, party: int | None = None) -> bytes:
    """D(domain, secret, 16, context; session id, party) of section 4: half of the one block of its stream."""
    return hashlib.sha256(_items(b"stream", domain, session_id, party, (16, secret, *context, 0))).digest()[:16]


def commitment(session_id: bytes, party: int, place: str, nonce: bytes, payload: bytes) -> bytes:
    """What `party` sends before it opens `payload` (section 4)."""
    return labelled_hash(b"commitment", place.encode(), nonce, payload, session_id=session_id, party=party)


class Prg:
    """AES-128 in counter mode (section 4)."""

    def __init__(self, seed: bytes) -> None:
        self._stream = Cipher(algorithms.AES128(seed), modes.CTR(bytes(16))).encryptor()

    def read(self, count: int) -> bytes:
        """The next bytes."""
        return self._stream.update(bytes(count))


class Field:
    """The field of 2^bits - 1 elements (section 5)."""

    def __init__(self, bits: int) -> None:
        self.p = (1 << bits) - 1
        self.width = 8 if bits <= 64 else 16

    def encode(self, values: Sequence[int]) -> bytes:
        """An array of canonical elements."""
        return b"".join(value.to_bytes(self.width, "little") for value in values)

    def decode(self, data: bytes, step: str) -> list[int]:
        """The elements in a payload of `step`."""
        starts = range(0, len(data), self.width)
        values = [int.from_bytes(data[start : start + self.width], "little") for start in starts]
        if any(value >= self.p for value in values):
            raise ProtocolError(f"an element at step {step} is not canonical", step)
        return values

    def sample(self, stream: Prg, count: int) -> list[int]:
        """Uniform elements: the bits above the field's are dropped, p itself is rejected."""
        values: list[int] = []
        while len(values) < count:
            value = int.from_bytes(stream.read(self.width), "little") & self.p
            if value != self.p:
                values.append(value)
        return values


FIELDS = {"M61": Field(61), "M127": Field(127)}
