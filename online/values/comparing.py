"""Comparisons of secret integers.

Each is a statement about the difference of its operands, whose interval says how many bits have to be looked at. Where
the interval tells the answer, the result is a constant and nothing is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spdz.errors import RangeError
from spdz.online.operations.compare import SIGN, comparison
from spdz.online.operations.equality import EQUAL
from spdz.online.operations.registry import Operation
from spdz.online.values.boolean import SecretBool, constant_bits
from spdz.online.values.caller import user_line
from spdz.online.values.intervals import Interval

if TYPE_CHECKING:
    from spdz.online.session import Mpc
    from spdz.online.values.array import SecretArray
    from spdz.online.values.integer import SecretInt


def less(x: SecretInt, y: Any) -> SecretBool:
    """Whether x < y."""
    return negative(*difference_of(x, y))


def greater(x: SecretInt, y: Any) -> SecretBool:
    """Whether x > y."""
    difference, interval = difference_of(x, y)
    return negative(-difference, -interval)


def equal(x: SecretInt, y: Any) -> SecretBool:
    """Whether x = y."""
    return zero(*difference_of(x, y))


def zero(values: SecretArray, interval: Interval) -> SecretBool:
    """Whether entries that lie in an interval are zero."""
    if 0 not in interval or interval.lo == interval.hi:
        return _known(values, 0 in interval)
    return _looked_at(EQUAL, values, interval)


def negative(values: SecretArray, interval: Interval) -> SecretBool:
    """Whether entries that lie in an interval are below zero."""
    if interval.hi < 0 or interval.lo >= 0:
        return _known(values, interval.hi < 0)
    return _looked_at(SIGN, values, interval)


def most_bits(mpc: Mpc) -> int:
    """Of how many bits, sign included, a number may be that is compared in this session's field."""
    return mpc.field.bits - comparison(mpc.mask_slack, 1).t


def difference_of(x: SecretInt, y: Any) -> tuple[SecretArray, Interval]:
    """x - y as field elements, and where it lies."""
    term, bounds, _ = x._term(y)
    return x.raw - term, x.interval - bounds


def _known(values: SecretArray, answer: bool) -> SecretBool:
    return constant_bits(values._mpc, np.full(values.shape, answer, np.uint8))


def _looked_at(operation: Operation, values: SecretArray, interval: Interval) -> SecretBool:
    """The operation on the least number of bits that holds the interval."""
    mpc = values._mpc
    if interval.width > most_bits(mpc):
        raise RangeError(
            f"comparison at {user_line()}: the difference may lie anywhere in {interval}, and comparisons in "
            f"{mpc.field.name} look at numbers of at most {most_bits(mpc)} bits; declare smaller inputs, bound the "
            "operands with x.assume_range(lo, hi), or compute in a larger field, as with field='M127'"
        )
    return mpc.apply_as(SecretBool, operation, values, width=interval.width, slack=mpc.mask_slack)
