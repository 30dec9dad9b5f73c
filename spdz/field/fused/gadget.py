"""Products by oblivious transfer of the bits of one factor [KOS16, figure 5], and bits as they are transferred.

Arrays are flat, contiguous and of one field; outputs are written in place. `k` is the field's number of bits; a gadget
row of an element has k entries, entry l standing for 2^l. Raises UsageError for arrays that do not fit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.array import FieldArray
from spdz.field.family import Hashes
from spdz.field.field import Field
from spdz.field.memory import Words
from spdz.field.operands import blocks, source, target

Halves = tuple[Words, Words]


def sender_products(
    field: Field, zero: Halves, one: Halves, first_index: int, b: FieldArray, d: FieldArray, acc: FieldArray
) -> None:
    """The sender's side of the products a * b: with q0, q1 the hashes h0, h1 modulo p,

        d[i k + l] = q0 - q1 + b[i]    and    acc[i] = sum over l of 2^l q0[i k + l].

    Shapes: `zero` and `one` are the halves (inner, outer) of h0 and h1, (n k, 2) each: hash j is
    inner[j] ^ outer[j] ^ (first_index + j). b and acc (n,); d (n k,). `d` and `acc` are overwritten.
    """
    count, k = acc.size, field.bits
    h0, h1 = (hashes_of(halves, first_index, count * k) for halves in (zero, one))
    outputs = target(field, d, count * k), target(field, acc, count)
    field.gadget.ot_sender_products(h0, h1, source(field, b, count), k, *outputs, field.parameter)


def receiver_products(
    field: Field, halves: Halves, first_index: int, a: FieldArray, d: FieldArray, acc: FieldArray
) -> None:
    """acc[i] = sum over l of 2^l (h[i k + l] mod p + (bit l of a[i]) d[i k + l]).

    Shapes: `halves` as for `sender_products`; a and acc (n,), d (n k,). `acc` is overwritten. Bits select by masks.
    """
    count, k = acc.size, field.bits
    hashes, words = hashes_of(halves, first_index, count * k), source(field, a, count).reshape(-1)
    arrays = source(field, d, count * k), target(field, acc, count)
    field.gadget.ot_receiver_products(hashes, words, k, *arrays, field.parameter)


def packed_bits(field: Field, x: FieldArray) -> npt.NDArray[np.uint8]:
    """The bits of `x.bits()`, row after row, eight to a byte: uint8, shape (ceil(x.size * k / 8),).

    The first bit is the least significant one of the first byte; the last byte is padded with zeros.
    """
    words = source(field, x, x.size).reshape(-1)
    out = np.empty((x.size * field.bits + 63) // 64, dtype=np.uint64)
    field.gadget.pack_bits(words, field.limbs, field.bits, out)
    return out.view(np.uint8)[: (x.size * field.bits + 7) // 8]


def hashes_of(halves: Halves, first_index: int, count: int) -> Hashes:
    """The halves of `count` hashes as kernels take them, once it is seen that there are so many."""
    inner, outer = map(blocks, halves)
    if not len(inner) == len(outer) == count:
        raise UsageError(f"{count} blocks expected, not {len(inner)} and {len(outer)}")
    return inner, outer, np.uint64(first_index)
