"""Operations with public constants that the OT protocols need, as methods of `Field`.

All arrays are flat, contiguous and of one field; outputs are written in place. Shapes are checked here, once per call,
so that kernels need not. `k` is the field's number of bits; a gadget row of an element has k entries, entry l standing
for 2^l. Raises UsageError for arrays that do not fit.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.memory import flat_words, is_output

if TYPE_CHECKING:
    from spdz.field.array import FieldArray

Words = npt.NDArray[np.uint64]
Bits = npt.NDArray[np.uint8]
Halves = tuple[Words, Words]


class GadgetOperations:
    """Mixin of `Field`."""

    if TYPE_CHECKING:
        name: str
        parameter: np.uint64

        @property
        def bits(self) -> int: ...

        @property
        def limbs(self) -> int: ...

        @property
        def element_bytes(self) -> int: ...

        @property
        def ot_kernels(self) -> ModuleType: ...

        def empty(self, shape: int | tuple[int, ...]) -> FieldArray: ...

    def ot_sender_products(
        self, zero: Halves, one: Halves, first_index: int, b: FieldArray, d: FieldArray, acc: FieldArray
    ) -> None:
        """The sender's side of the products a * b: with q0, q1 the hashes h0, h1 modulo p,

            d[i k + l] = q0 - q1 + b[i]    and    acc[i] = sum over l of 2^l q0[i k + l].

        Shapes: `zero` and `one` are the halves of h0 and h1, (n k, 2) each, see `TweakableHash.permute`; hash j is
        inner[j] ^ outer[j] ^ (first_index + j). b and acc (n,); d (n k,). `d` and `acc` are overwritten.
        """
        count = acc.size
        hashes = [self._hashes(halves, first_index, count * self.bits) for halves in (zero, one)]
        outputs = (self._output(d, count * self.bits), self._output(acc, count))
        self.ot_kernels.ot_sender_products(*hashes, self._input(b, count), self.bits, *outputs, self.parameter)

    def ot_receiver_products(
        self, halves: Halves, first_index: int, a: FieldArray, d: FieldArray, acc: FieldArray
    ) -> None:
        """acc[i] = sum over l of 2^l (h[i k + l] mod p + (bit l of a[i]) d[i k + l]).

        Shapes: `halves` as for `ot_sender_products`; a and acc (n,), d (n k,). `acc` is overwritten. Bits
        select by masks.
        """
        count = acc.size
        hashes, words = self._hashes(halves, first_index, count * self.bits), self._input(a, count).reshape(-1)
        operands = (words, self.bits, self._input(d, count * self.bits), self._output(acc, count))
        self.ot_kernels.ot_receiver_products(hashes, *operands, self.parameter)

    def random_combination(self, coefficients: FieldArray, x: FieldArray) -> FieldArray:
        """sum over i of coefficients[i] x[i], both of shape (m,): one element, shape ()."""
        return coefficients.dot(x)

    def bit_decompose(self, x: FieldArray) -> Bits:
        """The bits of the canonical integers, least significant first: uint8 of 0 and 1, shape (x.size, k)."""
        self._input(x, x.size)
        octets = np.frombuffer(x.memory, dtype=np.uint8) if x.size else np.zeros(0, np.uint8)
        table = octets.reshape(x.size, self.element_bytes)
        return np.unpackbits(table, axis=1, count=self.bits, bitorder="little")

    def packed_bits(self, x: FieldArray) -> Bits:
        """The bits of `bit_decompose`, row after row, eight to a byte: uint8, shape (ceil(x.size * k / 8),).

        The first bit is the least significant one of the first byte; the last byte is padded with zeros.
        """
        words = self._input(x, x.size).reshape(-1)
        out = np.empty((x.size * self.bits + 63) // 64, dtype=np.uint64)
        self.ot_kernels.pack_bits(words, self.limbs, self.bits, out)
        return out.view(np.uint8)[: (x.size * self.bits + 7) // 8]

    # ---- checks

    def _input(self, x: FieldArray, count: int) -> Words:
        if x.field != self:
            raise UsageError(f"{self.name} cannot compute with elements of {x.field.name}")
        if x.size != count:
            raise UsageError(f"{count} elements expected, not {x.size}")
        return flat_words(x.limbs)

    def _output(self, x: FieldArray, count: int) -> Words:
        words = self._input(x, count)
        if not is_output(x.limbs):
            raise UsageError("the output must be a contiguous, writable array")
        return words

    def _hashes(self, halves: Halves, first_index: int, count: int) -> tuple[Words, Words, np.uint64]:
        inner, outer = map(self._blocks, halves)
        if not len(inner) == len(outer) == count:
            raise UsageError(f"{count} blocks expected, not {len(inner)} and {len(outer)}")
        return inner, outer, np.uint64(first_index)

    def _blocks(self, blocks: Any) -> Words:
        if not isinstance(blocks, np.ndarray) or blocks.dtype != np.uint64 or blocks.shape[1:] != (2,):
            raise UsageError("128-bit blocks are a uint64 array of shape (n, 2)")
        return flat_words(blocks)
