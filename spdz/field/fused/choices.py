"""Products of chosen bits with elements by oblivious transfer, and the chains that join them.

Each bit is the choice bit of one OT, with hashes h0, h1 for every element that it is to be multiplied by. Arrays are
flat, contiguous and of one field; outputs are written in place. Bits are packed eight to a byte, the first in the
lowest place, in whole words; they select by masks. Raises UsageError for arrays that do not fit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.array import FieldArray
from spdz.field.field import Field
from spdz.field.fused.gadget import Halves, hashes_of
from spdz.field.memory import Words, flat_words
from spdz.field.operands import source, target

PackedBits = npt.NDArray[np.uint8]


def payload(
    field: Field, zero: Halves, one: Halves, first_index: int, x: FieldArray, d: FieldArray, out: FieldArray
) -> None:
    """The sender's side of bit times x: with h0, h1 modulo p, d[i] = h0[i] - h1[i] + x[i] and out[i] = -h0[i].

    Shapes: `zero` and `one` are the halves (inner, outer) of h0 and h1, (n, 2) each: hash j is
    inner[j] ^ outer[j] ^ (first_index + j). x (n,), or () for one element for all; d and out (n,).
    """
    count = out.size
    h0, h1 = (hashes_of(halves, first_index, count) for halves in (zero, one))
    factor, step = _stepped(field, x, count)
    field.choices.choice_payload(
        h0, h1, factor, step, target(field, d, count), target(field, out, count), field.parameter
    )


def take(
    field: Field, halves: Halves, first_index: int, bits: PackedBits, first: int, d: FieldArray, out: FieldArray
) -> None:
    """The receiver's side: out[i] += h[i] + bit d[i] for bit number first + i, h being the hash of its choice.

    With the sender's `out` this adds up to bit times x. Shapes: `halves` as for `payload`; d and out (n,).
    """
    count = out.size
    words = _words(bits, first, count)
    arrays = source(field, d, count), target(field, out, count)
    field.choices.choice_take(hashes_of(halves, first_index, count), words, first, *arrays, field.parameter)


def times(field: Field, bits: PackedBits, first: int, x: FieldArray, out: FieldArray) -> None:
    """out[i] = bit number first + i times x[i]. Shapes: x (n,), or () for one element for all; out (n,)."""
    count = out.size
    words, (factor, step) = _words(bits, first, count), _stepped(field, x, count)
    field.choices.choice_times(words, first, factor, step, target(field, out, count), field.parameter)


def difference(field: Field, start: FieldArray, total: FieldArray, w: FieldArray, out: FieldArray) -> None:
    """out = start - 2 total - w. Shapes: start (n,), or () for one element for all; the others (n,)."""
    count = out.size
    begun, step = _stepped(field, start, count)
    arrays = source(field, total, count), source(field, w, count), target(field, out, count)
    field.choices.chain_difference(begun, step, *arrays, field.parameter)


def add_product(field: Field, product: FieldArray, epsilon: FieldArray, x: FieldArray, total: FieldArray) -> None:
    """total += product + epsilon x. Shapes: all (n,)."""
    added, opened, factor = (source(field, array, total.size) for array in (product, epsilon, x))
    field.choices.chain_add(added, opened, factor, target(field, total, total.size), field.parameter)


def _stepped(field: Field, x: FieldArray, count: int) -> tuple[Words, int]:
    return (source(field, x, count), 1) if x.ndim else (source(field, x.reshape(1), 1), 0)


def _words(bits: PackedBits, first: int, count: int) -> Words:
    if bits.dtype != np.uint8 or bits.ndim != 1 or not bits.flags.c_contiguous or bits.size % 8:
        raise UsageError("packed bits are a contiguous array of uint8 that holds whole words")
    if first < 0 or first + count > 8 * bits.size:
        raise UsageError(f"there are no bits {first} to {first + count} among {8 * bits.size}")
    return flat_words(bits.view(np.uint64).reshape(-1, 1))
