"""Comparisons and order of numbers that are multiples of a public unit: those of the integers that count it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from spdz.online.values.secret import Secret
from spdz.online.values.shapes import Axes

if TYPE_CHECKING:
    from spdz.online.values.boolean import SecretBool
    from spdz.online.values.integer import SecretInt

Other = Any
"""As in arithmetic."""


class OrderedByUnits(Secret):
    """What has `units`, secret integers, and can tell the units of another operand."""

    __slots__ = ()

    @property
    def units(self) -> SecretInt:
        """The entries in units."""
        raise NotImplementedError

    def _units_of(self, other: Any) -> Any:
        """The other operand in units: secret or public integers."""
        raise NotImplementedError

    def _of_units(self, units: SecretInt, *others: Any) -> Self:
        """Numbers made of units that come from these entries, and from others, unchanged."""
        raise NotImplementedError

    def __lt__(self, other: Other) -> SecretBool:
        return self.units.__lt__(self._units_of(other))

    def __gt__(self, other: Other) -> SecretBool:
        return self.units.__gt__(self._units_of(other))

    def __le__(self, other: Other) -> SecretBool:
        return ~self.__gt__(other)

    def __ge__(self, other: Other) -> SecretBool:
        return ~self.__lt__(other)

    def __eq__(self, other: object) -> SecretBool:  # type: ignore[override]
        return self.units.__eq__(self._units_of(other))

    def __ne__(self, other: object) -> SecretBool:  # type: ignore[override]
        return ~self.__eq__(other)

    __hash__ = Secret.__hash__

    def maximum(self, other: Other) -> Self:
        """The larger of two, entry by entry."""
        return self._of_units(self.units.maximum(self._units_of(other)), other)

    def minimum(self, other: Other) -> Self:
        """The smaller of two, entry by entry."""
        return self._of_units(self.units.minimum(self._units_of(other)), other)

    def clip(self, lowest: Other = None, highest: Other = None) -> Self:
        """min(max(x, lowest), highest); None is no bound."""
        ends = [end if end is None else self._units_of(end) for end in (lowest, highest)]
        return self._of_units(self.units.clip(*ends), lowest, highest)

    def __abs__(self) -> Self:
        return self._of_units(abs(self.units))

    def sign(self) -> SecretInt:
        """1, 0 or -1."""
        return self.units.sign()

    def relu(self) -> Self:
        """The larger of x and zero."""
        return self.maximum(0)

    def max(self, axis: Axes = None, *, keepdims: bool = False) -> Self:
        """The largest along one axis, several, or of all entries, in as many rounds of comparisons as halving takes."""
        return self._of_units(self.units.max(axis, keepdims=keepdims))

    def min(self, axis: Axes = None, *, keepdims: bool = False) -> Self:
        """The smallest, as `max`."""
        return self._of_units(self.units.min(axis, keepdims=keepdims))

    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> SecretInt:
        """Where the largest stands along an axis, or in the flat array; the first of equal ones."""
        return self.units.argmax(axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> SecretInt:
        """Where the smallest stands, as `argmax`."""
        return self.units.argmin(axis, keepdims=keepdims)

    def sort(self, axis: int | None = -1) -> Self:
        """The entries in ascending order along an axis; a new array, unlike numpy's method."""
        return self._of_units(self.units.sort(axis))

    def argsort(self, axis: int | None = -1) -> SecretInt:
        """The indices that sort along an axis; equal entries stay in their order."""
        return self.units.argsort(axis)

    def top_k(self, k: int, axis: int = -1) -> tuple[Self, SecretInt]:
        """The k largest entries along an axis, the largest first, and their indices."""
        values, indices = self.units.top_k(k, axis)
        return self._of_units(values), indices
