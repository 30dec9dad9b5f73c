"""Sorting without looking: a network that compares and exchanges the same places whatever is in them.

Source:  K. E. Batcher, "Sorting networks and their applications", AFIPS 1968: odd-even merges. About N/4 log^2 N
         comparisons in log N (log N + 1) / 2 layers; each layer is one comparison and one selection of arrays.
Symbols: a *word* is what moves with an entry: its value, and its index where that is wanted. All words of an entry move
         under one bit, and the network orders by a public linear combination of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spdz.online.values.comparing import negative
from spdz.online.values.intervals import Interval
from spdz.online.values.selecting import rows_chosen
from spdz.online.values.shapes import normal_axis
from spdz.online.values.types import standard_int
from spdz.params import require_integer

if TYPE_CHECKING:
    from spdz.online.values.array import SecretArray
    from spdz.online.values.integer import SecretInt

Layer = tuple[tuple[int, int], ...]
"""Pairs of places, no place twice: the smaller entry of a pair goes to the first."""


@lru_cache(maxsize=64)
def merge_exchange(count: int) -> tuple[Layer, ...]:
    """The layers that sort `count` entries."""
    layers: list[Layer] = []
    run = 1
    while run < count:
        gap = run
        while gap:
            starts = range(gap % run, count - gap, 2 * gap)
            places = [start + i for start in starts for i in range(min(gap, count - gap - start))]
            layers.append(tuple((at, at + gap) for at in places if at // (2 * run) == (at + gap) // (2 * run)))
            gap //= 2
        run *= 2
    return tuple(layers)


def pruned(layers: Sequence[Layer], wanted: Sequence[int]) -> list[Layer]:
    """The comparisons on which what ends up in the wanted places depends."""
    needed, kept = set(wanted), []
    for layer in reversed(layers):
        used = tuple(pair for pair in layer if not needed.isdisjoint(pair))
        needed.update(at for pair in used for at in pair)
        if used:
            kept.append(used)
    return kept[::-1]


def sort(x: SecretInt, axis: int | None) -> SecretInt:
    """Ascending along an axis, or all entries in one."""
    if axis is None:
        return sort(x.ravel(), 0)
    at = normal_axis(axis, x.ndim)
    words = x.swapaxes(at, -1).raw.reshape(1, *x.swapaxes(at, -1).shape)
    layers = merge_exchange(words.shape[-1])
    ordered = _exchanged(words, layers, lambda step: step[0], x.interval - x.interval)
    return x._of(ordered[0].swapaxes(at, -1), x.type, x.interval)


def argsort(x: SecretInt, axis: int | None) -> SecretInt:
    """The indices that sort along an axis; entries that are equal stay in their order."""
    if axis is None:
        return argsort(x.ravel(), 0)
    at = normal_axis(axis, x.ndim)
    words = _with_index(x.swapaxes(at, -1), 1)
    count = words.shape[-1]
    ordered = _exchanged(words, merge_exchange(count), lambda step: step[0] * count + step[1], _key_steps(x, count))
    return _indices(x, "argsort", ordered[1].swapaxes(at, -1), count)


def top_k(x: SecretInt, k: int, axis: int) -> tuple[SecretInt, SecretInt]:
    """The k largest entries along an axis, the largest first, and their indices; of equal ones those of lower index."""
    at = normal_axis(axis, x.ndim)
    count = x.shape[at]
    k = require_integer(k, "k of top_k", 0, count)
    words = _with_index(x.swapaxes(at, -1), -1)
    layers = pruned(merge_exchange(count), range(count - k, count))
    ordered = _exchanged(words, layers, lambda step: step[0] * count + step[1], _key_steps(x, count))
    best = ordered[..., count - k :][..., ::-1].swapaxes(at + 1, -1)
    values = x._of(best[0], x.type, x.interval)
    return values, _indices(x, "top_k", max(count - 1, 0) - best[1], count)


def _exchanged(
    words: SecretArray, layers: Sequence[Layer], key: Callable[[SecretArray], SecretArray], steps: Interval
) -> SecretArray:
    """The entries after all layers. `key` of the difference of two entries, in `steps`, says which is smaller."""
    for layer in layers:
        low, high = ([pair[end] for pair in layer] for end in (0, 1))
        lower = words[..., low]
        step = words[..., high] - lower
        moved = rows_chosen(negative(key(step), steps), step)
        words = _placed(words, [*low, *high], [lower + moved, lower + step - moved])
    return words


def _placed(words: SecretArray, places: list[int], changed: list[SecretArray]) -> SecretArray:
    """`words` with others in some places of the last axis."""
    rest = sorted(set(range(words.shape[-1])).difference(places))
    parts = [*changed, words[..., rest]] if rest else changed
    joined: SecretArray = words._mpc.concatenate(parts, -1)
    return joined[..., np.argsort([*places, *rest])]


def _with_index(x: SecretInt, direction: int) -> SecretArray:
    """Value and index along the last axis, of which the index counts up or down."""
    index = np.arange(x.shape[-1])[::direction]
    words: SecretArray = x._mpc.stack([x.raw, np.broadcast_to(index, x.shape)])
    return words


def _key_steps(x: SecretInt, count: int) -> Interval:
    """Of the difference of two keys: value times count plus index, no two of which are equal."""
    last = max(count - 1, 0)
    return (x.interval - x.interval) * Interval(count, count) + Interval(-last, last)


def _indices(x: SecretInt, name: str, raw: SecretArray, count: int) -> SecretInt:
    return x._made(name, standard_int(x._mpc.field), Interval(0, max(count - 1, 0)), lambda: raw)
