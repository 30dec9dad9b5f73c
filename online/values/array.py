"""Secret arrays of field elements: integers mod p, of which nobody says how large they are."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.field import FieldArray
from spdz.field.algebra import broadcast_shape
from spdz.online.operations.products import MULTIPLY, SQUARE
from spdz.online.values.encoding import encode
from spdz.online.values.folding import halved, steps
from spdz.online.values.numpy_functions import dot
from spdz.online.values.products import matrix_product
from spdz.online.values.secret import Public, Secret, refuse_mixing
from spdz.online.values.selecting import chosen
from spdz.online.values.shapes import (
    Axes,
    matmul_shape,
    normal_axis,
    reduced_shape,
    summed_last,
)
from spdz.online.values.types import Int
from spdz.params import require_integer
from spdz.sharing.shares import AuthShare, concatenate_shares

if TYPE_CHECKING:
    from spdz.online.values.integer import SecretInt


class SecretArray(Secret):
    """An array of secret integers mod p, shared among the parties of one session.

    Made by `Mpc.input`, `Mpc.random` and by arithmetic; made public by `Mpc.reveal`. Supports + - * @ and ** 2 with
    other secret arrays and with public integers, with numpy's broadcasting, and indexing, reshape, sum, transpose.
    """

    __slots__ = ()
    _instead = "x.as_int(width) declares the range of field elements, x.raw are the field elements of integers"

    # -- with a range ---------------------------------------------------------------------------------------------

    def as_int(self, width: int = 32) -> SecretInt:
        """The same entries as integers of so many bits. **Nothing proves that they are**; the parties compare it.

        Where it is wrong, results are too, and what is hidden in a range is no longer hidden.
        """
        bounds = Int(width).interval
        return self.assume_range(bounds.lo, bounds.hi)

    def assume_range(self, lo: int, hi: int) -> SecretInt:
        """As `as_int`, between two public integers; the declared width is the least that holds them."""
        from spdz.online.values.integer import assumed  # which is made of this class

        return assumed(self, lo, hi)

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> SecretArray:
        """Sum over one axis, over several, or over all entries."""
        shape = reduced_shape(self.shape, axis, keepdims)
        order, kept = summed_last(axis, self.ndim)
        if axis is None or len(order) - kept == 1:
            last = None if axis is None else order[-1]
            return self._moved(f"sum to {shape}", shape, lambda x: x.sum(last).reshape(*shape))
        lengths = tuple(self.shape[axis] for axis in order[:kept])
        return self._moved(
            f"sum to {shape}", shape, lambda x: x.transpose(*order).reshape(*lengths, -1).sum(kept).reshape(*shape)
        )

    def prod(self, axis: Axes = None, *, keepdims: bool = False) -> SecretArray:
        """Product over one axis, over several, or of all entries, in as many rounds as halving takes."""
        return halved(self, axis, keepdims, operator.mul, lambda shape: self._coerced(np.ones(shape, np.int64)))

    def cumsum(self, axis: int | None = None) -> SecretArray:
        """Sums of the entries so far, along an axis or of all entries in one axis."""
        if axis is None:
            return self.ravel().cumsum(0)
        at = normal_axis(axis, self.ndim)
        return self._moved(f"cumsum to {self.shape}", self.shape, lambda x: _sums_so_far(x, at))

    def dot(self, other: SecretArray | Public) -> SecretArray:
        """As `np.dot` of one or two axes: `@`, and `*` for a number. With more axes numpy's two differ: UsageError."""
        return dot(self, other)  # type: ignore[no-any-return]

    def __pos__(self) -> SecretArray:
        return self

    def __neg__(self) -> SecretArray:
        return self._moved("negate", self.shape, lambda x: -x)

    def __add__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            left, right = self._paired(other)
            return left._moved("add", left.shape, lambda x, y: x + y, right)
        return self._add_public(self._public(other))

    __radd__ = __add__

    def __sub__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            left, right = self._paired(other)
            return left._moved("subtract", left.shape, lambda x, y: x - y, right)
        return self._add_public(-self._public(other))

    def __rsub__(self, other: Public) -> SecretArray:
        return -self + other

    def __mul__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            if other is self:
                return self._mpc.apply(SQUARE, self)
            return self._mpc.apply(MULTIPLY, *self._paired(other))
        public = self._public(other)
        shape = broadcast_shape(self.shape, public.shape)
        return self._moved(f"multiply by public to {shape}", shape, lambda x: x * public)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> SecretArray:
        exponent = require_integer(exponent, "the exponent of a secret", 1, self._mpc.field.modulus - 1)
        if exponent == 1:
            return self
        half = self ** (exponent // 2)
        return half * half * self if exponent % 2 else half * half

    def __matmul__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            return matrix_product(self._mpc, self, other)
        public = self._public(other)
        shape = matmul_shape(self.shape, public.shape)
        return self._moved(f"matmul by public to {shape}", shape, lambda x: x @ public)

    def __rmatmul__(self, other: Public) -> SecretArray:
        public = self._public(other)
        shape = matmul_shape(public.shape, self.shape)
        return self._moved(f"public matmul to {shape}", shape, lambda x: x.__rmatmul__(public))

    # -- refused --------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        raise TypeError(
            "elements of a field have no order and no declared range: compare x.as_int(width), which declares one, or "
            "reveal the operands, or a difference, with mpc.reveal(x - y)"
        )

    def __ne__(self, other: object) -> bool:
        return self == other

    def __lt__(self, other: object) -> bool:
        return self == other

    __le__ = __gt__ = __ge__ = __lt__
    __hash__ = Secret.__hash__

    # -- opened ---------------------------------------------------------------------------------------------------

    def decode(self, opened: FieldArray) -> npt.NDArray[Any]:
        """Signed integers."""
        return opened.reshape(*self.shape).to_signed()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _coerced(self, value: Any) -> SecretArray:
        if isinstance(value, Secret) and not isinstance(value, SecretArray):
            refuse_mixing(self, value)
        return value if isinstance(value, SecretArray) else self._mpc.constant(value)

    def _joined(self, parts: Sequence[SecretArray], shape: tuple[int, ...], axis: int) -> SecretArray:
        return self._mpc.local("concatenate", shape, lambda *shares: concatenate_shares(shares, axis), *parts)

    def _selected(self, condition: Any, other: SecretArray) -> SecretArray:
        return other + chosen(condition, self - other)

    def _add_public(self, public: FieldArray) -> SecretArray:
        shape = broadcast_shape(self.shape, public.shape)
        addend, root = public.broadcast_to(shape), self._mpc.context
        return self.broadcast_to(shape)._moved("add public", shape, lambda x: x + root.public(addend))

    def _public(self, values: Public) -> FieldArray:
        if isinstance(values, Secret):
            refuse_mixing(self, values)
        return encode(self._mpc.field, values)


def _sums_so_far(x: AuthShare, axis: int) -> AuthShare:
    """Each pass doubles how many entries a sum covers."""
    before: tuple[slice, ...] = (slice(None),) * axis
    for step in steps(x.shape[axis]):
        grown = x[*before, step:] + x[*before, :-step]
        x = concatenate_shares([x[*before, :step], grown], axis)
    return x
