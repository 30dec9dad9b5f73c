"""What a party and the trusted dealer must agree on to the byte: requests, chunks, and the order of stream reads.

A request has a fixed size and says how much of one kind is still missing; the answer is a chunk of that, whose size
both ends compute. `expand` is the only code that reads a party's stream, at the party and at the dealer alike, so that
they cannot get out of step.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import ClassVar

from spdz.crypto.prg import Prg
from spdz.errors import InternalError
from spdz.field import Field, FieldArray
from spdz.sharing.material import Batch, Kind
from spdz.sharing.material.kinds import Parameter, declaration_of_code, declared_kinds
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Buffer
from spdz.wire.steps import Payload

CHUNK_BYTES = 2 << 20
"""Size of one party's shares in one answer; a single matrix triple may exceed it. The dealer holds about three times
this, whatever the number of parties."""
MAX_ELEMENT_BYTES = 1 << 30
"""Size of one party's share of the largest matrix triple that the dealer makes."""
MAX_COUNT = 1 << 40
"""How much of one kind a request can ask for."""

_FINISHED_CODE = 0
_NO_OWNER = 0xFF
_REQUEST = struct.Struct("<BBIIIQ")
"""Kind code, owner, the three dims, count."""

REQUEST_BYTES = _REQUEST.size


@dataclass(frozen=True)
class Request:
    """What a party asks for. `kind` None: nothing more, the service can end."""

    kind: Kind | None
    count: int

    def __str__(self) -> str:
        return "no more material" if self.kind is None else f"{self.count} {self.kind}"


FINISHED = Request(None, 0)


@dataclass(frozen=True)
class RequestCodec:
    """The bytes of a request; decoding refuses whatever an honest party would not send."""

    field: Field
    parties: int

    payload: ClassVar[Payload] = Payload.BYTES

    @property
    def byte_count(self) -> int:
        return REQUEST_BYTES

    def encode(self, value: Request) -> Buffer:
        if value.kind is None:
            return memoryview(_REQUEST.pack(_FINISHED_CODE, _NO_OWNER, 0, 0, 0, 0))
        owner = value.kind.owner if value.kind.owner >= 0 else _NO_OWNER
        dims = value.kind.dims or (0, 0, 0)
        return memoryview(_REQUEST.pack(value.kind.declaration.code, owner, *dims, value.count))

    def decode(self, buffer: Buffer) -> Request:
        """The one request that these bytes stand for; ValueError for an unknown kind or bounds that are exceeded."""
        code, owner, *dims, count = _REQUEST.unpack(buffer)
        declared = declaration_of_code(code)
        if code == _FINISHED_CODE:
            request = FINISHED
        elif declared is not None:
            owned, sized = (declared.parameter is parameter for parameter in (Parameter.OWNER, Parameter.DIMS))
            kind = Kind(declared.name, owner if owned else -1, tuple(dims) if sized else ())
            request = Request(kind, count)
            fault = fault_of(self.field, self.parties, kind, count)
            if fault is not None:
                raise ValueError(fault)
        else:
            raise ValueError("asks for an unknown kind of material")
        # Fields that the kind does not use have one value only.
        if self.encode(request) != buffer:
            raise ValueError("is not canonical")
        return request


def fault_of(field: Field, parties: int, kind: Kind, count: int) -> str | None:
    """Why the dealer does not make `count` of `kind`, as the end of a sentence; None if it does."""
    if not is_dealt(kind):
        return "asks for an unknown kind of material"
    if not 1 <= count <= MAX_COUNT:
        return f"asks for {count} elements: the dealer makes 1 to {MAX_COUNT} at a time"
    fault = kind.fault(parties)
    if fault is not None:
        return f"asks for {fault}"
    if _element_bytes(field, kind) > MAX_ELEMENT_BYTES:
        return f"asks for {kind}: a single one is larger than {MAX_ELEMENT_BYTES} bytes; split the product"
    return None


def is_dealt(kind: Kind) -> bool:
    """Whether the dealer knows the kind: declared, and of field elements alone."""
    declared = declared_kinds().get(kind.name)
    return declared is not None and declared.domains == {"field"}


def chunk_size(field: Field, kind: Kind) -> int:
    """How many elements one answer has at most."""
    return max(1, CHUNK_BYTES // _element_bytes(field, kind))


def _element_bytes(field: Field, kind: Kind) -> int:
    """Bytes of one party's values and MACs for one element of the kind."""
    return 2 * field.element_bytes * sum(math.prod(shape) for shape in kind.shapes)


@dataclass(frozen=True, repr=False)
class Portion:
    """What one party reads from its stream for one answer.

    `arrays` are the values and then the MACs, in the order of `Kind.shapes`; None stands for a correction. `clear` are
    the masks, at their owner.
    """

    clear: FieldArray | None
    arrays: tuple[FieldArray | None, ...]


def expand(field: Field, stream: Prg, party: int, parties: int, kind: Kind, count: int) -> Portion:
    """Read the portion of `party` for `count` elements of `kind` from its stream.

    The last party reads the uniform arrays only; the owner of input masks reads the masks first.
    """
    clear = field.sample(stream.fill, (count, *kind.shapes[0])) if party == kind.owner else None
    corrected = corrected_arrays(kind) if party == parties - 1 else ()
    shapes = array_shapes(kind, count)
    arrays = (None if i in corrected else field.sample(stream.fill, shape) for i, shape in enumerate(shapes))
    return Portion(clear, tuple(arrays))


def array_shapes(kind: Kind, count: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of the values, then of the MACs."""
    return tuple((count, *shape) for shape in kind.shapes) * 2


def corrected_arrays(kind: Kind) -> tuple[int, ...]:
    """Which of the values and MACs the last party is sent, in the order in which they are: dependent values, MACs."""
    arrays = kind.declaration.arrays
    values = tuple(i for i, array in enumerate(arrays) if not array.uniform)
    return values + tuple(range(len(arrays), 2 * len(arrays)))


def correction_count(kind: Kind, count: int) -> int:
    """How many field elements the last party is sent for `count` elements of the kind."""
    shapes = array_shapes(kind, count)
    return sum(math.prod(shapes[i]) for i in corrected_arrays(kind))


def assemble(kind: Kind, count: int, portion: Portion, corrections: FieldArray | None) -> Batch:
    """A party's batch out of its portion and, at the last party, the corrections of shape (correction_count,)."""
    arrays: list[FieldArray] = []
    start = 0
    for shape, array in zip(array_shapes(kind, count), portion.arrays, strict=True):
        if array is not None:
            arrays.append(array)
            continue
        if corrections is None:
            raise InternalError("the last party's portion is not complete without corrections")
        end = start + math.prod(shape)
        arrays.append(corrections[start:end].reshape(shape))
        start = end
    half = len(arrays) // 2
    shares = (AuthShare(value, mac) for value, mac in zip(arrays[:half], arrays[half:], strict=True))
    return Batch(kind, tuple(shares), portion.clear)
