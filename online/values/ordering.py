"""What comparisons make of integers: the larger of two, clip, abs, sign, relu, and the extremes of an axis.

Where the intervals of the operands tell the answer nothing is compared. Functions of two are one comparison and one
selection; those of an axis halve it, with a comparison and a selection for each halving.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spdz.errors import UsageError
from spdz.field.algebra import broadcast_shape
from spdz.online.values.boolean import SecretBool
from spdz.online.values.comparing import greater, less, negative
from spdz.online.values.encoding import whole_numbers
from spdz.online.values.folding import folded, halved, pairs
from spdz.online.values.intervals import Interval
from spdz.online.values.secret import Secret
from spdz.online.values.selecting import chosen, rows_chosen
from spdz.online.values.shapes import normal_axis, reduced_shape
from spdz.online.values.types import standard_int

if TYPE_CHECKING:
    from spdz.online.values.array import SecretArray
    from spdz.online.values.integer import SecretInt
    from spdz.online.values.shapes import Axes

V = TypeVar("V", bound=Secret)

# -- of two -----------------------------------------------------------------------------------------------------------


def maximum(x: SecretInt, other: Any) -> SecretInt:
    """The larger of two, entry by entry."""
    bounds = x._term(other)[1]
    known = x.interval.lo >= bounds.hi, x.interval.hi <= bounds.lo
    return _one_of("maximum", x, other, x.interval.maximum(bounds), known, less)


def minimum(x: SecretInt, other: Any) -> SecretInt:
    """The smaller of two, entry by entry."""
    bounds = x._term(other)[1]
    known = x.interval.hi <= bounds.lo, x.interval.lo >= bounds.hi
    return _one_of("minimum", x, other, x.interval.minimum(bounds), known, greater)


def _one_of(
    name: str,
    x: SecretInt,
    other: Any,
    interval: Interval,
    known: tuple[bool, bool],
    takes_other: Callable[[SecretInt, Any], SecretBool],
) -> SecretInt:
    """`x`, or the other operand where a comparison says so; `known`: it is x, it is the other one, everywhere."""
    term, _, declared = x._term(other)
    shape = broadcast_shape(x.shape, term.shape)

    def raw() -> SecretArray:
        if any(known):
            return (x if known[0] else x._coerced(other)).raw._spread(shape)
        return x.raw + chosen(takes_other(x, other), -x.raw + term)

    return x._made(name, declared, interval, raw)


def clip(x: SecretInt, lowest: Any, highest: Any) -> SecretInt:
    """min(max(x, lowest), highest); at once, not one after the other, if the bounds are public and in order."""
    if lowest is None or highest is None:
        if lowest is highest:
            raise UsageError("clip takes a lowest value, a highest, or both")
        return minimum(x, highest) if lowest is None else maximum(x, lowest)
    if any(isinstance(bound, Secret) for bound in (lowest, highest)):
        return minimum(maximum(x, lowest), highest)
    low, high = whole_numbers(lowest), whole_numbers(highest)
    if not np.all(low <= high) or Interval.of(low).hi <= x.interval.lo or Interval.of(high).lo >= x.interval.hi:
        return minimum(maximum(x, low), high)
    interval = x.interval.clip(Interval.of(low), Interval.of(high))

    def raw() -> SecretArray:
        return x.raw + chosen(less(x, low), low - x.raw) + chosen(greater(x, high), high - x.raw)

    return x._made("clip", x.type, interval, raw)


# -- of one -----------------------------------------------------------------------------------------------------------


def absolute(x: SecretInt) -> SecretInt:
    """|x| = x - 2 [x < 0] x. RangeError for an interval that holds -2^(width-1), whose negative does not fit."""
    if x.interval.lo >= 0 or x.interval.hi <= 0:
        return x if x.interval.lo >= 0 else -x
    return x._made("abs", x.type, abs(x.interval), lambda: x.raw + chosen(less(x, 0), -2 * x.raw))


def sign(x: SecretInt) -> SecretInt:
    """1, 0 or -1: [x > 0] - [x < 0]."""
    bounds = Interval(*(int(np.sign(end)) for end in (min(max(x.interval.lo, -1), 1), min(max(x.interval.hi, -1), 1))))
    return x._made("sign", x.type, bounds, lambda: greater(x, 0).as_int().raw - less(x, 0).as_int().raw)


def relu(x: V) -> V:
    """The larger of x and zero, of secret numbers."""
    if not hasattr(x, "relu"):
        raise TypeError(f"relu takes secret numbers of a declared type, such as spdz.Int(32), not a {type(x).__name__}")
    rectified: V = x.relu()
    return rectified


# -- of an axis -------------------------------------------------------------------------------------------------------


def extreme(x: SecretInt, axis: Axes, keepdims: bool, better: Callable[[SecretInt, SecretInt], SecretInt]) -> SecretInt:
    """The largest or the smallest along axes, by `maximum` or `minimum`."""

    def nothing(shape: Any) -> SecretInt:
        if 0 in shape:
            return x.reshape(shape)
        raise UsageError("of no entries there is neither a largest nor a smallest")

    return halved(x, axis, keepdims, better, nothing)


def place(x: SecretInt, axis: int | None, keepdims: bool, direction: int) -> SecretInt:
    """Where along an axis the first of the largest (direction 1) or smallest (-1) stands.

    Words are the value and its index; both move under one bit. Neighbours are compared, so the left one has the lower
    index, and stays when they are equal.
    """
    shape = reduced_shape(x.shape, axis if axis is None else normal_axis(axis, x.ndim), keepdims)
    lane = folded(x, axis).raw
    count = lane.shape[-1]
    if count == 0 and 0 not in shape:
        raise UsageError("of no entries there is neither a largest nor a smallest")
    words: SecretArray = x._mpc.stack([lane, np.broadcast_to(np.arange(count), lane.shape)])
    spread = x.interval - x.interval
    while words.shape[-1] > 1:
        left, right, over = pairs(words)
        step = right - left
        moved = left + rows_chosen(negative(-direction * step[0], spread), step)
        words = x._mpc.concatenate([moved, over], -1) if over.shape[-1] else moved
    declared = standard_int(x._mpc.field)
    return x._made("argmax" if direction > 0 else "argmin", declared, _places(count), lambda: words[1].reshape(shape))


def _places(count: int) -> Interval:
    """Of an index among so many."""
    return Interval(0, max(count - 1, 0))
