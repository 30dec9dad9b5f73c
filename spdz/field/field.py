"""`Field`: a prime field, and the only place that knows which family of kernels serves it.

A family is a folder with the modules `arrays`, `gadget`, `rows` and `code`, as in `field/mersenne/`; each of their
functions takes, last, the field's `parameter`, which means something to the family only (for Mersenne primes the
exponent). Adding a family adds a folder and an entry in the list of fields; no protocol notices.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import convert
from spdz.field.algebra import count_of, shape_of
from spdz.field.array import FieldArray
from spdz.field.fused.beaver import BeaverOperations
from spdz.field.fused.code import LpnOperations
from spdz.field.fused.copee import CopeeOperations
from spdz.field.fused.gadget import GadgetOperations
from spdz.field.fused.rows import MatrixGadgetOperations
from spdz.field.memory import flat_words
from spdz.field.sampling import Fill, sample_into

if sys.byteorder != "little":
    raise ImportError("spdz keeps field elements in memory as they are on the wire: it needs a little-endian machine")

Shape = int | tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Field(GadgetOperations, CopeeOperations, BeaverOperations, LpnOperations, MatrixGadgetOperations):
    """A prime field. Two fields are equal if their names are.

    name       how it is called, as in `field_by_name`
    modulus    the prime p
    parameter  what the kernels of its family need to know
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

    @cached_property
    def kernels(self) -> ModuleType:
        """Loops over arrays. Imported at first use, because numba takes half a second to load."""
        return importlib.import_module(f"{self.family}.arrays")

    @cached_property
    def ot_kernels(self) -> ModuleType:
        """Fused loops of the OT protocols."""
        return importlib.import_module(f"{self.family}.gadget")

    @cached_property
    def matrix_kernels(self) -> ModuleType:
        """Fused loops of matrix triples."""
        return importlib.import_module(f"{self.family}.rows")

    @cached_property
    def lpn_kernels(self) -> ModuleType:
        """Loops of silent VOLE."""
        return importlib.import_module(f"{self.family}.code")

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
        target = shape_of(shape)
        expected = count_of(target) * self.element_bytes
        if len(memory) != expected:
            raise ValueError(f"{len(memory)} bytes do not hold {target} elements of {self.name}: {expected} needed")
        if expected == 0:
            return self.empty(target)
        words = np.frombuffer(memory, dtype=np.uint64)
        if not words.flags.aligned:
            words = words.copy()
        array = FieldArray(self, words.reshape((*target, self.limbs)))
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

    def reduce_blocks(self, blocks: npt.NDArray[np.uint64], out: FieldArray | None = None) -> FieldArray:
        """128-bit little-endian integers modulo p: `blocks` of shape (n, 2) to n elements, written to `out` if given.

        Uniform blocks give elements whose distance from uniform is about p / 2^128: meant for hash outputs.
        """
        words = self._blocks(blocks)
        target = self.empty(len(words)) if out is None else out
        self.kernels.reduce_blocks(words, self._output(target, len(words)), self.parameter)
        return target


def mersenne_field(exponent: int) -> Field:
    """The field of 2^exponent - 1 elements, for an exponent up to 61, or 127, that makes it a prime."""
    return Field(f"M{exponent}", 2**exponent - 1, np.uint64(exponent))


M5, M7, M13, M17, M19, M31, M61, M127 = map(mersenne_field, (5, 7, 13, 17, 19, 31, 61, 127))
FIELDS = {field.name: field for field in (M5, M7, M13, M17, M19, M31, M61, M127)}


def field_by_name(name: str) -> Field:
    """The field called `name`. Raises UsageError that lists the known ones."""
    if name in FIELDS:
        return FIELDS[name]
    known = ", ".join(FIELDS)
    near = difflib.get_close_matches(str(name).upper(), FIELDS, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else "."
    raise UsageError(f"there is no field {name!r}{hint} Known fields: {known}")
