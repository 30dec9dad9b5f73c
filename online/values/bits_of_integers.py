"""Integers and their bits: the lowest bits of a number, all of them, how many are one, and numbers made of bits.

Exact:  the lowest `count` bits come from the decomposition of a number of `count` bits, also of what has more: what is
        opened is 2^t x + o + R modulo p, and its lowest t + count bits, less those of R, are those of 2^t x but for
        carries out of the lowest t places, as long as 2^t x + o does not reach p itself. So there is room wherever a
        comparison has room for x, and masks and triples are those of `count` bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spdz.errors import RangeError, UsageError
from spdz.online.operations.bit_decomposition import BITS, ROUNDS
from spdz.online.operations.convert import CONVERT
from spdz.online.values.boolean import SecretBool, constant_bits
from spdz.online.values.caller import user_line
from spdz.online.values.comparing import most_bits
from spdz.online.values.intervals import Interval
from spdz.online.values.ranges import require_field, require_within
from spdz.online.values.types import Int, standard_int
from spdz.online.values.whole import as_a_whole

if TYPE_CHECKING:
    from spdz.online.session import Mpc
    from spdz.online.values.array import SecretArray
    from spdz.online.values.integer import SecretInt


def require_room_for_bits(name: str, mpc: Mpc, interval: Interval) -> None:
    """RangeError unless bits can be taken of numbers in that interval."""
    if interval.width > most_bits(mpc):
        raise RangeError(
            f"{name} at {user_line()}: bits are taken of numbers that may lie anywhere in {interval}, and there is "
            f"room for {most_bits(mpc)} bits in {mpc.field.name}; declare smaller inputs, bound the operands with "
            "x.assume_range(lo, hi), or compute in a larger field, as with field='M127'"
        )


def lowest_bits(values: SecretArray, count: int) -> SecretBool:
    """The `count` lowest bits, along a new last axis, of integers for which there is room."""
    mpc = values._mpc
    if not count:
        return constant_bits(mpc, np.zeros((*values.shape, 0), np.uint8))
    return mpc.apply_as(SecretBool, BITS, values, width=count, slack=mpc.mask_slack, depth=ROUNDS)


def lowest_part(values: SecretArray, count: int, weights: Any = None) -> SecretArray:
    """x modulo 2^count, of integers for which there is room; or a sum of these bits with other weights."""
    bits = values._mpc.apply(CONVERT, lowest_bits(values, count))
    if weights is None:
        return bits @ powers_of_two(count)
    weighted: SecretArray = bits * weights
    return weighted.sum(-1)


def powers_of_two(count: int) -> np.ndarray[Any, Any]:
    """1, 2, 4, ... as Python ints."""
    weights = np.empty(count, object)
    weights[:] = [1 << place for place in range(count)]
    return weights


def bits_of(x: SecretInt) -> SecretBool:
    """All bits of a declared width in two's complement, the lowest first, along a new last axis.

    Rounds:   1, and one for each time the leaves of two bits can be halved, and mostly 1: 7 rounds of 32 bits.
    Material: a compare mask of the width of the interval and t bits for each entry, and the triples of the prefixes.
    """
    width = x.interval.width
    require_room_for_bits("bits", x._mpc, x.interval)
    found = lowest_bits(x.raw, width)
    above = x.type.width - width
    if not above:
        return found
    sign = found[..., -1:].broadcast_to((*x.shape, above))
    return x._mpc.concatenate([found, sign], -1)  # type: ignore[no-any-return]


def popcount(x: SecretInt) -> SecretInt:
    """How many bits of |x| are one, as `np.bitwise_count`.

    Rounds:   those of `bits`, and 1: 7 rounds of 31 bits, if none can be negative.
    Material: as for `bits`, and a daBit for each bit.
    """
    size = abs(x)
    count = size.interval.hi.bit_length()
    require_room_for_bits("popcount", x._mpc, size.interval)
    ones = x._mpc.apply(CONVERT, lowest_bits(size.raw, count)).sum(-1)
    return x._made("popcount", standard_int(x._mpc.field), _ones(size.interval), lambda: ones)


def _ones(x: Interval) -> Interval:
    """Between which numbers of ones the numbers of an interval have, none of them negative."""
    same = (x.lo ^ x.hi).bit_length()
    prefix = (x.hi >> same).bit_count()
    if not same:
        return Interval(prefix, prefix)
    low, high = x.lo % (1 << same), x.hi % (1 << same - 1)
    # Below the bits that all have in common: zero and then all ones, or one and then as `high` allows.
    most = max(same - 1, 1 + max(high.bit_count(), high.bit_length() - 1))
    return Interval(prefix + (low > 0), prefix + most)


@as_a_whole
def from_bits(bits: SecretBool, *, signed: bool = False, width: int | None = None) -> SecretInt:
    """Integers of which the bits stand along the last axis, the lowest first; in two's complement if `signed`.

    Rounds:   1 round of any number of bits.  Sends: 1 bit per bit to each peer, packed.
    Material: one daBit per bit.
    """
    from spdz.online.values.integer import SecretInt  # which is made of this module

    if not isinstance(bits, SecretBool):
        raise TypeError(f"from_bits takes secret truth values, a SecretBool, not a {type(bits).__name__}")
    if not bits.ndim:
        raise UsageError("from_bits takes bits along a last axis, and an array without axes has none")
    count = bits.shape[-1]
    weights = powers_of_two(count)
    if signed and count:
        weights[-1] = -weights[-1]
    interval = Interval(int(np.minimum(weights, 0).sum()), int(np.maximum(weights, 0).sum()))
    declared = Int(max(interval.width, standard_int(bits._mpc.field).width) if width is None else width)
    require_field(declared, bits._mpc.field)
    require_within("from_bits", interval, declared, bits._mpc.field)
    raw = bits._mpc.apply(CONVERT, bits) @ weights
    return SecretInt(bits._mpc, raw._node, declared, interval)
