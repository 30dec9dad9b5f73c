"""What `FieldArray` needs beyond one pass of a kernel: shapes, joining, matrix products, batched inversion."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.memory import flat_words

if TYPE_CHECKING:
    from spdz.field.array import FieldArray

# The part of the right factor that is swept for every row of the left one; it should stay in the second-level cache.
MATMUL_TILE_BYTES = 1 << 18


def shape_of(*shape: int | Sequence[int]) -> tuple[int, ...]:
    """A shape given as one tuple or as several integers."""
    if len(shape) == 1 and not isinstance(shape[0], int | np.integer):
        return tuple(int(length) for length in shape[0])
    return tuple(int(length) for length in shape)  # type: ignore[arg-type]


def count_of(shape: Sequence[int]) -> int:
    """The number of elements of a shape."""
    return math.prod(shape)


def axis_of(axis: int, ndim: int) -> int:
    """An axis counted from the front."""
    if not -ndim <= axis < ndim:
        raise UsageError(f"axis {axis} is outside of an array of {ndim} dimensions")
    return axis % ndim


def broadcast_shape(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of two operands."""
    if x == y:
        return x
    try:
        return np.broadcast_shapes(x, y)
    except ValueError:
        raise UsageError(f"shapes {x} and {y} do not broadcast") from None


def place_of(wrong: npt.NDArray[np.bool_]) -> str:
    """Words for the first index at which `wrong` holds."""
    if wrong.ndim == 0:
        return "the only element"
    return f"first at index {tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), wrong.shape))}"


def join(joiner: Callable[..., Any], arrays: Sequence[FieldArray], axis: int, added: int) -> FieldArray:
    """Concatenate (added = 0) or stack (added = 1) arrays of one field."""
    if not len(arrays):
        raise UsageError("there is nothing to join")
    first = arrays[0]
    for other in arrays:
        first._same_field(other)
    at = axis_of(axis, first.ndim + added)
    try:
        return type(first)(first.field, joiner([array.limbs for array in arrays], axis=at))
    except ValueError:
        raise UsageError(f"shapes {[array.shape for array in arrays]} do not join along axis {axis}") from None


def matmul(x: FieldArray, y: FieldArray) -> FieldArray:
    """Matrix product of (..., m, k) by (..., k, n), leading axes broadcast."""
    field = x.field
    rows, inner, columns = x.shape[-2], x.shape[-1], y.shape[-1]
    lead = broadcast_shape(x.shape[:-2], y.shape[:-2])
    out = field.empty((*lead, rows, columns))
    x = x.broadcast_to((*lead, rows, inner))
    # Both factors by rows, so that the inner loop walks through memory in order.
    turned = y.transpose(*range(y.ndim - 2), y.ndim - 1, y.ndim - 2).broadcast_to((*lead, columns, inner))
    tile = max(1, MATMUL_TILE_BYTES // max(1, inner * field.element_bytes))
    for index in np.ndindex(*lead):
        left, right = flat_words(x[index].limbs), flat_words(turned[index].limbs)
        target = flat_words(out[index].limbs)
        field.kernels.matmul_rows(left, right, rows, inner, columns, tile, target, field.parameter)
    return out


def inverse(x: FieldArray) -> FieldArray:
    """Inverses of a flat array without zeros: three multiplications per element and a single power (Montgomery).

    1/a = b / (a b) and 1/b = a / (a b), so that half the inversions of pairs give all.
    """
    half = x.size // 2
    if half == 0:
        return x ** (x.field.modulus - 2)
    low, high = x[:half], x[half : 2 * half]
    of_products = inverse(low * high)
    out = [of_products * high, of_products * low]
    if x.size % 2:
        out.append(x[2 * half :] ** (x.field.modulus - 2))
    return type(x).concatenate(out)
