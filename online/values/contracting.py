"""Sums of products by subscripts (`np.einsum`) and the largest of windows (`max_pool`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from spdz.errors import UsageError
from spdz.online.values.encoding import WHOLE, plain
from spdz.online.values.secret import Secret
from spdz.online.values.whole import as_a_whole
from spdz.params import require_integer

V = TypeVar("V", bound=Secret)


@as_a_whole
def einsum(subscripts: Any, *operands: Any) -> Any:
    """`np.einsum` of one or two operands with explicit subscripts, as in "ij,jk->ik"; one of them is secret.

    Two operands are one matrix product, or a stack of them, so fixed-point numbers are truncated once for each result.
    """
    labels, result = _parsed(subscripts, operands)
    lengths: dict[str, int] = {}
    for own, operand in zip(labels, operands, strict=True):
        shape = operand.shape if isinstance(operand, Secret) else np.shape(operand)
        if len(own) != len(shape):
            raise UsageError(
                f"einsum: the subscripts {own!r} stand for {len(own)} axes, and an operand has {len(shape)}"
            )
        for label, length in zip(own, shape, strict=True):
            if lengths.setdefault(label, length) != length:
                raise UsageError(f"einsum: axes {label!r} have the lengths {lengths[label]} and {length}")
    # What stands in one operand only, and not in the result, is summed before anything is multiplied.
    others = [*labels[1:], *labels[:1]] if len(labels) > 1 else [""]
    parts = [
        _summed(operand, own, {*result, *other}) for operand, own, other in zip(operands, labels, others, strict=True)
    ]
    if len(parts) == 2:
        return _product(parts[0], parts[1], result, lengths)
    [(values, own)] = parts
    return values.transpose([own.index(label) for label in result]) if own != result else values


def _parsed(subscripts: Any, operands: Sequence[Any]) -> tuple[list[str], str]:
    """The labels of each operand and of the result."""
    text = subscripts.replace(" ", "") if isinstance(subscripts, str) else ""
    left, arrow, result = text.partition("->")
    labels = left.split(",")
    if not arrow or not all(part.isalpha() or not part for part in [*labels, result]):
        raise UsageError('einsum takes explicit subscripts of letters, as in "ij,jk->ik", and no "..."')
    if len(labels) != len(operands) or len(operands) > 2:
        raise UsageError(f"einsum takes one or two operands, as many as subscripts; got {len(operands)}, {len(labels)}")
    if any(len(set(part)) < len(part) for part in [*labels, result]):
        raise UsageError("einsum takes each letter once for an operand: diagonals are indices, as in x[i, i]")
    if not set(result) <= set(left):
        raise UsageError("einsum: a letter of the result stands in no operand")
    return labels, result


def _summed(operand: Any, labels: str, kept: set[str]) -> tuple[Any, str]:
    """An operand without the axes that are kept nowhere."""
    values: Any = operand if isinstance(operand, Secret) else np.asarray(plain(operand, kinds=WHOLE + "f"))
    over = tuple(axis for axis, label in enumerate(labels) if label not in kept)
    return (values.sum(over) if over else values), "".join(label for label in labels if label in kept)


def _product(x: tuple[Any, str], y: tuple[Any, str], result: str, lengths: dict[str, int]) -> Any:
    """One matrix product, or one for each entry of the axes that both operands and the result have."""
    (left, left_labels), (right, right_labels) = x, y
    shared = [label for label in left_labels if label in right_labels]
    stack = [label for label in shared if label in result]
    inner = [label for label in shared if label not in result]
    rows = [label for label in left_labels if label not in shared]
    columns = [label for label in right_labels if label not in shared]

    def arranged(values: Any, labels: str, first: list[str], second: list[str]) -> Any:
        order = [labels.index(label) for label in [*stack, *first, *second]]
        sizes = [math.prod(lengths[label] for label in group) for group in (first, second)]
        lead = [lengths[label] for label in stack]
        return values.transpose(order).reshape(*lead, *sizes)

    product = arranged(left, left_labels, rows, inner) @ arranged(right, right_labels, inner, columns)
    order = [*stack, *rows, *columns]
    return product.reshape([lengths[label] for label in order]).transpose([order.index(label) for label in result])


@as_a_whole
def max_pool(x: V, window: int | Sequence[int], stride: int | Sequence[int] | None = None) -> V:
    """The largest entry of each window over the two last axes, of secret integers or fixed-point numbers.

    The windows lie `stride` apart, by default as far as they are long; what fills no window at the end is left out, as
    other libraries do without padding. First along columns, then along rows: as many comparisons as halving takes for
    each: 14 rounds of 2 by 2 numbers of 32 bits. UsageError for windows that are longer than an axis.
    """
    if not hasattr(x, "max"):
        raise TypeError(f"max_pool takes secret numbers of a declared type, such as spdz.Int(32), not {_named(x)}")
    if x.ndim < 2:
        raise UsageError(f"max_pool goes over the two last axes, and there are {x.ndim}")
    lengths = _two("window", window, x.shape[-2:])
    steps = lengths if stride is None else _two("stride", stride, None)
    columns = _windows(x.swapaxes(-1, -2), lengths[0], steps[0]).swapaxes(-1, -2)
    pooled: V = _windows(columns, lengths[1], steps[1])
    return pooled


def _windows(x: Any, length: int, step: int) -> Any:
    """The largest of windows along the last axis."""
    reach = (x.shape[-1] - length) // step * step + 1
    parts = [x[..., start : start + reach : step] for start in range(length)]
    return x._mpc.stack(parts, -1).max(-1) if length > 1 else parts[0]


def _two(name: str, given: Any, most: Sequence[int] | None) -> tuple[int, int]:
    """A length for both axes, or one for each."""
    both = tuple(given) if isinstance(given, Sequence) else (given, given)
    if len(both) != 2:
        raise UsageError(f"the {name} of max_pool is a number, or two of them, got {len(both)}")
    limits = most or (1 << 62, 1 << 62)
    first, second = (
        require_integer(each, f"the {name} of max_pool", 1, limit) for each, limit in zip(both, limits, strict=True)
    )
    return first, second


def _named(value: object) -> str:
    return f"a {type(value).__name__}"
