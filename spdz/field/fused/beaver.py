"""The passes over memory of an opening, a multiplication with a triple and a MAC check, as methods of `Field`.

A million products touch more memory than the cache holds, and fresh memory costs more than the arithmetic. So what
matters is how often memory is read and written, and whether it was used before. Written with the operators of
`FieldArray` a multiplication takes nine passes and as many arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from spdz.errors import UsageError
from spdz.field.convert import words_of
from spdz.field.memory import Words, flat_words, is_output

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

    def add_into(self, total: FieldArray, x: FieldArray) -> None:
        """total += x in place, for arrays of equal shape."""
        field = cast("Field", self)
        if total.shape != x.shape:
            raise UsageError(f"an array of shape {x.shape} cannot be added to one of shape {total.shape} in place")
        target = _target(field, total, x.size)
        field.kernels.add_arrays(target, 1, _words(field, x, x.size), 1, target, field.parameter)

    def beaver_product(
        self,
        a: FieldArray,
        b: FieldArray,
        c: FieldArray,
        epsilon: FieldArray,
        delta: FieldArray,
        scale: FieldArray | bool,
        out: FieldArray | None = None,
    ) -> FieldArray:
        """c + b epsilon + a delta + scale epsilon delta, elementwise on arrays of equal shape; `scale` is one element.

        With the value shares and scale 1 at one party and 0 elsewhere, and with the MAC shares and alpha_i, this is the
        product of [DPSZ12]'s multiplication. The result is written to `out` if given, which may be c itself.
        """
        field = cast("Field", self)
        target = field.empty(c.shape) if out is None else out
        sources = [_words(field, array, c.size) for array in (a, b, c, epsilon, delta)]
        if isinstance(scale, bool):
            kernel, factor = field.kernels.beaver_values, flat_words(words_of(int(scale), field.limbs)[None])
        else:
            kernel, factor = field.kernels.beaver_arrays, _words(field, scale, 1)
        kernel(*sources, factor, _target(field, target, c.size), field.parameter)
        return target

    def combine(
        self, chi: FieldArray, value: FieldArray, mac: FieldArray, mask: FieldArray | None, totals: FieldArray
    ) -> None:
        """Add sum chi_h value_h to totals[0] and sum chi_h (mac_h - mask_h) to totals[1]; all are flat."""
        field = cast("Field", self)
        count = chi.size
        sources = [_words(field, array, count) for array in (chi, value, mac)]
        masks, step = (_words(field, field.zeros(1), 1), 0) if mask is None else (_words(field, mask, count), 1)
        field.kernels.combine_openings(*sources, masks, step, _target(field, totals, 2), field.parameter)


def _words(field: Field, x: FieldArray, count: int) -> Words:
    if x.field != field or x.size != count:
        raise UsageError(f"{count} elements of {field.name} expected, not {x!r}")
    return flat_words(x.limbs)


def _target(field: Field, x: FieldArray, count: int) -> Words:
    if not is_output(x.limbs):
        raise UsageError("the output must be a contiguous, writable array")
    return _words(field, x, count)
