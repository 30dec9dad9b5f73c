"""What a party and the trusted dealer must agree on to the byte: requests, chunks, and the order of stream reads.

A request has a fixed size and says how much of one kind is still missing; the answer is a chunk of that, whose size
both ends compute. `expand` is the only code that reads a party's stream, at the party and at the dealer alike, so that
they cannot get out of step.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spdz.crypto.prg import Prg
from spdz.errors import InternalError
from spdz.field import Field, FieldArray
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import Bits, BitShare, Words
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import Batch, Kind
from spdz.sharing.material.kinds import MAX_DIMS, Parameter, declaration_of_code, declared_kinds, uniform_bits
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Buffer
from spdz.wire.steps import Payload

CHUNK_BYTES = 2 << 20
"""Size of one party's shares in one answer; a single matrix triple may exceed it. The dealer holds about three times
this, whatever the number of parties; of tagged kinds as much for each party, since it keeps all MAC shares."""
MAX_ELEMENT_BYTES = 1 << 30
"""Size of one party's share of the largest matrix triple, or other single element, that the dealer makes."""
MAX_COUNT = 1 << 40
"""How much of one kind a request can ask for."""

WORD_BYTES = 8

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
        dims = (*value.kind.dims, *[0] * MAX_DIMS)[:MAX_DIMS]
        return memoryview(_REQUEST.pack(value.kind.declaration.code, owner, *dims, value.count))

    def decode(self, buffer: Buffer) -> Request:
        """The one request that these bytes stand for; ValueError for an unknown kind or bounds that are exceeded."""
        code, owner, *dims, count = _REQUEST.unpack(buffer)
        declared = declaration_of_code(code)
        if code == _FINISHED_CODE:
            request = FINISHED
        elif declared is not None:
            owned, sized = (declared.parameter is parameter for parameter in (Parameter.OWNER, Parameter.DIMS))
            kind = Kind(declared.name, owner if owned else -1, tuple(dims[: len(declared.dims)]) if sized else ())
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
    """Whether the dealer knows the kind: declared, and of field elements and bits alone."""
    declared = declared_kinds().get(kind.name)
    return declared is not None and declared.domains <= {FIELD, BITS}


def chunk_size(field: Field, kind: Kind) -> int:
    """How many elements one answer has at most."""
    return max(1, CHUNK_BYTES // _element_bytes(field, kind))


def _element_bytes(field: Field, kind: Kind) -> int:
    """Bytes of one party's shares for one element of the kind: a value and a MAC, or a word."""
    size = {FIELD: 2 * field.element_bytes, BITS: WORD_BYTES}
    arrays = kind.declaration.arrays
    return sum(size[array.domain] * math.prod(shape) for array, shape in zip(arrays, kind.shapes, strict=True))


@dataclass(frozen=True, repr=False)
class Portion:
    """What one party reads from its stream for one answer.

    `arrays` are the values and then the MACs of the arrays of the field, in the order of the declaration; `words` are
    those of the arrays of bits. None stands for a correction. `clear` are the masks, at their owner.
    """

    clear: FieldArray | Bits | None
    arrays: tuple[FieldArray | None, ...]
    words: tuple[Words | None, ...]


def expand(field: Field, stream: Prg, party: int, parties: int, kind: Kind, count: int) -> Portion:
    """Read the portion of `party` for `count` elements of `kind` from its stream.

    The last party reads the uniform arrays of the field only; the owner of masks reads the masks first.
    """
    clear = _masks(field, stream, kind, count) if party == kind.owner else None
    is_last = party == parties - 1
    corrected = corrected_arrays(kind) if is_last else ()
    shapes = array_shapes(kind, count)
    arrays = tuple(None if i in corrected else field.sample(stream.fill, shape) for i, shape in enumerate(shapes))
    words = tuple(None if is_last else _words(stream, shape) for shape in word_shapes(kind, count))
    return Portion(clear, arrays, words)


def _masks(field: Field, stream: Prg, kind: Kind, count: int) -> FieldArray | Bits:
    shape = (count, *kind.shapes[0])
    if kind.declaration.arrays[0].domain == BITS:
        return uniform_bits(shape, stream.fill)
    return field.sample(stream.fill, shape)


def _words(stream: Prg, shape: tuple[int, ...]) -> Words:
    words = np.empty(shape, np.uint64)
    stream.fill(words.data.cast("B"))
    return words


def _shapes(kind: Kind, count: int, domain: str) -> tuple[tuple[int, ...], ...]:
    arrays = kind.declaration.arrays
    return tuple((count, *s) for array, s in zip(arrays, kind.shapes, strict=True) if array.domain == domain)


def array_shapes(kind: Kind, count: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of the values, then of the MACs, of the arrays of the field."""
    return _shapes(kind, count, FIELD) * 2


def word_shapes(kind: Kind, count: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of the arrays of bits."""
    return _shapes(kind, count, BITS)


def corrected_arrays(kind: Kind) -> tuple[int, ...]:
    """Which of the values and MACs the last party is sent, in the order in which they are: dependent values, MACs."""
    arrays = [array for array in kind.declaration.arrays if array.domain == FIELD]
    values = tuple(i for i, array in enumerate(arrays) if not array.uniform)
    return values + tuple(range(len(arrays), 2 * len(arrays)))


def correction_count(kind: Kind, count: int) -> int:
    """How many field elements the last party is sent for `count` elements of the kind."""
    shapes = array_shapes(kind, count)
    return sum(math.prod(shapes[i]) for i in corrected_arrays(kind))


def word_count(kind: Kind, count: int) -> int:
    """How many words the last party is sent for `count` elements of the kind."""
    return sum(math.prod(shape) for shape in word_shapes(kind, count))


def tag_count(kind: Kind, parties: int, count: int) -> int:
    """How many field elements the owner is sent besides, for `count` elements of the kind."""
    return count * (parties - 1) if kind.declaration.tagged else 0


def assemble(
    kind: Kind,
    count: int,
    portion: Portion,
    corrections: FieldArray | None,
    last_words: Words | None,
    tags: FieldArray | None = None,
) -> Batch:
    """A party's batch out of its portion and, at the last party, the corrections: field elements, then words, flat.

    `tags` are those of the owner of tagged masks, flat, and None elsewhere.
    """
    arrays = _completed(portion.arrays, array_shapes(kind, count), corrections)
    words = iter(_completed(portion.words, word_shapes(kind, count), last_words))
    half = len(arrays) // 2
    numbers = (AuthShare(value, mac) for value, mac in zip(arrays[:half], arrays[half:], strict=True))
    declared = kind.declaration.arrays
    shares = (BitShare(next(words)) if array.domain == BITS else next(numbers) for array in declared)
    return Batch(kind, tuple(shares), portion.clear if tags is None else _with_tags(portion.clear, tags))


def _with_tags(clear: Any, tags: FieldArray) -> FieldArray:
    """An owner's masks, and behind each of them its tags."""
    both: FieldArray = FieldArray.concatenate([clear.reshape(-1, 1), tags.reshape(clear.size, -1)], 1)
    clear.wipe()
    tags.wipe()
    return both


def _completed(arrays: tuple[Any, ...], shapes: tuple[tuple[int, ...], ...], corrections: Any) -> list[Any]:
    """The arrays, with consecutive pieces of the corrections where one is missing."""
    found: list[Any] = []
    start = 0
    for shape, array in zip(shapes, arrays, strict=True):
        if array is not None:
            found.append(array)
            continue
        if corrections is None:
            raise InternalError("the last party's portion is not complete without corrections")
        end = start + math.prod(shape)
        found.append(corrections[start:end].reshape(shape))
        start = end
    return found
