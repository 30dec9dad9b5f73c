"""Secret real numbers in fixed point: integers of units 2^-f, of which public bounds are known.

As for secret integers, an interval follows the computation, and what could leave the declared type is refused before
anything is sent. Beside it goes a bound of the error: how far an entry may be from what exact arithmetic on the same
inputs gives, whatever corrupted parties do.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.field.algebra import broadcast_shape
from spdz.online.values.array import SecretArray
from spdz.online.values.dividing import inverses
from spdz.online.values.folding import halved
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.online.values.numpy_functions import dot
from spdz.online.values.ordered import OrderedByUnits
from spdz.online.values.ranges import require_fixed_point
from spdz.online.values.reals import reals_of, units_of
from spdz.online.values.scaled import Scale, Term, after_truncation, common, lifted, require_fits, truncated
from spdz.online.values.secret import Public, Secret, refuse_mixing
from spdz.online.values.shapes import Axes, count_along, matmul_shape, reduced_shape
from spdz.online.values.types import Fixed, Int
from spdz.params import require_integer

if TYPE_CHECKING:
    from spdz.online.plan.graph import Node
    from spdz.online.session import Mpc

Other = Any
"""A `SecretFixed` with as many bits after the point, a `SecretInt`, or public real numbers."""

_NONE = Fraction(0)
_HALF = Fraction(1, 2)
_HIGHEST_POWER = 1 << 16
"""Of what is not smaller than one, this power is beyond every type."""


class SecretFixed(OrderedByUnits):
    """An array of secret real numbers in fixed point.

    Made by `mpc.input(..., type=spdz.Fixed(16, 48))`, by `SecretInt.as_fixed` and by arithmetic. Supports + - * @ /
    (by public numbers), powers, sums, comparisons, order, with secret integers and public numbers, and numpy's
    broadcasting. A product, or a sum of products, is truncated when something else than a sum takes it.
    """

    __slots__ = ("_raw", "_scale", "_type", "_whole")
    _instead = "x.as_fixed(spdz.Fixed(16, 48)) makes real numbers of integers, x.raw are field elements"
    _rank = 1

    def __init__(self, mpc: Mpc, declared: Fixed, raw: SecretArray, scale: Scale) -> None:
        self._mpc = mpc
        self._type = declared
        self._raw, self._scale = raw, scale
        self._whole: SecretArray | None = None if scale.extra else raw
        mpc.made(self)

    @property
    def known(self) -> list[tuple[Node, Interval]]:
        """The interval of what has been asked for: of the entries with all bits, and truncated."""
        cut = [(self._whole._node, self.interval)] if self._scale.extra and self._whole is not None else []
        return [(self._raw._node, self._scale.interval), *cut]

    # -- what is known of it --------------------------------------------------------------------------------------

    @property
    def type(self) -> Fixed:
        """The declared type."""
        return self._type

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a numpy array."""
        return self._raw.shape

    @property
    def scale(self) -> Scale:
        """What is known of the entries: the interval and the error, in units of 2^-f."""
        return after_truncation(self._mpc, self._scale)

    @property
    def interval(self) -> Interval:
        """Public bounds of all entries in units of 2^-f, `.lo` and `.hi`."""
        return self.scale.interval

    @property
    def bounds(self) -> tuple[float, float]:
        """Public bounds of all entries, as doubles."""
        lowest, highest = reals_of(np.array([self.interval.lo, self.interval.hi], object), self._type.f)
        return float(lowest), float(highest)

    @property
    def error(self) -> float:
        """How far an entry may be from what exact arithmetic gives: inputs and constants rounded, and truncations."""
        return float(self.scale.error / (1 << self._type.f))

    @property
    def raw(self) -> SecretArray:
        """The entries in units of 2^-f as elements of the field, of which nothing more is known."""
        if self._whole is None:
            self._whole = truncated(self._mpc, self._raw, self._scale)
            self._mpc._graph.undoing(self._not_cut)
        return self._whole

    def _not_cut(self) -> None:
        self._whole = None

    @property
    def units(self) -> SecretInt:
        """The entries in units of 2^-f as secret integers."""
        return SecretInt(self._mpc, self.raw._node, Int(self._type.k), self.interval)

    @property
    def _node(self) -> Node:  # type: ignore[override]
        """Of the entries with f bits after the point: whoever wants more than shape and sums asks for it."""
        return self.raw._node

    def astype(self, declared: Fixed) -> SecretFixed:
        """The same entries with another declared type; RangeError if it does not hold them.

        More bits after the point cost nothing, fewer a truncation.
        """
        if not isinstance(declared, Fixed):
            raise TypeError(f"secret fixed-point numbers become others, as in spdz.Fixed(16, 64), not {declared!r}")
        require_fixed_point(declared, self._mpc.field)
        raw, scale = self._now()
        more = declared.f - self._type.f
        extra = max(scale.extra - more, 0)
        lift = extra - (scale.extra - more)
        moved = Scale(scale.interval << lift, scale.error * Fraction(2) ** more, extra)
        return self._made("astype", declared, self.shape, moved, lambda: lifted(raw, lift))

    def assume_range(self, lo: float, hi: float) -> SecretFixed:
        """Say that all entries lie between two public numbers. **Nothing proves it**; the parties compare it.

        Where it is wrong, results are too, and what is hidden in a range is no longer hidden.
        """
        ends = Fraction(lo) * (1 << self._type.f), Fraction(hi) * (1 << self._type.f)
        return self._of_units(self.units.assume_range(ceil(ends[0]), floor(ends[1])))

    def __repr__(self) -> str:
        return f"SecretFixed(shape={self.shape}, type={self._type!r}, field={self._mpc.field.name})"

    def decode(self, opened: FieldArray) -> npt.NDArray[np.float64]:
        """Doubles: exact below 2^53 units, the nearest double beyond."""
        return reals_of(self.raw.decode(opened), self._type.f)

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def __pos__(self) -> SecretFixed:
        return self

    def __neg__(self) -> SecretFixed:
        raw, scale = self._now()
        return self._made("negate", self._type, self.shape, scale._replace(interval=-scale.interval), lambda: -raw)

    def __add__(self, other: Other) -> SecretFixed:
        return self._sum("add", other, operator.add)

    __radd__ = __add__

    def __sub__(self, other: Other) -> SecretFixed:
        return self._sum("subtract", other, operator.sub)

    def __rsub__(self, other: Other) -> SecretFixed:
        return (-self).__add__(other)

    def __mul__(self, other: Other) -> SecretFixed:
        term, own = self._term(other), self.scale
        interval = own.interval**2 if other is self else own.interval * term.scale.interval
        scale = own.product(term.scale, self._type.f, interval)
        shape = broadcast_shape(self.shape, term.shape)
        return self._made(
            "multiply", term.type, shape, scale, lambda: self.raw * (self.raw if other is self else term.whole())
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Public) -> SecretFixed:
        """By public numbers: times their inverses, which have bits to spare."""
        if isinstance(other, Secret):
            raise TypeError("division by a secret is not done yet; divide by a public number, or reveal the divisor")
        own = self.scale
        inverse = inverses(self._mpc, other, self.shape, own.interval)
        most = Interval.of(inverse.factors)
        factor = Scale(most, _NONE, inverse.extra - self._type.f)
        scale = own.product(factor, self._type.f, own.interval * most)
        scale = scale._replace(error=scale.error + inverse.error)
        shape = broadcast_shape(self.shape, inverse.factors.shape)
        return self._made("divide", self._type, shape, scale, lambda: self.raw * inverse.factors)

    def __pow__(self, exponent: int) -> SecretFixed:
        exponent = require_integer(exponent, "the exponent of a secret", 1, _HIGHEST_POWER)
        if exponent == 1:
            return self
        half = self ** (exponent // 2)
        return half * half * self if exponent % 2 else half * half

    def __matmul__(self, other: Other) -> SecretFixed:
        term = self._term(other)
        shape = matmul_shape(self.shape, term.shape)
        axis = -2 if len(term.shape) > 1 else 0
        scale = self._inner_product(term, self.shape[-1], axis)
        return self._made("matmul", term.type, shape, scale, lambda: self.raw @ term.whole())

    def __rmatmul__(self, other: Other) -> SecretFixed:
        term = self._term(other)
        shape = matmul_shape(term.shape, self.shape)
        scale = self._inner_product(term, term.shape[-1], -1)
        if isinstance(other, Secret):
            return self._made("matmul", term.type, shape, scale, lambda: term.whole() @ self.raw)
        return self._made("matmul", term.type, shape, scale, lambda: self.raw.__rmatmul__(term.whole()))

    def dot(self, other: Other) -> SecretFixed:
        """As `np.dot` of one or two axes: `@`, and `*` for a number. With more axes numpy's two differ: UsageError."""
        return dot(self, other)  # type: ignore[no-any-return]

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> SecretFixed:
        """Sum over one axis, over several, or over all entries."""
        raw, scale = self._now()
        shape = reduced_shape(self.shape, axis, keepdims)
        scale = scale.times(count_along(self.shape, axis))
        return self._made("sum", self._type, shape, scale, lambda: raw.sum(axis, keepdims=keepdims))

    def mean(self, axis: Axes = None, *, keepdims: bool = False) -> SecretFixed:
        """Mean over one axis, over several, or over all entries."""
        count = count_along(self.shape, axis)
        if not count:
            raise UsageError("of no entries there is no mean")
        return self.sum(axis, keepdims=keepdims) / count

    def cumsum(self, axis: int | None = None) -> SecretFixed:
        """Sums of the entries so far, along an axis or of all entries in one axis."""
        (raw, scale), count = self._now(), count_along(self.shape, axis)
        shape = (self.size,) if axis is None else self.shape
        scale = Scale(scale.interval.up_to(count), scale.error * count, scale.extra)
        return self._made("cumsum", self._type, shape, scale, lambda: raw.cumsum(axis))

    def prod(self, axis: Axes = None, *, keepdims: bool = False) -> SecretFixed:
        """Product over one axis, over several, or of all entries, in as many rounds as halving takes."""
        return halved(self, axis, keepdims, operator.mul, lambda shape: self._coerced(np.ones(shape, np.int64)))

    # -- inside ---------------------------------------------------------------------------------------------------

    @property
    def _into(self) -> Callable[[Mpc, Node], SecretFixed]:
        declared, scale = self._type, self.scale
        return lambda mpc, node: SecretFixed(mpc, declared, SecretArray(mpc, node), scale)

    def _now(self) -> tuple[SecretArray, Scale]:
        """What sums are made of: the entries with all bits, or without those that have been cut off already."""
        return (self._raw, self._scale) if self._whole is None else (self._whole, self.scale)

    def _coerced(self, value: Any) -> SecretFixed:
        if isinstance(value, SecretFixed):
            return value
        if isinstance(value, SecretInt):
            return value.as_fixed(self._type)
        if isinstance(value, Secret):
            refuse_mixing(self, value)
        return constant_reals(self._mpc, value, self._type)

    def _joined(self, parts: Sequence[SecretFixed], shape: tuple[int, ...], axis: int) -> SecretFixed:
        declared = self._type
        for part in parts:
            declared = common(declared, part.type)
        raw = self.raw._joined([part.raw for part in parts], shape, axis)
        interval = Interval.hull(part.interval for part in parts)
        return SecretFixed(self._mpc, declared, raw, Scale(interval, max(part.scale.error for part in parts), 0))

    def _selected(self, condition: Any, other: SecretFixed) -> SecretFixed:
        declared = common(self._type, other.type)
        raw = self.raw._selected(condition, other.raw)
        interval = Interval.hull([self.interval, other.interval])
        return SecretFixed(self._mpc, declared, raw, Scale(interval, max(self.scale.error, other.scale.error), 0))

    def _term(self, other: Any) -> Term:
        """The other operand."""
        if isinstance(other, SecretFixed):
            return Term(other.shape, other.scale, common(self._type, other.type), lambda: other.raw)
        whole = Scale(Interval(0, 0), _NONE, -self._type.f)
        if isinstance(other, SecretInt):
            return Term(other.shape, whole._replace(interval=other.interval), self._type, lambda: other.raw)
        if isinstance(other, Secret):
            refuse_mixing(self, other)
        units, exact = units_of(other, self._type.f)
        if exact and not np.any(units % (1 << self._type.f)):
            integers = np.asarray(units >> self._type.f)
            return Term(
                units.shape, whole._replace(interval=Interval.of(integers)), self._type, lambda: integers, public=True
            )
        scale = Scale(Interval.of(units), _NONE if exact else _HALF, 0)
        return Term(units.shape, scale, self._type, lambda: units, public=True)

    def _sum(self, name: str, other: Any, combine: Callable[[Any, Any], SecretArray]) -> SecretFixed:
        """Of two, with as many bits as the one of them has that has more."""
        raw, own = self._now()
        term = self._term(other)
        if isinstance(other, SecretFixed):
            kept, scale = other._now()
            term = Term(term.shape, scale, term.type, lambda: kept)
        extra = max(own.extra, term.scale.extra)
        left, right = own.lifted(extra), term.scale.lifted(extra)
        scale = Scale(combine(left.interval, right.interval), left.error + right.error, extra)  # type: ignore[arg-type]

        def total() -> SecretArray:
            return combine(lifted(raw, extra - own.extra), lifted(term.whole(), extra - term.scale.extra))

        return self._made(name, term.type, broadcast_shape(self.shape, term.shape), scale, total)

    def _inner_product(self, term: Term, length: int, axis: int) -> Scale:
        """What is known of sums of `length` products with a term; where it is public, along that axis of it."""
        own = self.scale
        scale = own.product(term.scale, self._type.f, own.interval * term.scale.interval).times(length)
        factors = term.whole() if term.public else None
        return scale if factors is None else scale._replace(interval=own.interval.weighted(factors, axis))

    def _units_of(self, other: Any) -> Any:
        """The other operand of a comparison, in units of 2^-f."""
        if isinstance(other, SecretFixed):
            common(self._type, other.type)
            return other.units
        if isinstance(other, SecretInt):
            return other.as_fixed(self._type).units
        if isinstance(other, Secret):
            refuse_mixing(self, other)
        return units_of(other, self._type.f).values

    def _of_units(self, units: SecretInt, *others: Any) -> SecretFixed:
        """Units that come from these entries, and from others, unchanged."""
        declared, error = self._type, self.scale.error
        for other in others:
            if isinstance(other, SecretFixed):
                declared, error = common(declared, other.type), max(error, other.scale.error)
            elif other is not None and not isinstance(other, Secret) and not units_of(other, declared.f).exact:
                error = max(error, _HALF)
        return SecretFixed(self._mpc, declared, units.raw, Scale(units.interval, error, 0))

    def _made(
        self, name: str, declared: Fixed, shape: tuple[int, ...], scale: Scale, raw: Callable[[], SecretArray]
    ) -> SecretFixed:
        """The result of an operation, which is asked for only if it stays in its type."""
        require_fits(self._mpc, name, declared, scale, math.prod(shape))
        return SecretFixed(self._mpc, declared, raw(), scale)


def constant_reals(mpc: Mpc, values: Any, declared: Fixed) -> SecretFixed:
    """Public real numbers as secret ones of a declared type, which must hold them."""
    require_fixed_point(declared, mpc.field)
    units, exact = units_of(values, declared.f)
    scale = Scale(Interval.of(units), _NONE if exact else _HALF, 0)
    require_fits(mpc, "constant", declared, scale, units.size)
    return SecretFixed(mpc, declared, mpc.constant(units), scale)


def of_integers(x: SecretInt, declared: Fixed) -> SecretFixed:
    """Secret integers as real numbers of a declared type, which must hold them."""
    if not isinstance(declared, Fixed):
        raise TypeError(f"integers become fixed-point numbers of a type such as spdz.Fixed(16, 48), not {declared!r}")
    require_fixed_point(declared, x._mpc.field)
    scale = Scale(x.interval << declared.f, _NONE, 0)
    require_fits(x._mpc, "as_fixed", declared, scale, x.size)
    return SecretFixed(x._mpc, declared, lifted(x.raw, declared.f), scale)
