"""The passes over memory of an opening, a multiplication with a triple and a MAC check [DPSZ12].

A million products touch more memory than the cache holds, and fresh memory costs more than the arithmetic. So what
matters is how often memory is read and written, and whether it was used before. Written with the operators of
`FieldArray` a multiplication takes nine passes and as many arrays. Raises UsageError for arrays that do not fit.
"""

from __future__ import annotations

from functools import partial

from spdz.errors import UsageError
from spdz.field.array import FieldArray
from spdz.field.convert import words_of
from spdz.field.field import Field
from spdz.field.memory import flat_words
from spdz.field.operands import source, target


def differences(field: Field, *pairs: tuple[FieldArray, FieldArray]) -> FieldArray:
    """x - a for each pair (x, a) of equal shape, one after the other in one flat array."""
    for x, a in pairs:
        if x.shape != a.shape:
            raise UsageError(f"shapes {x.shape} and {a.shape} have no difference")
    out = field.empty((sum(x.size for x, _ in pairs),))
    words, start = flat_words(out.limbs), 0
    for x, a in pairs:
        part = words[start : start + x.size]
        field.kernels.sub_arrays(source(field, x, x.size), 1, source(field, a, x.size), 1, part, field.parameter)
        start += x.size
    return out


def add_into(field: Field, total: FieldArray, x: FieldArray) -> None:
    """total += x in place, for arrays of equal shape."""
    if total.shape != x.shape:
        raise UsageError(f"an array of shape {x.shape} cannot be added to one of shape {total.shape} in place")
    words = target(field, total, x.size)
    field.kernels.add_arrays(words, 1, source(field, x, x.size), 1, words, field.parameter)


def product(
    field: Field,
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
    result = field.empty(c.shape) if out is None else out
    words = partial(source, field, count=c.size)
    if isinstance(scale, bool):
        loop, factor = field.beaver.beaver_values, flat_words(words_of(int(scale), field.limbs)[None])
    else:
        loop, factor = field.beaver.beaver_arrays, source(field, scale, 1)
    written = target(field, result, c.size)
    loop(words(a), words(b), words(c), words(epsilon), words(delta), factor, written, field.parameter)
    return result


def combine(
    field: Field,
    chi: FieldArray,
    value: FieldArray,
    mac: FieldArray,
    mask: FieldArray | None,
    totals: FieldArray,
) -> None:
    """Add sum chi_h value_h to totals[0] and sum chi_h (mac_h - mask_h) to totals[1]; all are flat."""
    words = partial(source, field, count=chi.size)
    masks, step = (source(field, field.zeros(1), 1), 0) if mask is None else (words(mask), 1)
    sums = target(field, totals, 2)
    field.beaver.combine_openings(words(chi), words(value), words(mac), masks, step, sums, field.parameter)
