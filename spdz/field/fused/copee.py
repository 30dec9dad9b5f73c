"""The sums over base OTs at the two ends of COPEe [KOS16, figure 3], for one block of values.

All base OTs of a block are run through in one call: arrays are checked once, and what is read and written k times stays
in the second-level cache. Sums over 2^j run by Horner from the highest bit down.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.array import FieldArray
from spdz.field.field import Field
from spdz.field.memory import Words, flat_words, is_output
from spdz.field.sampling import Fill, sample_words

Bits = npt.NDArray[np.uint8]


def inputter_sums(field: Field, x: FieldArray, streams: Sequence[tuple[Fill, Fill]], u: FieldArray) -> FieldArray:
    """The end that inputs x, of shape (n,): writes u_j = t0_j - t1_j + x to row j of `u`, of shape (k, n).

    `streams[j]` are the byte sources of t0_j and t1_j. Returns sum 2^j t0_j, of shape (n,).
    """
    rows, values = _rows(field, u, x.size, written=True), _flat(field, x)
    if len(streams) != field.bits:
        raise UsageError(f"{field.bits} pairs of streams expected, not {len(streams)}")
    total = field.zeros((x.size,))
    sums, t0, t1 = flat_words(total.limbs), np.empty_like(values), np.empty_like(values)
    for row, (first, second) in zip(reversed(rows), reversed(streams), strict=True):
        sample_words(field, first, t0)
        sample_words(field, second, t1)
        field.gadget.copee_sender_step(sums, values, t0, t1, row, field.parameter)
    return total


def key_holder_sums(field: Field, u: FieldArray, streams: Sequence[Fill], bits: Bits) -> FieldArray:
    """The end that holds the key: sum 2^j (t_j + bits[j] u_j) for u of shape (k, n), of shape (n,).

    `bits` are secret; each selects by a mask.
    """
    count = u.shape[-1]
    rows = _rows(field, u, count, written=False)
    if not len(streams) == len(bits) == field.bits:
        raise UsageError(f"{field.bits} streams and bits expected, not {len(streams)} and {len(bits)}")
    total = field.zeros((count,))
    sums = flat_words(total.limbs)
    t = np.empty_like(sums)
    for row, fill, bit in zip(reversed(rows), reversed(streams), bits[::-1], strict=True):
        sample_words(field, fill, t)
        field.gadget.copee_receiver_step(sums, t, row, np.uint64(bit), field.parameter)
    return total


def _flat(field: Field, x: FieldArray) -> Words:
    if x.field != field or x.ndim != 1:
        raise UsageError(f"COPEe takes arrays with one axis of {field.name}, not {x!r}")
    return flat_words(x.limbs)


def _rows(field: Field, u: FieldArray, count: int, *, written: bool) -> list[Words]:
    """The rows of u as kernels take them; each must be contiguous, the array as a whole need not."""
    if u.field != field or u.shape != (field.bits, count):
        raise UsageError(f"COPEe takes corrections of {field.name} of shape ({field.bits}, {count}), not {u!r}")
    if written and not all(is_output(row) for row in u.limbs):
        raise UsageError("the rows of the output must be contiguous and writable")
    return [flat_words(row) for row in u.limbs]
