"""Secret integers: a declared type, and a public interval in which all entries lie.

The interval follows the computation (`spdz.online.values.intervals`); what could leave the declared type is refused
before anything is sent. So nothing is reduced modulo p without being noticed, given that the inputs are in range.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.field.algebra import broadcast_shape
from spdz.online.operations.assume import ASSUME
from spdz.online.values import ordering, sorting
from spdz.online.values.array import SecretArray
from spdz.online.values.comparing import equal, greater, less
from spdz.online.values.encoding import whole_numbers
from spdz.online.values.folding import halved
from spdz.online.values.intervals import Interval
from spdz.online.values.numpy_functions import dot
from spdz.online.values.ranges import require_field, require_within
from spdz.online.values.secret import Public, Secret, deferring, refuse_mixing
from spdz.online.values.shapes import Axes, count_along, matmul_shape
from spdz.online.values.types import MAX_WIDTH, Fixed, Int
from spdz.online.values.whole_operators import WholeOperators
from spdz.params import require_integer

if TYPE_CHECKING:
    from spdz.online.plan.graph import Node
    from spdz.online.session import Mpc
    from spdz.online.values.boolean import SecretBool
    from spdz.online.values.fixed import SecretFixed

Numbers = npt.NDArray[Any]
"""Public integers, as an array of an integer type or of Python ints."""

_BIT = Interval(0, 1)
_HIGHEST_POWER = 128
"""Of what is not -1, 0 or 1, this power is beyond every type."""


class SecretInt(WholeOperators):
    """An array of secret integers of a declared width.

    Made by `mpc.input(..., type=spdz.Int(32))`, by `SecretArray.as_int` and by arithmetic. Supports + - * @, powers,
    sums, comparisons with other secret integers and with public ones, // % << >> by public ones, with numpy's
    broadcasting.
    """

    __slots__ = ("_interval", "_type")
    _instead = "x.as_int(width) declares the range of field elements, x.raw are the field elements of integers"

    def __init__(self, mpc: Mpc, node: Node, declared: Int, interval: Interval) -> None:
        super().__init__(mpc, node)
        self._type = declared
        self._interval = interval
        mpc.made(self)

    @classmethod
    def of_bits(cls, raw: SecretArray, declared: Int) -> SecretInt:
        """Field elements that are known to be 0 or 1."""
        require_field(declared, raw._mpc.field)
        require_within("as_int", _BIT, declared, raw._mpc.field)
        return cls(raw._mpc, raw._node, declared, _BIT)

    # -- what is known of it --------------------------------------------------------------------------------------

    @property
    def type(self) -> Int:
        """The declared type."""
        return self._type

    @property
    def interval(self) -> Interval:
        """Public bounds of all entries, `.lo` and `.hi`."""
        return self._interval

    @property
    def known(self) -> list[tuple[Node, Interval]]:
        """The interval of what has been asked for."""
        return [(self._node, self._interval)]

    @property
    def raw(self) -> SecretArray:
        """The same entries as elements of the field, of which nothing more is known."""
        return SecretArray(self._mpc, self._node)

    def astype(self, declared: Int) -> SecretInt:
        """The same entries with another declared type; RangeError if it does not hold the interval."""
        if not isinstance(declared, Int):
            raise TypeError(f"secret integers become integers of another width, as in spdz.Int(40), not {declared!r}")
        require_field(declared, self._mpc.field)
        require_within("astype", self._interval, declared, self._mpc.field)
        return SecretInt(self._mpc, self._node, declared, self._interval)

    def as_fixed(self, declared: Fixed) -> SecretFixed:
        """The same numbers in fixed point; RangeError if the type does not hold them."""
        from spdz.online.values.fixed import of_integers  # which is made of this class

        return of_integers(self, declared)

    def assume_range(self, lo: int, hi: int) -> SecretInt:
        """Say that all entries lie between two public integers. **Nothing proves it**; the parties compare it.

        Where it is wrong, results are too, and what is hidden in a range is no longer hidden.
        """
        stated, known = _stated(lo, hi), self._interval
        if stated.hi < known.lo or known.hi < stated.lo:
            raise UsageError(f"the entries are known to lie in {known}, so none of them lies in {stated}")
        return assumed(self.raw, max(stated.lo, known.lo), min(stated.hi, known.hi)).astype(self._type)

    def __repr__(self) -> str:
        return f"SecretInt(shape={self.shape}, type={self._type!r}, field={self._mpc.field.name})"

    def decode(self, opened: FieldArray) -> Numbers:
        """Signed integers."""
        return self.raw.decode(opened)

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def __pos__(self) -> SecretInt:
        return self

    def __neg__(self) -> SecretInt:
        return self._made("negate", self._type, -self._interval, lambda: -self.raw)

    @deferring
    def __add__(self, other: SecretInt | Public) -> SecretInt:
        term, bounds, declared = self._term(other)
        return self._made("add", declared, self._interval + bounds, lambda: self.raw + term)

    __radd__ = __add__

    @deferring
    def __sub__(self, other: SecretInt | Public) -> SecretInt:
        term, bounds, declared = self._term(other)
        return self._made("subtract", declared, self._interval - bounds, lambda: self.raw - term)

    def __rsub__(self, other: Public) -> SecretInt:
        term, bounds, declared = self._term(other)
        return self._made("subtract", declared, bounds - self._interval, lambda: -self.raw + term)

    @deferring
    def __mul__(self, other: SecretInt | Public) -> SecretInt:
        if other is self:
            return self**2
        factor, bounds, declared = self._term(other)
        return self._made("multiply", declared, self._interval * bounds, lambda: self.raw * factor)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> SecretInt:
        exponent = require_integer(exponent, "the exponent of a secret", 1, self._mpc.field.modulus - 1)
        # Of which only the parity matters beyond a certain one.
        bounds = self._interval ** min(exponent, _HIGHEST_POWER - exponent % 2)
        return self._made("power", self._type, bounds, lambda: self.raw**exponent)

    @deferring
    def __matmul__(self, other: SecretInt | Public) -> SecretInt:
        factor, bounds, declared = self._operand(other)
        matmul_shape(self.shape, factor.shape)
        if isinstance(factor, SecretArray):
            interval = self._interval.dot(bounds, self.shape[-1])
        else:
            interval = self._interval.weighted(factor, -2 if factor.ndim > 1 else 0)
        return self._made("matmul", declared, interval, lambda: self.raw @ factor)

    def __rmatmul__(self, other: Public) -> SecretInt:
        factor, _, declared = self._operand(other)
        matmul_shape(factor.shape, self.shape)
        interval = self._interval.weighted(factor, -1)
        return self._made("matmul", declared, interval, lambda: self.raw.__rmatmul__(factor))

    def dot(self, other: SecretInt | Public) -> SecretInt:
        """As `np.dot` of one or two axes: `@`, and `*` for a number. With more axes numpy's two differ: UsageError."""
        return dot(self, other)  # type: ignore[no-any-return]

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> SecretInt:
        """Sum over one axis, over several, or over all entries."""
        interval = self._interval.times(count_along(self.shape, axis))
        return self._made("sum", self._type, interval, lambda: self.raw.sum(axis, keepdims=keepdims))

    def cumsum(self, axis: int | None = None) -> SecretInt:
        """Sums of the entries so far, along an axis or of all entries in one axis."""
        interval = self._interval.up_to(count_along(self.shape, axis))
        return self._made("cumsum", self._type, interval, lambda: self.raw.cumsum(axis))

    def prod(self, axis: Axes = None, *, keepdims: bool = False) -> SecretInt:
        """Product over one axis, over several, or of all entries, in as many rounds as halving takes."""
        return halved(self, axis, keepdims, operator.mul, lambda shape: self._coerced(np.ones(shape, np.int64)))

    # -- comparisons ----------------------------------------------------------------------------------------------

    @deferring
    def __lt__(self, other: SecretInt | Public) -> SecretBool:
        return less(self, other)

    @deferring
    def __gt__(self, other: SecretInt | Public) -> SecretBool:
        return greater(self, other)

    @deferring
    def __le__(self, other: SecretInt | Public) -> SecretBool:
        return ~greater(self, other)

    @deferring
    def __ge__(self, other: SecretInt | Public) -> SecretBool:
        return ~less(self, other)

    @deferring
    def __eq__(self, other: object) -> SecretBool:  # type: ignore[override]
        return equal(self, other)

    @deferring
    def __ne__(self, other: object) -> SecretBool:  # type: ignore[override]
        return ~equal(self, other)

    __hash__ = Secret.__hash__

    def maximum(self, other: SecretInt | Public) -> SecretInt:
        """The larger of two, entry by entry."""
        return ordering.maximum(self, other)

    def minimum(self, other: SecretInt | Public) -> SecretInt:
        """The smaller of two, entry by entry."""
        return ordering.minimum(self, other)

    def clip(self, lowest: SecretInt | Public | None = None, highest: SecretInt | Public | None = None) -> SecretInt:
        """min(max(x, lowest), highest); None is no bound."""
        return ordering.clip(self, lowest, highest)

    def __abs__(self) -> SecretInt:
        return ordering.absolute(self)

    def sign(self) -> SecretInt:
        """1, 0 or -1."""
        return ordering.sign(self)

    def relu(self) -> SecretInt:
        """The larger of x and zero."""
        return ordering.maximum(self, 0)

    # -- order along an axis --------------------------------------------------------------------------------------

    def max(self, axis: Axes = None, *, keepdims: bool = False) -> SecretInt:
        """The largest along one axis, several, or of all entries, in as many rounds of comparisons as halving takes."""
        return ordering.extreme(self, axis, keepdims, ordering.maximum)

    def min(self, axis: Axes = None, *, keepdims: bool = False) -> SecretInt:
        """The smallest, as `max`."""
        return ordering.extreme(self, axis, keepdims, ordering.minimum)

    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> SecretInt:
        """Where the largest stands along an axis, or in the flat array; the first of equal ones."""
        return ordering.place(self, axis, keepdims, 1)

    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> SecretInt:
        """Where the smallest stands, as `argmax`."""
        return ordering.place(self, axis, keepdims, -1)

    def sort(self, axis: int | None = -1) -> SecretInt:
        """The entries in ascending order along an axis; a new array, unlike numpy's method."""
        return sorting.sort(self, axis)

    def argsort(self, axis: int | None = -1) -> SecretInt:
        """The indices that sort along an axis; equal entries stay in their order."""
        return sorting.argsort(self, axis)

    def top_k(self, k: int, axis: int = -1) -> tuple[SecretInt, SecretInt]:
        """The k largest entries along an axis, the largest first, and their indices."""
        return sorting.top_k(self, k, axis)

    # -- inside ---------------------------------------------------------------------------------------------------

    @property
    def _into(self) -> Callable[[Mpc, Node], SecretInt]:
        return partial(SecretInt, declared=self._type, interval=self._interval)

    def _coerced(self, value: Any) -> SecretInt:
        if isinstance(value, SecretInt):
            return value
        if isinstance(value, Secret):
            refuse_mixing(self, value)
        return constant_integers(self._mpc, value, self._type)

    def _joined(self, parts: Sequence[SecretInt], shape: tuple[int, ...], axis: int) -> SecretInt:
        raw = self.raw._joined([part.raw for part in parts], shape, axis)
        declared = max((part.type for part in parts), key=lambda declared: declared.width)
        return self._of(raw, declared, Interval.hull(part.interval for part in parts))

    def _selected(self, condition: Any, other: SecretInt) -> SecretInt:
        _, bounds, declared = self._term(other)
        raw = self.raw._selected(condition, other.raw)
        return self._of(raw, declared, Interval.hull([self._interval, bounds]))

    def _operand(self, other: Any) -> tuple[Any, Interval, Int]:
        """The other operand as the field's arithmetic takes it, its interval, and the type of a result."""
        if isinstance(other, SecretInt):
            return other.raw, other._interval, max(self._type, other._type, key=lambda declared: declared.width)
        if isinstance(other, Secret):
            refuse_mixing(self, other)
        numbers = whole_numbers(other)
        return numbers, Interval.of(numbers), self._type

    def _term(self, other: Any) -> tuple[Any, Interval, Int]:
        """As `_operand`, for what is computed entry by entry."""
        found = self._operand(other)
        broadcast_shape(self.shape, found[0].shape)
        return found

    def _made(self, name: str, declared: Int, interval: Interval, raw: Callable[[], SecretArray]) -> SecretInt:
        """The result of an operation, which is asked for only if it stays in its type."""
        require_within(name, interval, declared, self._mpc.field)
        return self._of(raw(), declared, interval)

    def _of(self, raw: SecretArray, declared: Int, interval: Interval) -> SecretInt:
        return SecretInt(self._mpc, raw._node, declared, interval)


def constant_integers(mpc: Mpc, values: Public, declared: Int) -> SecretInt:
    """Public integers as secret ones of a declared type, which must hold them."""
    numbers = whole_numbers(values)
    interval = Interval.of(numbers)
    require_field(declared, mpc.field)
    require_within("constant", interval, declared, mpc.field)
    return SecretInt(mpc, mpc.constant(numbers)._node, declared, interval)


def assumed(raw: SecretArray, lo: int, hi: int) -> SecretInt:
    """`raw` as integers that are said to lie between two public ones, of the least width that holds these."""
    stated = _stated(lo, hi)
    declared = Int(stated.width)
    require_field(declared, raw._mpc.field)
    into = partial(SecretInt, declared=declared, interval=stated)
    return raw._mpc.apply_as(into, ASSUME, raw, lo=stated.lo, hi=stated.hi)


def _stated(lo: int, hi: int) -> Interval:
    """An interval as a user states it."""
    bounds = Interval.signed(MAX_WIDTH)
    lowest = require_integer(lo, "the lower end of a range", bounds.lo, bounds.hi)
    return Interval(lowest, require_integer(hi, "the upper end of a range", lowest, bounds.hi))
