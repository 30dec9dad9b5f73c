"""Operators that only integers have: floor division, remainders and shifts by public integers; bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from spdz.online.values import bits_of_integers
from spdz.online.values.dividing_integers import floor_divide, quotient_and_remainder, remainder, shifts
from spdz.online.values.numpy_functions import refusing
from spdz.online.values.secret import Public, Secret

if TYPE_CHECKING:
    from spdz.online.values.boolean import SecretBool
    from spdz.online.values.integer import SecretInt


@refusing
def _not_by_secrets(self: Any, other: Any) -> NoReturn:
    raise TypeError(
        "division and shifts by a secret are not done; the second operand is a public integer, or reveal it"
    )


@refusing
def _no_logic(self: Any, other: Any = None) -> NoReturn:
    raise TypeError(
        "& | ^ ~ and logical functions work on secret truth values: of integers take x != 0, or x.bits(), of which "
        "spdz.from_bits(bits) makes integers again"
    )


@refusing
def _no_mean(self: Any, axis: Any = None, *, keepdims: bool = False) -> NoReturn:
    raise TypeError(
        "the mean of integers is no integer; take x.as_fixed(spdz.Fixed(16, 48)).mean(), or x.sum() // count, which "
        "rounds down"
    )


class WholeOperators(Secret):
    """What has a `raw` of field elements, an interval and a declared type of integers."""

    __slots__ = ()

    def __floordiv__(self: Any, other: Public) -> SecretInt:
        """floor(x / d), exactly, as numpy: towards minus infinity, also for negative numbers and divisors.

        Rounds:   7 rounds of 24 bits by ten at M61, 20 rounds of 32 bits by ten at M61, 32 rounds of 32 bits by
                  2^28 - 1 at M61; with a dealer. At M127 as in the first case up to about 60 bits.
        Sends:    what decompositions into bits and conversions send; `spdz.plan` counts it.
        Material: for each of them a compare mask and the triples of its prefixes, and daBits, for each entry.
        UsageError for a divisor of zero, RangeError if the quotients leave the type, before anything is sent.
        """
        return floor_divide(self, other)

    def __mod__(self: Any, other: Public) -> SecretInt:
        """x - d floor(x / d), which has the sign of the divisor, as numpy. As `//`: 4 rounds of 32 bits modulo 8."""
        return remainder(self, other)

    def __divmod__(self: Any, other: Public) -> tuple[SecretInt, SecretInt]:
        """Quotient and remainder, for the price of one of them."""
        return quotient_and_remainder(self, other)

    def __rshift__(self: Any, counts: Public) -> SecretInt:
        """floor(x / 2^count), as `//`: 6 rounds of 32 bits by 8; 7 rounds of 32 bits by 31, a sign."""
        return floor_divide(self, shifts(counts, "right_shift"), "right_shift")

    def __lshift__(self: Any, counts: Public) -> SecretInt:
        """x 2^count. Costs nothing; RangeError if the result could leave the type."""
        factors, bounds, _ = self._term(shifts(counts, "left_shift"))
        return self._made(  # type: ignore[no-any-return]
            "left_shift", self._type, self._interval * bounds, lambda: self.raw * factors
        )

    __rfloordiv__ = __rmod__ = __rdivmod__ = __rrshift__ = __rlshift__ = _not_by_secrets
    __and__ = __or__ = __xor__ = __rand__ = __ror__ = __rxor__ = __invert__ = _no_logic
    mean = _no_mean

    def bits(self: Any) -> SecretBool:
        """All bits of the declared width in two's complement, the lowest first, along a new last axis.

        `spdz.from_bits(bits, signed=True)` makes the integers again.
        """
        return bits_of_integers.bits_of(self)

    def popcount(self: Any) -> SecretInt:
        """How many bits of |x| are one, as `np.bitwise_count`."""
        return bits_of_integers.popcount(self)
