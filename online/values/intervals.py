"""Exact interval arithmetic on Python ints: between which public bounds the entries of a secret array lie.

The bounds follow from declared types, public constants and shapes alone, so all parties compute the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import InternalError

_SHOWN_EXACTLY = 10**9


@dataclass(frozen=True, slots=True)
class Interval:
    """All integers from `lo` to `hi`, both included."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise InternalError(f"an interval from {number(self.lo)} to {number(self.hi)} is empty")

    @classmethod
    def signed(cls, width: int) -> Interval:
        """What `width` bits hold in two's complement."""
        return cls(-(1 << width - 1), (1 << width - 1) - 1)

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Interval:
        """The least interval that holds all entries of a public array; just zero if there are none."""
        return cls(int(values.min()), int(values.max())) if values.size else cls(0, 0)

    @classmethod
    def hull(cls, intervals: Iterable[Interval]) -> Interval:
        """The least interval that holds all of these."""
        given = list(intervals)
        return cls(min(each.lo for each in given), max(each.hi for each in given))

    # -- what it holds --------------------------------------------------------------------------------------------

    def __contains__(self, value: int) -> bool:
        return self.lo <= value <= self.hi

    def within(self, other: Interval) -> bool:
        """Whether all of it lies in another one."""
        return other.lo <= self.lo and self.hi <= other.hi

    @property
    def width(self) -> int:
        """The least number of bits in which two's complement holds all of it; at least one."""
        return max((end if end >= 0 else ~end).bit_length() for end in (self.lo, self.hi)) + 1

    def __str__(self) -> str:
        return f"[{number(self.lo)}, {number(self.hi)}]"

    # -- of one and of two operands -------------------------------------------------------------------------------

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.lo - other.hi, self.hi - other.lo)

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __mul__(self, other: Interval) -> Interval:
        ends = [x * y for x, y in itertools.product((self.lo, self.hi), (other.lo, other.hi))]
        return Interval(min(ends), max(ends))

    def __pow__(self, exponent: int) -> Interval:
        """Of x^exponent, for one x: even powers are not negative."""
        ends = [self.lo**exponent, self.hi**exponent]
        if exponent % 2 == 0 and 0 in self:
            ends.append(0)
        return Interval(min(ends), max(ends))

    def __abs__(self) -> Interval:
        return Interval(max(0, self.lo, -self.hi), max(-self.lo, self.hi))

    def __lshift__(self, count: int) -> Interval:
        return Interval(self.lo << count, self.hi << count)

    def __rshift__(self, count: int) -> Interval:
        """Of the floor of x / 2^count."""
        return Interval(self.lo >> count, self.hi >> count)

    def maximum(self, other: Interval) -> Interval:
        """Of the larger of two values."""
        return Interval(max(self.lo, other.lo), max(self.hi, other.hi))

    def minimum(self, other: Interval) -> Interval:
        """Of the smaller of two values."""
        return Interval(min(self.lo, other.lo), min(self.hi, other.hi))

    def clip(self, lowest: Interval, highest: Interval) -> Interval:
        """Of min(max(x, lowest), highest)."""
        return self.maximum(lowest).minimum(highest)

    # -- of many entries ------------------------------------------------------------------------------------------

    def times(self, count: int) -> Interval:
        """Of a sum of `count` entries."""
        return Interval(self.lo * count, self.hi * count)

    def up_to(self, count: int) -> Interval:
        """Of a sum of one to `count` entries; if there are none, of nothing."""
        return Interval.hull([self.times(min(count, 1)), self.times(count)])

    def dot(self, other: Interval, length: int) -> Interval:
        """Of an inner product of that length."""
        return (self * other).times(length)

    def weighted(self, weights: npt.NDArray[Any], axis: int) -> Interval:
        """Of sums of entries times public weights, along an axis of the weights."""
        positive, negative = (_exact_sum(part, axis) for part in (np.maximum(weights, 0), np.minimum(weights, 0)))
        if positive.size == 0:
            return Interval(0, 0)
        return Interval(
            int((positive * self.lo + negative * self.hi).min()), int((positive * self.hi + negative * self.lo).max())
        )


def _exact_sum(values: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Sums, flat, as Python ints; computed in 64 bits where they fit."""
    largest = max((abs(int(end)) for end in (values.min(), values.max())), default=0) if values.size else 0
    fits = largest * values.shape[axis] < 2**63 and values.dtype != np.uint64
    return np.asarray(values.astype(np.int64 if fits else object).sum(axis)).astype(object).ravel()


def number(value: int) -> str:
    """An integer as a reader takes it in: large ones by their powers of two."""
    if abs(value) < _SHOWN_EXACTLY:
        return str(value)
    sign, size = "-" if value < 0 else "", abs(value)
    if size & (size - 1) == 0:
        return f"{sign}2^{size.bit_length() - 1}"
    if size & (size + 1) == 0:
        return f"{sign}(2^{size.bit_length()} - 1)" if sign else f"2^{size.bit_length()} - 1"
    return f"about {sign}2^{size.bit_length()}"
