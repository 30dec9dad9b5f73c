"""Public real numbers as multiples of 2^-f: what a user passes and is given, and what an error message shows.

Numbers are rounded once, to the nearest multiple; halves go to the even one, as numpy and Python round.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.algebra import place_of
from spdz.online.values.encoding import WHOLE, plain
from spdz.online.values.intervals import Interval, number

Numbers = npt.NDArray[Any]
"""Public integers, as an array of an integer type or of Python ints."""

_EXACT = 1 << 53
"""Integers up to here are doubles."""
_SHOWN_EXACTLY = 10**9


class Units(NamedTuple):
    """Public numbers: `values` times 2^-f, and whether that is exactly what was passed."""

    values: Numbers
    exact: bool


def units_of(values: Any, f: int) -> Units:
    """Real numbers, in arrays or lists, as multiples of 2^-f.

    Raises UsageError for what is no plain array of real numbers, for NaN and for infinity, naming the first index.
    """
    array = _array(plain(values, kinds=WHOLE + "f"))
    if array.dtype.kind == "f":
        return _of_doubles(array.astype(np.float64), f)
    if array.dtype.kind in "iu":
        return Units(np.asarray(array.astype(object) << f), True)
    scaled = [_fraction(value, index) * (1 << f) for index, value in np.ndenumerate(array)]
    exact = all(value.denominator == 1 for value in scaled)
    return Units(_as_objects([round(value) for value in scaled], array.shape), exact)


def fractions_of(values: Any) -> Numbers:
    """Real numbers, in arrays or lists, exactly: an array of fractions. Errors as `units_of`."""
    array = _array(plain(values, kinds=WHOLE + "f"))
    flat = [_fraction(value, index) for index, value in np.ndenumerate(array.astype(object))]
    return _as_objects(flat, array.shape)


def reals_of(units: Numbers, f: int) -> npt.NDArray[np.float64]:
    """Multiples of 2^-f as doubles: exact below 2^53 units, the nearest double beyond."""
    return np.ldexp(units.astype(np.float64), -f)


def shown(interval: Interval, f: int) -> str:
    """An interval of multiples of 2^-f as a reader takes it in."""
    return f"[{_end(interval.lo, f)}, {_end(interval.hi, f)}]"


def _end(units: int, f: int) -> str:
    if abs(units) >> f >= _SHOWN_EXACTLY:
        return number(units >> f)
    return f"{units / (1 << f):.10g}"


def _array(given: Any) -> npt.NDArray[Any]:
    """An array of numpy that holds integers, doubles, or objects."""
    try:
        array = given if isinstance(given, np.ndarray) else np.array(given, dtype=object)
    except (TypeError, ValueError) as error:
        raise UsageError(f"a {type(given).__name__} cannot be read as an array of numbers: {error}") from None
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind not in WHOLE + "f" or array.dtype.itemsize > 8:
        raise UsageError(f"spdz.Fixed holds real numbers of at most 64 bits, not {array.dtype}")
    if array.dtype == object and all(_is_double(value) for value in array.ravel().tolist()):
        return array.astype(np.float64)
    return array


def _is_double(value: Any) -> bool:
    """Whether nothing is lost when a number becomes a double."""
    return type(value) is float or (type(value) is int and abs(value) <= _EXACT)


def _of_doubles(values: npt.NDArray[np.float64], f: int) -> Units:
    if not np.isfinite(values).all():
        raise UsageError(f"spdz.Fixed holds no NaN and no infinity, and there is one: {place_of(~np.isfinite(values))}")
    scaled = np.ldexp(values, f)
    rounded = np.rint(scaled)
    exact = bool((rounded == scaled).all())
    if rounded.size and np.abs(rounded).max() >= 2.0**62:
        return Units(_as_objects([int(value) for value in rounded.ravel()], values.shape), exact)
    return Units(rounded.astype(np.int64), exact)


def _fraction(value: Any, index: tuple[int, ...]) -> Fraction:
    place = f"the number at index {index}" if index else "the number"
    if not isinstance(value, int | float | np.number | Rational | Decimal) or isinstance(value, np.complexfloating):
        advice = ": nested sequences need equal lengths" if isinstance(value, list | tuple) else ""
        raise UsageError(f"spdz.Fixed holds real numbers, but {place} is a {type(value).__name__}{advice}")
    try:
        return Fraction(value.item() if isinstance(value, np.generic) else value)
    except (ValueError, OverflowError):
        raise UsageError(f"spdz.Fixed holds no NaN and no infinity, and {place} is one") from None


def _as_objects(values: list[Any], shape: tuple[int, ...]) -> Numbers:
    out = np.empty(len(values), object)
    out[:] = values
    return out.reshape(shape)
