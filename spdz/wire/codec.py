"""Payload codecs. The receiver states size and shape from its own state; nothing is believed from the wire.

A codec never copies: encoding gives views of the caller's memory, decoding gives arrays over the receive buffer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from spdz.errors import InternalError
from spdz.field import Field, FieldArray
from spdz.wire.steps import Payload

Buffer = memoryview


class Codec(Protocol):
    """How one payload is laid out. `decode` raises ValueError for anything that is not canonical."""

    @property
    def payload(self) -> Payload:
        """What it lays out, as the steps declare that it may be used for."""

    @property
    def byte_count(self) -> int:
        """Exact size of the payload."""

    def encode(self, value: Any) -> Buffer:
        """A flat read-only view of the payload bytes of `value`."""

    def decode(self, buffer: Buffer) -> Any:
        """The value in `buffer`, which has exactly `byte_count` bytes and belongs to the value from now on."""


@dataclass(frozen=True)
class Elements:
    """A field array of known shape: little-endian canonical elements in C order."""

    field: Field
    shape: tuple[int, ...]

    payload: ClassVar[Payload] = Payload.ELEMENTS

    @property
    def byte_count(self) -> int:
        return math.prod(self.shape) * self.field.element_bytes

    def encode(self, value: FieldArray) -> Buffer:
        if value.field != self.field or value.shape != self.shape:
            raise InternalError(f"a payload of {self} was given {value!r}")
        return value.memory

    def decode(self, buffer: Buffer) -> FieldArray:
        return self.field.from_bytes(buffer, self.shape)


@dataclass(frozen=True)
class Blob:
    """A string of bytes of known length."""

    byte_count: int

    payload: ClassVar[Payload] = Payload.BYTES

    def encode(self, value: bytes | bytearray | memoryview) -> Buffer:
        view = memoryview(value).cast("B")
        if view.nbytes != self.byte_count:
            raise InternalError(f"a payload of {self.byte_count} bytes was given {view.nbytes}")
        return view.toreadonly()

    def decode(self, buffer: Buffer) -> Buffer:
        return buffer
