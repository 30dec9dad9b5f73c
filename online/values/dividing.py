"""Division of fixed-point numbers by public ones: multiplication by inverses with bits to spare, and a truncation."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spdz.errors import UsageError
from spdz.field.algebra import broadcast_shape
from spdz.online.operations.truncate import require_truncation
from spdz.online.values.intervals import Interval
from spdz.online.values.reals import Numbers, fractions_of

if TYPE_CHECKING:
    from spdz.online.session import Mpc

_SPARE = 2
"""Bits more than the numbers have: the inverses then cost an eighth of a unit."""


class Inverses(NamedTuple):
    """1 / c times 2^extra, rounded; by how much a quotient is off for that, in units."""

    factors: Numbers
    extra: int
    error: Fraction


def inverses(mpc: Mpc, divisors: Any, shape: tuple[int, ...], interval: Interval) -> Inverses:
    """Of public numbers by which integers of an interval, in an array of that shape, are divided.

    Exact for powers of two; otherwise with as many bits as make no difference, or as a truncation leaves room for.
    Raises UsageError for zero, NaN and infinity.
    """
    numbers = fractions_of(divisors)
    count = math.prod(broadcast_shape(shape, numbers.shape))
    flat = numbers.ravel().tolist()
    if any(not number for number in flat):
        raise UsageError("division by zero")
    inverse = [1 / number for number in flat]
    largest = max(abs(interval.lo), abs(interval.hi))
    wanted = interval.width + _SPARE + max((abs(number).numerator.bit_length() for number in flat), default=0)
    if all(number.denominator & number.denominator - 1 == 0 for number in inverse):
        wanted = max((number.denominator.bit_length() - 1 for number in inverse), default=0)
    extra = next(
        (bits for bits in range(wanted, 0, -1) if _has_room(mpc, interval, inverse, bits, count)), min(wanted, 1)
    )
    factors = np.empty(len(flat), object)
    factors[:] = [round(number * (1 << extra)) for number in inverse]
    off = max((abs(factor - number * (1 << extra)) for factor, number in zip(factors, inverse, strict=True)), default=0)
    return Inverses(factors.reshape(numbers.shape), extra, Fraction(off) * largest / (1 << extra))


def _has_room(mpc: Mpc, interval: Interval, inverse: list[Fraction], extra: int, count: int) -> bool:
    """Whether quotients with so many bits more can be truncated."""
    largest = max(abs(interval.lo), abs(interval.hi)) * max(
        (round(abs(number) * (1 << extra)) for number in inverse), default=0
    )
    try:
        require_truncation(
            mpc.field, mpc.mask_slack.terms, max(largest.bit_length() + 1, extra), extra, count, mpc.hiding.least
        )
    except UsageError:
        return False
    return True
