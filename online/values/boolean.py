"""Secret truth values: bits in a sharing domain of their own, in which exclusive or costs nothing."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.field.algebra import broadcast_shape
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.logic import AND, CONSTANT_BITS
from spdz.online.values.encoding import truth_values
from spdz.online.values.folding import halved
from spdz.online.values.secret import Public, Secret, refuse, refuse_mixing
from spdz.online.values.types import Int, standard_int
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import Bits
from spdz.sharing.shares import concatenate_shares

if TYPE_CHECKING:
    from spdz.online.session import Mpc
    from spdz.online.values.integer import SecretInt
    from spdz.online.values.shapes import Axes


class SecretBool(Secret):
    """An array of secret truth values.

    Made by comparisons, by `mpc.input(..., type=spdz.Bool())` and by `& | ^ ~ == !=` with other secret and public truth
    values; `any`, `all`, `sum` over axes. `np.where(condition, x, y)` chooses, `as_int` makes integers.
    """

    __slots__ = ()
    domain = BITS
    _instead = "c.as_int() makes integers of truth values, and np.where(c, x, y) chooses"

    # -- logic ----------------------------------------------------------------------------------------------------

    def __invert__(self) -> SecretBool:
        return self ^ True

    def __xor__(self, other: SecretBool | Public) -> SecretBool:
        operand = self._operand(other)
        if isinstance(operand, SecretBool):
            left, right = self._paired(operand)
            return left._moved("xor", left.shape, lambda x, y: x ^ y, right)
        spread, bits = self._with_public(operand)
        domain = self._mpc.context.session.bit_domain
        return spread._moved("xor public", spread.shape, lambda x: x ^ domain.public(bits))

    __rxor__ = __xor__

    def __and__(self, other: SecretBool | Public) -> SecretBool:
        operand = self._operand(other)
        if isinstance(operand, SecretBool):
            return self._mpc.apply_as(SecretBool, AND, *self._paired(operand))
        spread, bits = self._with_public(operand)
        return spread._moved("and public", spread.shape, lambda x: x & bits)

    __rand__ = __and__

    def __or__(self, other: SecretBool | Public) -> SecretBool:
        operand = self._operand(other)
        return self ^ operand ^ (self & operand)

    __ror__ = __or__

    def __eq__(self, other: object) -> SecretBool:  # type: ignore[override]
        return ~(self != other)

    def __ne__(self, other: object) -> SecretBool:  # type: ignore[override]
        return self ^ other  # type: ignore[operator]  # which refuses what is none

    __hash__ = Secret.__hash__

    def all(self, axis: Axes = None, *, keepdims: bool = False) -> SecretBool:
        """Whether all are true, over one axis, several, or all of them; in as many rounds as halving takes."""
        return halved(self, axis, keepdims, operator.and_, lambda shape: self._coerced(np.ones(shape, bool)))

    def any(self, axis: Axes = None, *, keepdims: bool = False) -> SecretBool:
        """Whether one is true, as `all`."""
        return halved(self, axis, keepdims, operator.or_, lambda shape: self._coerced(np.zeros(shape, bool)))

    # -- as integers ----------------------------------------------------------------------------------------------

    def as_int(self, width: int | None = None) -> SecretInt:
        """1 where it is true, 0 elsewhere; of 32 bits unless said otherwise."""
        from spdz.online.values.integer import SecretInt  # which compares, and is made of this class then

        declared = standard_int(self._mpc.field) if width is None else Int(width)
        return SecretInt.of_bits(self._mpc.apply(CONVERT, self), declared)

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> SecretInt:
        """How many are true, over one axis, several, or all of them."""
        return self.as_int().sum(axis, keepdims=keepdims)

    # -- refused and opened ---------------------------------------------------------------------------------------

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        refuse(
            "the truth value",
            "compute both branches and choose with np.where(condition, x, y), or branch on mpc.reveal(condition)",
        )

    def decode(self, opened: Bits) -> npt.NDArray[Any]:
        """Truth values."""
        return opened.reshape(self.shape).astype(np.bool_)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _coerced(self, value: Any) -> SecretBool:
        operand = self._operand(value)
        return operand if isinstance(operand, SecretBool) else constant_bits(self._mpc, operand)

    def _joined(self, parts: Sequence[SecretBool], shape: tuple[int, ...], axis: int) -> SecretBool:
        first, *others = parts
        return first._moved("concatenate", shape, lambda *shares: concatenate_shares(shares, axis), *others)

    def _selected(self, condition: Any, other: SecretBool) -> SecretBool:
        return other ^ (self ^ other).__and__(condition)

    def _operand(self, other: Any) -> SecretBool | Bits:
        """The other operand: a secret of this class, or public bits."""
        if isinstance(other, SecretBool):
            return other
        if isinstance(other, Secret):
            refuse_mixing(self, other)
        return truth_values(other)

    def _with_public(self, bits: Bits) -> tuple[SecretBool, Bits]:
        """Both with the shape that numpy's broadcasting gives them."""
        shape = broadcast_shape(self.shape, bits.shape)
        return self._spread(shape), np.broadcast_to(bits, shape)


def constant_bits(mpc: Mpc, bits: Bits) -> SecretBool:
    """Public bits in the form of secret ones."""
    return mpc.apply_as(SecretBool, CONSTANT_BITS, bits=bits)
