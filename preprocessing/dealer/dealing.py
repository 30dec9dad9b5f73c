"""What the trusted dealer computes: the truth about a batch, and what the last party must be sent to make it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spdz.crypto.prg import Prg
from spdz.field import FieldArray
from spdz.preprocessing.dealer.wire import array_shapes, corrected_arrays, expand, word_shapes
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BitKey
from spdz.sharing.bit_share import Bits, Words, spread
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import Kind
from spdz.sharing.material.kinds import complete


@dataclass(frozen=True, repr=False)
class Keys:
    """Shares of both MAC keys, or both keys."""

    alpha: FieldArray
    delta: BitKey

    def wipe(self) -> None:
        """Overwrite both."""
        self.alpha.wipe()
        self.delta.wipe()


@dataclass(frozen=True, repr=False)
class Corrections:
    """An answer: what the last party is sent, flat; None where the kind has no such arrays."""

    numbers: FieldArray | None = None
    words: Words | None = None

    def wipe(self) -> None:
        """Overwrite both."""
        if self.numbers is not None:
            self.numbers.wipe()
        if self.words is not None:
            self.words.fill(0)


def deal(ctx: Context, keys: Keys, streams: list[Prg], kind: Kind, count: int) -> Corrections:
    """Advance all streams by one answer and return the last party's corrections."""
    field = ctx.field
    totals = [field.zeros(shape) for shape in array_shapes(kind, count)]
    words = [np.zeros(shape, np.uint64) for shape in word_shapes(kind, count)]
    clear: FieldArray | Bits | None = None
    for party, stream in enumerate(streams):
        portion = expand(field, stream, party, ctx.parties, kind, count)
        clear = clear if portion.clear is None else portion.clear
        for i, array in enumerate(portion.arrays):
            if array is not None:
                totals[i] = add_and_wipe(totals[i], array)
        for total, own in zip(words, portion.words, strict=True):
            if own is not None:
                np.bitwise_xor(total, own, out=total)
                own.fill(0)
    values = _values(ctx, kind, count, totals, clear)
    numbers = [value for value in values if isinstance(value, FieldArray)]
    bits = [value for value in values if not isinstance(value, FieldArray)]
    answer = Corrections(_numbers(kind, numbers, keys.alpha, totals), _last_words(bits, keys.delta, words))
    for secret in (*numbers, *totals):
        secret.wipe()
    for plain in bits:
        plain.fill(0)
    return answer


def _values(
    ctx: Context, kind: Kind, count: int, totals: list[FieldArray], clear: FieldArray | Bits | None
) -> list[Any]:
    """All arrays of the kind in the clear: uniform ones of the field are what the parties read, all in all."""
    sums, given = iter(totals), list[Any]()
    for array in kind.declaration.arrays:
        total = next(sums) if array.domain == FIELD else None
        given.append(clear if array.known else total if array.uniform else None)
    return complete(kind, ctx.field, count, given, ctx.randomness)


def _numbers(kind: Kind, values: list[FieldArray], alpha: FieldArray, totals: list[FieldArray]) -> FieldArray | None:
    """The values and MACs that are corrected, less what the parties read of them."""
    if not values:
        return None
    products = [value * alpha for value in values]
    truth = [*values, *products]
    corrections = [(truth[i] - totals[i]).ravel() for i in corrected_arrays(kind)]
    flat = FieldArray.concatenate(corrections)
    for secret in (*products, *corrections):
        secret.wipe()
    return flat


def _last_words(bits: list[Bits], delta: BitKey, words: list[Words]) -> Words | None:
    """The last party's words of all bits; overwrites those of the others."""
    if not bits:
        return None
    flat = np.concatenate(
        [(spread(plain) & delta.word ^ others).ravel() for plain, others in zip(bits, words, strict=True)]
    )
    for others in words:
        others.fill(0)
    return flat


def add_and_wipe(total: FieldArray, addend: FieldArray) -> FieldArray:
    """The sum; neither addend survives."""
    result = total + addend
    total.wipe()
    addend.wipe()
    return result
