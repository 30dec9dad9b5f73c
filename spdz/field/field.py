"""`Field`: a prime field, and the only place that knows which family of loops serves it.

`spdz.field.family` says what a family is. Adding one adds its folder and a call of `register`; no protocol notices.
"""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spdz.errors import UsageError
from spdz.field import convert
from spdz.field.algebra import count_of, shape_of
from spdz.field.array import FieldArray
from spdz.field.family import ArrayLoops, BeaverLoops, ChoiceLoops, CodeLoops, GadgetLoops, RowLoops, loops_of
from spdz.field.memory import Words, flat_words
from spdz.field.operands import blocks as block_words
from spdz.field.operands import target
from spdz.field.plain import PlainBeaver, PlainChoices, PlainCode, PlainGadget, PlainRows
from spdz.field.sampling import Fill, sample_into

if sys.byteorder != "little":
    raise ImportError("spdz keeps field elements in memory as they are on the wire: it needs a little-endian machine")

Shape = int | tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Field:
    """A prime field. Two fields are equal if their names are.

    name       how it is called, as in `field_by_name`
    modulus    the prime p, odd
    parameter  what the loops of its family need to know; for Mersenne primes the exponent
    family     the package that holds them
    """

    name: str
    modulus: int
    parameter: np.uint64
    family: str = "spdz.field.mersenne"

    @cached_property
    def bits(self) -> int:
        """k: the number of bits of p, and of base OTs or gadget entries per element."""
        return self.modulus.bit_length()

    @cached_property
    def limbs(self) -> int:
        """64-bit words per element."""
        return (self.bits + 63) // 64

    @cached_property
    def element_bytes(self) -> int:
        """Bytes per element in memory and on the wire."""
        return 8 * self.limbs

    # ---- the loops of its family: imported at first use, because numba takes half a second to load

    @cached_property
    def kernels(self) -> ArrayLoops:
        """Loops over arrays. Raises UsageError where the family has none."""
        loops: ArrayLoops | None = loops_of(self.family, "arrays", ArrayLoops)
        if loops is None:
            raise UsageError(f"there is no family of fields {self.family}: it has no module arrays")
        return loops

    @cached_property
    def beaver(self) -> BeaverLoops:
        """Fused loops of multiplication and of MAC checks."""
        return loops_of(self.family, "beaver", BeaverLoops) or PlainBeaver(self)

    @cached_property
    def gadget(self) -> GadgetLoops:
        """Fused loops over the bits of elements."""
        return loops_of(self.family, "gadget", GadgetLoops) or PlainGadget(self)

    @cached_property
    def choices(self) -> ChoiceLoops:
        """Fused loops of products of single bits with elements."""
        return loops_of(self.family, "choices", ChoiceLoops) or PlainChoices(self)

    @cached_property
    def rows(self) -> RowLoops:
        """Fused loops over the digits of elements."""
        return loops_of(self.family, "rows", RowLoops) or PlainRows(self)

    @cached_property
    def code(self) -> CodeLoops:
        """Loops of a sparse code and its noise."""
        return loops_of(self.family, "code", CodeLoops) or PlainCode(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Field {self.name}>"

    # ---- making arrays

    def array(self, values: Any) -> FieldArray:
        """Integers in [0, p): Python ints, nested sequences, integer arrays, or a FieldArray (copied).

        Raises UsageError naming the first index that is not an integer or out of range.
        """
        if isinstance(values, FieldArray):
            if values.field != self:
                raise UsageError(f"elements of {self.name} and {values.field.name} do not mix")
            return values.copy()
        return self._converted(values, 0, self.modulus - 1, f"{self.name}.array")

    def signed(self, values: Any) -> FieldArray:
        """Integers in [-(p-1)/2, (p-1)/2], negative ones as p minus their absolute value. Errors as `array`."""
        half = (self.modulus - 1) // 2
        return self._converted(values, -half, half, f"{self.name}.signed")

    def _converted(self, values: Any, lowest: int, highest: int, name: str) -> FieldArray:
        return FieldArray(self, convert.to_limbs(values, lowest, highest, self.modulus, self.limbs, name))

    def empty(self, shape: Shape) -> FieldArray:
        """An array to be overwritten: its elements are arbitrary and may not even be canonical."""
        return FieldArray(self, np.empty((*shape_of(shape), self.limbs), dtype=np.uint64))

    def zeros(self, shape: Shape) -> FieldArray:
        """All elements 0."""
        return FieldArray(self, np.zeros((*shape_of(shape), self.limbs), dtype=np.uint64))

    def ones(self, shape: Shape) -> FieldArray:
        """All elements 1."""
        return self.full(shape, 1)

    def full(self, shape: Shape, value: int) -> FieldArray:
        """All elements `value`, an integer in [0, p)."""
        return self.array(value).broadcast_to(shape_of(shape)).copy()

    def from_bytes(self, buffer: Any, shape: Shape) -> FieldArray:
        """The canonical encoding of an array, as made by `to_bytes`.

        A view of `buffer`, writable if that is; a copy only where the buffer is not aligned to 8 bytes.
        Raises ValueError for a wrong length or an element that is not in [0, p).
        """
        memory = memoryview(buffer).cast("B")
        wanted = shape_of(shape)
        expected = count_of(wanted) * self.element_bytes
        if len(memory) != expected:
            raise ValueError(f"{len(memory)} bytes do not hold {wanted} elements of {self.name}: {expected} needed")
        if expected == 0:
            return self.empty(wanted)
        words = np.frombuffer(memory, dtype=np.uint64)
        if not words.flags.aligned:
            words = words.copy()
        array = FieldArray(self, words.reshape((*wanted, self.limbs)))
        if self.kernels.count_unreduced(flat_words(array.limbs), self.parameter):
            raise ValueError(f"an element is not canonical: encodings of {self.name} are below p")
        return array

    def sample(self, fill: Fill, shape: Shape) -> FieldArray:
        """Uniform elements; `fill` overwrites the memoryview that it is given by uniform bytes."""
        out = self.empty(shape)
        sample_into(fill, out)
        return out

    def sample_into(self, fill: Fill, out: FieldArray) -> None:
        """As `sample`, into a contiguous, writable array of this field."""
        if out.field != self:
            raise UsageError(f"{self.name} cannot sample into an array of {out.field.name}")
        sample_into(fill, out)

    def reduce_blocks(self, blocks: Words, out: FieldArray | None = None) -> FieldArray:
        """128-bit little-endian integers modulo p: `blocks` of shape (n, 2) to n elements, written to `out` if given.

        Uniform blocks give elements whose distance from uniform is about p / 2^128: meant for hash outputs.
        """
        words = block_words(blocks)
        result = self.empty(len(words)) if out is None else out
        self.kernels.reduce_blocks(words, target(self, result, len(words)), self.parameter)
        return result


def mersenne_field(exponent: int) -> Field:
    """The field of 2^exponent - 1 elements, for an exponent up to 61, or 127, that makes it a prime."""
    return Field(f"M{exponent}", 2**exponent - 1, np.uint64(exponent))


FIELDS: dict[str, Field] = {}


def register(field: Field) -> Field:
    """Let sessions find a field by its name. Raises UsageError if another field has that name."""
    known = FIELDS.setdefault(field.name, field)
    if (known.modulus, known.parameter, known.family) != (field.modulus, field.parameter, field.family):
        raise UsageError(f"there is another field called {field.name}")
    return known


M5, M7, M13, M17, M19, M31, M61, M127 = (register(mersenne_field(e)) for e in (5, 7, 13, 17, 19, 31, 61, 127))


def field_by_name(name: str) -> Field:
    """The field called `name`. Raises UsageError that lists the known ones."""
    if name in FIELDS:
        return FIELDS[name]
    known = ", ".join(FIELDS)
    near = difflib.get_close_matches(str(name).upper(), FIELDS, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else "."
    raise UsageError(f"there is no field {name!r}{hint} Known fields: {known}")
