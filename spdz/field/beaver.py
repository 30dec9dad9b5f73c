"""The two passes over memory of a multiplication with a triple, as methods of `Field`.

A million products touch more memory than the cache holds, so what costs is how often it is read and written. Written
with the operators of `FieldArray` the same takes nine passes and as many arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from spdz.errors import UsageError
from spdz.field.memory import Words, flat_words

if TYPE_CHECKING:
    from spdz.field.array import FieldArray
    from spdz.field.field import Field


class BeaverOperations:
    """Mixin of `Field`."""

    def differences(self, *pairs: tuple[FieldArray, FieldArray]) -> FieldArray:
        """x - a for each pair (x, a) of equal shape, one after the other in one flat array."""
        field = cast("Field", self)
        for x, a in pairs:
            if x.shape != a.shape:
                raise UsageError(f"shapes {x.shape} and {a.shape} have no difference")
        out = field.empty((sum(x.size for x, _ in pairs),))
        target, start = flat_words(out.limbs), 0
        for x, a in pairs:
            part = target[start : start + x.size]
            field.kernels.sub_arrays(_words(field, x, x.size), 1, _words(field, a, x.size), 1, part, field.parameter)
            start += x.size
        return out

    def beaver_product(
        self, a: FieldArray, b: FieldArray, c: FieldArray, epsilon: FieldArray, delta: FieldArray, scale: FieldArray
    ) -> FieldArray:
        """c + b epsilon + a delta + scale epsilon delta, elementwise on arrays of equal shape; `scale` is one element.

        With the value shares and scale 1 at one party and 0 elsewhere, and with the MAC shares and alpha_i, this is the
        product of [DPSZ12]'s multiplication.
        """
        field = cast("Field", self)
        out = field.empty(c.shape)
        sources = [_words(field, array, c.size) for array in (a, b, c, epsilon, delta)]
        field.kernels.beaver_arrays(*sources, _words(field, scale, 1), flat_words(out.limbs), field.parameter)
        return out


def _words(field: Field, x: FieldArray, count: int) -> Words:
    if x.field != field or x.size != count:
        raise UsageError(f"{count} elements of {field.name} expected, not {x!r}")
    return flat_words(x.limbs)
