"""Floor division of secret integers by public ones, remainders and shifts: exact for every x of the interval.

Source:   Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994.
Symbols:  q = floor(x / d) for d > 0; a negative divisor divides -x by -d, as the quotient is the same.
Shift:    floor(x / 2^s) = (x - (x mod 2^s)) 2^-s in the field, where x mod 2^s is made of the s lowest bits; or the
          bits from s on, whichever is less work. Both are exact (`spdz.online.values.bits_of_integers`).
Any d:    x moves by a public multiple of d, so that 0 <= x <= N. Let m = ceil(2^s / d) and e = m d - 2^s, 0 <= e < d.
          Then x m / 2^s = x / d + x e / (d 2^s). The fraction of x / d is at most (d - 1) / d, so as long as N e < 2^s,
          which makes the second term less than 1 / d, floor(x m / 2^s) = q: a product with a public number and a shift.
          s with N d < 2^s always does, and often a smaller one.
Split:    where the field has no room for x m, x = y 2^h + z is divided as on paper: y by d, and what remains, times
          2^h, plus z, by d again: it is less than d 2^h. Both quotients are exact: q = floor(y / d) 2^h + the other.
Few:      up to three steps of q are comparisons: q = sum of [x >= j d] for j = 1, 2, 3.
Long:     else, for large d in small fields, a comparison for each bit of q, one after the other: x >= d 2^j, from the
          highest j on, and less d 2^j where it is so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.algebra import broadcast_shape
from spdz.online.operations.convert import CONVERT
from spdz.online.values.bits_of_integers import (
    lowest_bits,
    lowest_part,
    powers_of_two,
    require_room_for_bits,
)
from spdz.online.values.comparing import most_bits, negative
from spdz.online.values.encoding import whole_numbers
from spdz.online.values.intervals import Interval
from spdz.online.values.ranges import require_within
from spdz.online.values.secret import Secret

if TYPE_CHECKING:
    from spdz.online.session import Mpc
    from spdz.online.values.array import SecretArray
    from spdz.online.values.integer import SecretInt

Numbers = npt.NDArray[Any]
"""Python ints."""

_FEW = 3
_SEARCHED = 64
"""Of more different divisors the shift is the one that always does."""
_LEAST_PART = 2
"""Bits of the lower part of a split."""


def floor_divide(x: SecretInt, divisors: Any, name: str = "floor_divide") -> SecretInt:
    """floor(x / d)."""
    d = _divisors(x, divisors, name)
    return x._made(name, x.type, _intervals(x.interval, d)[0], lambda: _quotients(x, d, name))


def remainder(x: SecretInt, divisors: Any) -> SecretInt:
    """x - d floor(x / d)."""
    d = _divisors(x, divisors, "remainder")
    interval = _intervals(x.interval, d)[1]
    return x._made("remainder", x.type, interval, lambda: x.raw - _quotients(x, d, "remainder") * d)


def quotient_and_remainder(x: SecretInt, divisors: Any) -> tuple[SecretInt, SecretInt]:
    """Both, for the price of one."""
    d = _divisors(x, divisors, "divmod")
    quotients, remainders = _intervals(x.interval, d)
    require_within("divmod", remainders, x.type, x._mpc.field)
    quotient = x._made("divmod", x.type, quotients, lambda: _quotients(x, d, "divmod"))
    return quotient, x._made("divmod", x.type, remainders, lambda: x.raw - quotient.raw * d)


def _divisors(x: SecretInt, divisors: Any, name: str) -> Numbers:
    """Public divisors, none of them zero, which can be broadcast with x."""
    d = public_integers(divisors, name)
    if any(divisor == 0 for divisor in d.ravel().tolist()):
        raise UsageError(f"{name}: division by zero")
    broadcast_shape(x.shape, d.shape)
    return d


def _quotients(x: SecretInt, d: Numbers, name: str) -> SecretArray:
    """floor(x / d). Asks for nothing if it raises RangeError, as there is no room for bits of x."""
    shape, quotients = broadcast_shape(x.shape, d.shape), _intervals(x.interval, d)[0]
    # The same for every entry: a look at the interval is enough.
    if quotients.lo == quotients.hi or 0 in shape:
        return x._mpc.constant(np.broadcast_to(np.array(quotients.lo, object), shape))
    return (_shifted_by_each if _powers_of_two(d) else _divided)(x, d, shape, name)


def public_integers(values: Any, name: str) -> Numbers:
    """Public operands as Python ints."""
    if isinstance(values, Secret):
        raise TypeError(f"{name} by a secret is not done; the second operand is a public integer, or reveal it")
    return np.asarray(whole_numbers(values).astype(object))


def shifts(counts: Any, name: str) -> Numbers:
    """2^count, for public counts."""
    numbers = public_integers(counts, name)
    if numbers.size and int(numbers.min()) < 0:
        raise UsageError(f"{name}: a count of bits is not negative")
    if numbers.size and int(numbers.max()) > _MOST_SHIFTED:
        raise UsageError(f"{name}: by more than {_MOST_SHIFTED} bits")
    return _exact(np.left_shift(np.ones(numbers.shape, object), numbers))


_MOST_SHIFTED = 1 << 16


def _intervals(x: Interval, d: Numbers) -> tuple[Interval, Interval]:
    """Of quotients and remainders by any of these divisors."""
    if not d.size:
        return Interval(0, 0), Interval(0, 0)
    quotients, remainders = [], []
    for divisor in set(d.ravel().tolist()):
        ends = sorted((x.lo // divisor, x.hi // divisor))
        quotients.append(Interval(*ends))
        if ends[0] == ends[1]:
            remainders.append(Interval(x.lo - divisor * ends[0], x.hi - divisor * ends[0]))
        else:
            remainders.append(Interval(*sorted((0, divisor - (1 if divisor > 0 else -1)))))
    return Interval.hull(quotients), Interval.hull(remainders)


def _powers_of_two(d: Numbers) -> bool:
    return all(abs(size) & abs(size) - 1 == 0 for size in d.ravel().tolist())


# -- by powers of two -------------------------------------------------------------------------------------------------


def _shifted_by_each(x: SecretInt, d: Numbers, shape: tuple[int, ...], name: str) -> SecretArray:
    """Quotients by powers of two, of which each entry may have its own."""
    require_room_for_bits(name, x._mpc, Interval.hull([x.interval, -x.interval] if (d < 0).any() else [x.interval]))
    values, interval = _signed(x, d)
    # Beyond the sign there is nothing but the sign.
    counts = np.minimum([int(size).bit_length() - 1 for size in d.ravel().tolist()], interval.width - 1)
    if len(set(counts.tolist())) == 1:
        return shifted(values, interval, int(counts[0]))._spread(shape)
    count = int(counts.max())
    weights = np.stack([powers_of_two(count) * (np.arange(count) < own) for own in counts.tolist()])
    low = lowest_part(values, count, weights.reshape(*d.shape, count))
    inverses = np.array([_inverse_of_power(x._mpc, own) for own in counts.tolist()], object)
    return ((values - low) * inverses.reshape(d.shape))._spread(shape)


def _signed(x: SecretInt, d: Numbers) -> tuple[SecretArray, Interval]:
    """x, or -x where the divisor is negative."""
    signs = np.where(d < 0, -1, 1)
    if (signs > 0).all():
        return x.raw, x.interval
    return x.raw * signs, Interval.hull(
        [x.interval if sign > 0 else -x.interval for sign in set(signs.ravel().tolist())]
    )


def shifted(values: SecretArray, interval: Interval, count: int) -> SecretArray:
    """floor(x / 2^count) of integers in an interval for which there is room: from below, or from above."""
    width = interval.width if interval.lo < 0 else interval.hi.bit_length()
    above = width - count
    if count == 0:
        return values
    if interval.lo < 0 and above <= 1:
        return -values._mpc.apply(CONVERT, negative(values, interval))
    if above <= 0:
        return values._mpc.constant(np.zeros(values.shape, np.int64))
    if _work(width, above) < _work(count, count):
        weights = powers_of_two(above)
        if interval.lo < 0:
            weights[-1] = -weights[-1]
        return values._mpc.apply(CONVERT, lowest_bits(values, width)[..., count:]) @ weights
    return (values - lowest_part(values, count)) * _inverse_of_power(values._mpc, count)


def _work(decomposed: int, converted: int) -> int:
    """To find so many bits and to make field elements of some, of which each costs as much as two bits to find."""
    return decomposed + 2 * converted


def _inverse_of_power(mpc: Mpc, count: int) -> int:
    """2^-count in the field, as a signed integer."""
    modulus = mpc.field.modulus
    inverse = pow(2, -count, modulus)
    return inverse - modulus if inverse > modulus // 2 else inverse


# -- by any divisors --------------------------------------------------------------------------------------------------


def _divided(x: SecretInt, d: Numbers, shape: tuple[int, ...], name: str) -> SecretArray:
    """Quotients by divisors of which one at least is no power of two."""
    size = _exact(abs(d))
    lowest, highest = (
        _exact(np.where(d < 0, _exact(-one), _exact(other)))
        for one, other in ((x.interval.hi, x.interval.lo), (x.interval.lo, x.interval.hi))
    )
    base = _exact(lowest // size)
    tops = _exact(highest - base * size)
    require_room_for_bits(name, x._mpc, Interval(0, _most(tops)))
    moved = (_signed(x, d)[0] - base * size)._spread(shape)
    # Of what is beyond the interval all quotients are zero.
    return _quotient(moved, tops, _smaller(size, tops + 1)) + base


def _exact(numbers: Any) -> Numbers:
    """As an array of Python ints; numpy makes numbers of arrays without axes."""
    return np.asarray(numbers, object)


def _smaller(one: Any, other: Any) -> Numbers:
    return _exact(np.minimum(_exact(one), _exact(other)))


def _most(numbers: Numbers) -> int:
    return int(_exact(numbers).max())


def _quotient(x: SecretArray, tops: Numbers, d: Numbers) -> SecretArray:
    """floor(x / d) for 0 <= x <= tops, entry by entry; there is room for bits of x."""
    mpc = x._mpc
    steps = _most(tops // d)
    if steps <= _FEW:
        return _counted(x, tops, d, steps)
    if multiplier := _multiplier(mpc, tops, d):
        return _by_multiplier(x, tops, *multiplier)
    for lower in range(_most(tops).bit_length() - 1, _LEAST_PART - 1, -1):
        rest = _exact((d << lower) - 1)
        if multiplier := _multiplier(mpc, rest, d):
            low = lowest_part(x, lower)
            high = (x - low) * _inverse_of_power(mpc, lower)
            q = _quotient(high, _exact(tops >> lower), d)
            return q * (1 << lower) + _by_multiplier((high - q * d) * (1 << lower) + low, rest, *multiplier)
    return _long(x, tops, d, steps)


def _multiplier(mpc: Mpc, tops: Numbers, d: Numbers) -> tuple[Numbers, int] | None:
    """m and s of the module's text, if the field has room for the products."""
    pairs = set(zip(*(each.ravel().tolist() for each in np.broadcast_arrays(tops, d)), strict=True))
    count = max(top * divisor for top, divisor in pairs).bit_length()
    if len(pairs) <= _SEARCHED:
        count = next(s for s in range(count + 1) if all(top * (-(1 << s) % divisor) < 1 << s for top, divisor in pairs))
    m = _exact(-(-(1 << count) // d))
    return (m, count) if Interval(0, _most(tops * m)).width <= most_bits(mpc) else None


def _by_multiplier(x: SecretArray, tops: Numbers, m: Numbers, count: int) -> SecretArray:
    return shifted(x * m, Interval(0, _most(tops * m)), count)


def _counted(x: SecretArray, tops: Numbers, d: Numbers, steps: int) -> SecretArray:
    """How many multiples of d are not above x, all compared at once."""
    if not steps:
        return x._mpc.constant(np.zeros(x.shape, np.int64))
    multiples = np.stack([np.broadcast_to(_smaller(d * step, tops + 1), x.shape) for step in range(1, steps + 1)])
    below = negative(x - multiples, _between(tops, multiples))
    return steps - x._mpc.apply(CONVERT, below).sum(0)


def _between(tops: Numbers, multiples: Numbers) -> Interval:
    """Of x less these multiples, for 0 <= x <= tops."""
    return Interval(-_most(multiples), _most(tops - multiples))


def _long(x: SecretArray, tops: Numbers, d: Numbers, steps: int) -> SecretArray:
    """The bits of the quotient, the highest first, by as many comparisons one after the other."""
    q: Any = 0
    for place in reversed(range(steps.bit_length())):
        part = _smaller(d << place, tops + 1)
        below = negative(x - part, _between(tops, part))
        bit = 1 - x._mpc.apply(CONVERT, below)
        q, x, tops = bit * (1 << place) + q, x - bit * part, _smaller(tops, part - 1)
    return q  # type: ignore[no-any-return]
