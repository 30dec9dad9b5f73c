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
    shares: tuple[FieldArray, ...] = ()
    """Of the key of the field, by party, at the dealer."""

    def wipe(self) -> None:
        """Overwrite all of them."""
        self.alpha.wipe()
        self.delta.wipe()
        for share in self.shares:
            share.wipe()


@dataclass(frozen=True, repr=False)
class Corrections:
    """An answer: what the last party is sent, and the owner's tags, flat; None where the kind has no such arrays."""

    numbers: FieldArray | None = None
    words: Words | None = None
    tags: FieldArray | None = None

    def wipe(self) -> None:
        """Overwrite all of it."""
        if self.tags is not None:
            self.tags.wipe()
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
    macs = list[FieldArray | None]()
    for party, stream in enumerate(streams):
        portion = expand(field, stream, party, ctx.parties, kind, count)
        clear = clear if portion.clear is None else portion.clear
        macs.append(_copied(portion.arrays[-1]) if kind.declaration.tagged else None)
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
    corrections = _numbers(kind, numbers, keys.alpha, totals)
    answer = Corrections(corrections, _last_words(bits, keys.delta, words), _tags(kind, clear, keys, macs, corrections))
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


def _tags(
    kind: Kind, clear: Any, keys: Keys, macs: list[FieldArray | None], corrections: FieldArray | None
) -> FieldArray | None:
    """What the owner of tagged masks is told: m_j - r alpha_j of every other party j. Overwrites the m_j."""
    if not kind.declaration.tagged or corrections is None:
        return None
    columns = []
    # The last party does not read its MAC shares: they are the last that it is sent.
    macs[-1] = corrections[-clear.size :]
    for party, mac in enumerate(macs):
        if mac is not None and party != kind.owner:
            columns.append(mac - clear * keys.shares[party])
    tags = FieldArray.stack(columns, 1).ravel()
    for secret in (*columns, *macs[:-1]):
        if secret is not None:
            secret.wipe()
    return tags


def _copied(array: FieldArray | None) -> FieldArray | None:
    """It is wiped when it has been added up."""
    return None if array is None else array.copy()


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
