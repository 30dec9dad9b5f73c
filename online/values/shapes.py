"""The shapes of arguments and results; what does not fit is a `UsageError` before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.params import integer_of, shown

Shape = int | tuple[int, ...]

MAX_ENTRIES = 2**63 - 1
"""More than numpy can count."""


def placeholder(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """An array of that shape without memory, to ask numpy what an operation does to the shape."""
    return np.broadcast_to(np.False_, shape)


def shape_by_numpy(operation: Callable[[], npt.NDArray[Any]]) -> tuple[int, ...]:
    """The shape of the result; what numpy refuses is a UsageError."""
    try:
        return operation().shape
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


def matmul_shape(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a product of matrices or vectors."""
    try:
        # numpy's own rule, on arrays without memory; an empty inner axis spares the arithmetic.
        if not left or not right or left[-1] != right[-2 if len(right) > 1 else 0]:
            raise ValueError
        lead = np.broadcast_shapes(left[:-2], right[:-2])
    except ValueError:
        raise UsageError(f"a matrix product of shapes {left} and {right} is not defined") from None
    return lead + (left[-2:-1]) + (right[-1:] if len(right) > 1 else ())


Axes = int | Sequence[int] | None
"""One axis, several, or all."""


def axis_argument(axis: Axes) -> int | tuple[int, ...] | None:
    """`axis` as numpy takes it; TypeError for what is no axis."""
    if axis is None or not isinstance(axis, Iterable):
        return None if axis is None else index(axis)
    return tuple(map(index, axis))


def normal_axis(axis: int, ndim: int) -> int:
    """An axis counted from the front."""
    number = integer_of(axis)
    if number is None or not -ndim <= number < ndim:
        raise UsageError(f"an array of {ndim} axes has no axis {shown(axis)}")
    return number % ndim


def normal_axes(axes: Sequence[Any], ndim: int) -> tuple[int, ...]:
    """The order that `transpose` was given: nothing, axes, or one sequence of them."""
    if not axes or (len(axes) == 1 and axes[0] is None):
        return tuple(reversed(range(ndim)))
    given = tuple(axes[0]) if len(axes) == 1 and isinstance(axes[0], Iterable) else tuple(axes)
    order = tuple(normal_axis(axis, ndim) for axis in given)
    if sorted(order) != list(range(ndim)):
        raise UsageError(f"transpose takes each of {ndim} axes once, got {given}")
    return order


def summed_last(axis: Axes, ndim: int) -> tuple[tuple[int, ...], int]:
    """An order of axes in which those that a sum goes over come last, and how many come before them."""
    given = range(ndim) if axis is None else (axis if isinstance(axis, Iterable) else (axis,))
    over = [normal_axis(each, ndim) for each in given]
    kept = [each for each in range(ndim) if each not in over]
    return (*kept, *over), len(kept)


def reduced_shape(shape: tuple[int, ...], axis: Axes, keepdims: bool) -> tuple[int, ...]:
    """What a sum over these axes leaves of a shape."""
    # numpy says what it thinks of the axes; on one entry, for it would add up all that a placeholder stands for.
    shape_by_numpy(lambda: placeholder((1,) * len(shape)).sum(axis_argument(axis), keepdims=keepdims))
    order, kept = summed_last(axis, len(shape))
    over = set(order[kept:])
    lengths = (1 if place in over else length for place, length in enumerate(shape) if keepdims or place not in over)
    return tuple(lengths)


def count_along(shape: tuple[int, ...], axis: Axes) -> int:
    """How many entries a sum over these axes adds up in each of its results."""
    order, kept = summed_last(axis, len(shape))
    return math.prod(shape[each] for each in order[kept:])


def shape_tuple(shape: Shape) -> tuple[int, ...]:
    """A shape given as one length or as several."""
    try:
        lengths = tuple(map(index, shape)) if isinstance(shape, Iterable) else (index(shape),)
    except TypeError:
        raise UsageError(f"a shape is an integer or a tuple of integers, got {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise UsageError(f"a shape has no negative lengths, got {shown(lengths)}")
    if max(lengths, default=0) > MAX_ENTRIES or math.prod(lengths) > MAX_ENTRIES:
        raise UsageError(f"a shape has at most 2^63 - 1 entries, got {shown(lengths)}")
    return lengths


def input_shape(values: Any, shape: Shape | None, encoded: FieldArray | npt.NDArray[Any] | None) -> tuple[int, ...]:
    """The shape of an input: as asked for, or as the values have it, which are encoded at their owner only."""
    if shape is not None:
        return shape_tuple(shape)
    if encoded is not None:
        return encoded.shape
    if values is None:
        raise UsageError("a party that does not own the input must say its shape: mpc.input(owner=..., shape=...)")
    try:
        return np.shape(values)
    except ValueError:
        raise UsageError("the shape of an input cannot be read from a ragged sequence; pass shape=...") from None
