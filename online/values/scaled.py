"""What is known of fixed-point numbers before they are cut back to f bits after the binary point, and the cutting.

A product of two numbers with f bits each has 2 f. It is truncated once, when it is used by anything but sums, so inner
products, matrix products and sums of products cost one truncation for each result and not one for each term.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from spdz.errors import RangeError, UsageError
from spdz.online.operations.truncate import TRUNCATE, require_truncation, worst_error
from spdz.online.values.array import SecretArray
from spdz.online.values.caller import user_line
from spdz.online.values.intervals import Interval
from spdz.online.values.reals import shown
from spdz.online.values.types import Fixed, widest

if TYPE_CHECKING:
    from spdz.online.session import Mpc


class Scale(NamedTuple):
    """What is known of numbers that are integers times 2^-(f + extra)."""

    interval: Interval
    """Of the integers."""
    error: Fraction
    """By how much the numbers are off at most, in units of 2^-f."""
    extra: int

    @property
    def width(self) -> int:
        """Bits of the integers, sign included, as a truncation takes them: not fewer than it cuts off."""
        return max(self.interval.width, self.extra)

    def lifted(self, extra: int) -> Scale:
        """Of the same numbers with so many bits more after the point."""
        return Scale(self.interval << extra - self.extra, self.error, extra)

    def times(self, count: int) -> Scale:
        """Of sums of `count` of them."""
        return Scale(self.interval.times(count), self.error * count, self.extra)

    def magnitude(self, f: int) -> Fraction:
        """The largest of the numbers, without its sign."""
        return Fraction(max(abs(self.interval.lo), abs(self.interval.hi))) / Fraction(2) ** (f + self.extra)

    def product(self, other: Scale, f: int, interval: Interval) -> Scale:
        """Of products with others, which lie in an interval."""
        error = self.magnitude(f) * other.error + other.magnitude(f) * self.error
        return Scale(interval, error + self.error * other.error / (1 << f), self.extra + other.extra + f)


class Term(NamedTuple):
    """The other operand of an operation."""

    shape: tuple[int, ...]
    scale: Scale
    type: Fixed
    """Of the result."""
    whole: Callable[[], Any]
    """Its secret elements, cut to f bits, or its public integers."""
    public: bool = False


def common(one: Fixed, other: Fixed) -> Fixed:
    """The type of what is made of two; their points must be at the same place."""
    if one.f != other.f:
        raise TypeError(
            f"{one} and {other} have different numbers of bits after the point; x.astype({Fixed(one.f, other.k)}) "
            "makes them equal"
        )
    return one if one.k >= other.k else other


def lifted(raw: Any, more: int) -> Any:
    """Secret field elements or public integers, times 2^more."""
    if more == 0:
        return raw
    return raw * (1 << more) if isinstance(raw, SecretArray) else raw.astype(object) << more


def truncated(mpc: Mpc, raw: SecretArray, scale: Scale) -> SecretArray:
    """The numbers with f bits after the point; they have passed `require_fits`."""
    width, slack = scale.width, mpc.mask_slack
    return mpc.apply(TRUNCATE, raw, width=width, f=scale.extra, slack=slack, statistical_bits=mpc.hiding.least)


def after_truncation(mpc: Mpc, scale: Scale) -> Scale:
    """What is known of the numbers once they have been truncated, whatever corrupted parties do."""
    if not scale.extra:
        return scale
    error, size = worst_error(mpc.mask_slack.terms), 1 << scale.extra
    # The bound of the error is strict, and the results are integers.
    lowest, highest = Fraction(scale.interval.lo, size) - error, Fraction(scale.interval.hi, size) + error
    return Scale(Interval(floor(lowest) + 1, ceil(highest) - 1), scale.error + error, 0)


def require_fits(mpc: Mpc, name: str, declared: Fixed, scale: Scale, count: int) -> None:
    """RangeError unless `count` results stay in their type, and can be truncated without telling anything."""
    interval = after_truncation(mpc, scale).interval
    if not interval.within(declared.interval):
        raise RangeError(
            f"{name} at {user_line()}: the result may lie anywhere in {shown(interval, declared.f)}, and {declared} "
            f"holds {shown(declared.interval, declared.f)}; {_advice(mpc, interval.width, declared)}"
        )
    if scale.extra:
        try:
            require_truncation(mpc.field, mpc.mask_slack.terms, scale.width, scale.extra, count, mpc.hiding.least)
        except UsageError as error:
            raise RangeError(f"{name} at {user_line()}: {error}; {_SMALLER}") from None


_SMALLER = "bound the operands with x.clip(lowest, highest), or declare smaller inputs"


def _advice(mpc: Mpc, width: int, declared: Fixed) -> str:
    """What to change so that a result of that many bits fits."""
    if width > widest(mpc.field):
        return f"{_SMALLER}, or fewer bits after the point"
    return (
        f"widen an operand first, as in x.astype({Fixed(declared.f, width)}), bound it with x.clip(lowest, highest), "
        "or declare smaller inputs"
    )
