"""Whether whole rows are equal, with fewer comparisons than they have entries.

Exact:  differences of at most D in size are the digits of a number to the base B = 2 D + 1, balanced around zero, in
        which every number has one form; so it is zero just if all of them are. As many differences become one number as
        a comparison looks at: that costs one mask for all of them, and no products between them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.errors import UsageError
from spdz.online.values.boolean import SecretBool, constant_bits
from spdz.online.values.comparing import difference_of, most_bits, zero
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.online.values.ordered import OrderedByUnits
from spdz.online.values.secret import Secret
from spdz.online.values.whole import as_a_whole


@as_a_whole
def rows_equal(x: Any, y: Any) -> SecretBool:
    """Whether x and y are equal in all entries along the last axis; at least one of them is secret.

    The same as `(x == y).all(-1)`, of integers, fixed-point numbers and truth values, for less.
    Rounds:   10 rounds of five numbers of 32 bits, 3 rounds of eight truth values.
    Material: a compare mask and triples for as many differences as fit into a number; for bits their products.
    """
    own, other = _secret_first(x, y)
    if isinstance(own, SecretBool):
        _require_axis(own.ndim or np.ndim(other))
        differ: SecretBool = (own ^ other).any(-1)
        return ~differ
    if isinstance(own, OrderedByUnits):
        return rows_equal(own.units, own._units_of(other))
    if not isinstance(own, SecretInt):
        raise TypeError("rows of field elements have no declared range: compare x.as_int(width), which declares one")
    difference, interval = difference_of(own, other)
    _require_axis(difference.ndim)
    count, size = difference.shape[-1], max(abs(interval.lo), abs(interval.hi))
    if not count or not size or 0 not in interval:
        return constant_bits(own._mpc, np.full(difference.shape[:-1], not count or not size, np.uint8))
    base, together = 2 * size + 1, 1
    while together < count and _packed(base, together + 1).width <= most_bits(own._mpc):
        together += 1
    groups = -(-count // together)
    weights = np.zeros((count, groups), object)
    for place in range(count):
        weights[place, place // together] = base ** (place % together)
    packed = interval if together == 1 else _packed(base, together)
    return zero(difference @ weights, packed).all(-1)


def _packed(base: int, digits: int) -> Interval:
    """Of numbers of so many digits, balanced around zero."""
    most = (base**digits - 1) // 2
    return Interval(-most, most)


def _secret_first(x: Any, y: Any) -> tuple[Any, Any]:
    """Of two operands first the secret one, of two secret ones that of the higher class."""
    if not any(isinstance(each, Secret) for each in (x, y)):
        raise UsageError("rows_equal takes secret values; np.all(x == y, -1) serves for public ones")
    return (y, x) if getattr(y, "_rank", -1) > getattr(x, "_rank", -1) else (x, y)


def _require_axis(ndim: int) -> None:
    if not ndim:
        raise UsageError("rows_equal compares along the last axis, and a number has none; x == y compares numbers")
