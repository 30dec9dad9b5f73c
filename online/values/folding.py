"""Reductions over axes in as many rounds as halving takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from spdz.online.values.secret import Secret
from spdz.online.values.shapes import Axes, Shape, reduced_shape, summed_last

S = TypeVar("S", bound=Secret)


def folded(x: S, axis: Axes) -> S:
    """`x` with the axes that a reduction goes over as one, the last; numbers get it too."""
    order, kept = summed_last(axis, x.ndim)
    lengths = tuple(x.shape[each] for each in order[:kept])
    count = math.prod(x.shape[each] for each in order[kept:])
    return x.transpose(order).reshape(*lengths, count) if x.ndim else x.reshape(1)


def pairs(x: S) -> tuple[S, S, S]:
    """Neighbours along the last axis, left and right ones, and what is left over: one or none, the last."""
    even = x.shape[-1] // 2 * 2
    return x[..., 0:even:2], x[..., 1:even:2], x[..., even:]


def halved(x: S, axis: Axes, keepdims: bool, combine: Callable[[S, S], S], empty: Callable[[Shape], S]) -> S:
    """Combine all entries along axes by an operation that is associative; `empty` makes the result of none."""
    shape = reduced_shape(x.shape, axis, keepdims)
    rest = folded(x, axis)
    if rest.shape[-1] == 0:
        return empty(shape)
    while rest.shape[-1] > 1:
        left, right, over = pairs(rest)
        rest = rest._mpc.concatenate([combine(left, right), over], -1) if over.shape[-1] else combine(left, right)
    return rest.reshape(shape)


def steps(count: int) -> list[int]:
    """1, 2, 4, ... below `count`."""
    return [1 << exponent for exponent in range(max(count - 1, 0).bit_length())]
