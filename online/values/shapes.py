"""The shapes of arguments and results; what does not fit is a `UsageError` before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import FieldArray

Shape = int | tuple[int, ...]


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
    if not 1 <= len(left) <= 2 or not 1 <= len(right) <= 2 or left[-1] != right[0]:
        raise UsageError(f"a matrix product of shapes {left} and {right} is not defined (one or two axes each)")
    return left[:-1] + right[1:]


def shape_tuple(shape: Shape) -> tuple[int, ...]:
    """A shape given as one length or as several."""
    try:
        lengths = tuple(map(index, shape)) if isinstance(shape, Iterable) else (index(shape),)
    except TypeError:
        raise UsageError(f"a shape is an integer or a tuple of integers, got {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise UsageError(f"a shape has no negative lengths, got {lengths}")
    return lengths


def input_shape(values: Any, shape: Shape | None, encoded: FieldArray | None) -> tuple[int, ...]:
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
