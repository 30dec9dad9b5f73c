"""The fused loops from the operators of `FieldArray`, for families that have no module of their own for them.

One method for each loop of `spdz.field.family`, which says what it computes. They need several passes over memory and
leave copies of what they compute in it until that is used again; so a family that is meant for more than trials brings
its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spdz.field.array import FieldArray
from spdz.field.family import DigitShape, Hashes
from spdz.field.memory import Words

if TYPE_CHECKING:
    from spdz.field.field import Field

_HALF, _LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)


class _Plain:
    def __init__(self, field: Field) -> None:
        self._field = field

    def _array(self, words: Words) -> FieldArray:
        """The flat array that has these words, not a copy."""
        return FieldArray(self._field, words.reshape(-1, self._field.limbs))

    def _arrays(self, *words: Words) -> list[FieldArray]:
        return list(map(self._array, words))

    def _hashes(self, hashes: Hashes) -> FieldArray:
        inner, outer, index = hashes
        blocks = inner ^ outer
        blocks[:, 0] ^= index + np.arange(len(blocks), dtype=np.uint64)
        return self._field.reduce_blocks(blocks)

    def _powers(self, step: int, count: int) -> FieldArray:
        """2^0, 2^step, 2^(2 step), ..."""
        return self._field.array([(1 << step * j) % self._field.modulus for j in range(count)])


class PlainBeaver(_Plain):
    """`BeaverLoops` of any field."""

    def beaver_arrays(
        self, a: Words, b: Words, c: Words, epsilon: Words, delta: Words, scale: Words, out: Words, _: np.uint64, /
    ) -> None:
        one, other, product, left, right, factor = self._arrays(a, b, c, epsilon, delta, scale)
        self._array(out)[...] = product + other * left + (one + factor * left) * right

    beaver_values = beaver_arrays

    def combine_openings(
        self, chi: Words, value: Words, mac: Words, mask: Words, mask_step: int, totals: Words, _: np.uint64, /
    ) -> None:
        coefficients, opened, macs, masks, sums = self._arrays(chi, value, mac, mask, totals)
        sums[0] = sums[0] + coefficients.dot(opened)
        sums[1] = sums[1] + coefficients.dot(macs - (masks if mask_step else masks[:1]))


class PlainGadget(_Plain):
    """`GadgetLoops` of any field."""

    def copee_sender_step(self, acc: Words, x: Words, t0: Words, t1: Words, u: Words, _: np.uint64, /) -> None:
        total, added, first, second, correction = self._arrays(acc, x, t0, t1, u)
        correction[...] = first - second + added
        total[...] = total + total + first

    def copee_receiver_step(self, acc: Words, t: Words, u: Words, bit: np.uint64, _: np.uint64, /) -> None:
        total, own, correction = self._arrays(acc, t, u)
        total[...] = total + total + own + correction * int(bit)

    def ot_sender_products(
        self, h0: Hashes, h1: Hashes, b: Words, k: int, d: Words, out: Words, _: np.uint64, /
    ) -> None:
        first, second = self._hashes(h0).reshape(-1, k), self._hashes(h1).reshape(-1, k)
        self._array(d).reshape(-1, k)[...] = first - second + self._array(b).reshape(-1, 1)
        self._array(out)[...] = first @ self._powers(1, k)

    def ot_receiver_products(self, h: Hashes, words: Words, k: int, d: Words, out: Words, _: np.uint64, /) -> None:
        bits = self._field.array(self._array(words).bits())
        entries = self._hashes(h).reshape(-1, k) + bits * self._array(d).reshape(-1, k)
        self._array(out)[...] = entries @ self._powers(1, k)

    def pack_bits(self, words: Words, limbs: int, k: int, out: Words, /) -> None:
        packed = np.packbits(self._array(words).bits(), bitorder="little")
        out[...] = 0
        out.view(np.uint8)[: packed.size] = packed


class PlainChoices(_Plain):
    """`ChoiceLoops` of any field."""

    def choice_payload(
        self, h0: Hashes, h1: Hashes, x: Words, x_step: int, d: Words, out: Words, _: np.uint64, /
    ) -> None:
        first, added = self._hashes(h0), self._array(x)
        self._array(d)[...] = first - self._hashes(h1) + (added if x_step else added[:1])
        self._array(out)[...] = -first

    def choice_take(self, h: Hashes, bits: Words, first: int, d: Words, out: Words, _: np.uint64, /) -> None:
        total, message = self._arrays(out, d)
        total[...] = total + self._hashes(h) + self._bits(bits, first, total.size) * message

    def choice_times(self, bits: Words, first: int, x: Words, x_step: int, out: Words, _: np.uint64, /) -> None:
        product, factor = self._arrays(out, x)
        product[...] = self._bits(bits, first, product.size) * (factor if x_step else factor[:1])

    def chain_difference(
        self, start: Words, start_step: int, total: Words, w: Words, out: Words, _: np.uint64, /
    ) -> None:
        begun, sums, mask = self._arrays(start, total, w)
        self._array(out)[...] = (begun if start_step else begun[:1]) - sums - sums - mask

    def chain_add(self, product: Words, epsilon: Words, x: Words, total: Words, _: np.uint64, /) -> None:
        added, opened, factor, sums = self._arrays(product, epsilon, x, total)
        sums[...] = sums + added + opened * factor

    def _bits(self, bits: Words, first: int, count: int) -> FieldArray:
        unpacked = np.unpackbits(bits.view(np.uint8), bitorder="little")
        return self._field.array(unpacked[first : first + count])


class PlainRows(_Plain):
    """`RowLoops` of any field."""

    def matrix_sender(
        self,
        inner: Words,
        seeds: Words,
        y: Words,
        shape: DigitShape,
        d: Words,
        out: Words,
        total: Words,
        _: np.uint64,
        /,
    ) -> None:
        digits, _depth, width, first, stride = shape
        columns, leaves = slice(first, first + width), self._leaves(inner, seeds, shape)
        rows = self._array(y).reshape(-1, 1, stride)[:, :, columns]
        self._array(d).reshape(-1, digits, stride)[:, :, columns] = rows - leaves.sum(2)
        self._array(out).reshape(-1, stride)[:, columns] = self._weighted(leaves, shape)

    def matrix_receiver(
        self,
        inner: Words,
        seeds: Words,
        values: npt.NDArray[np.uint8],
        shape: DigitShape,
        d: Words,
        out: Words,
        total: Words,
        _: np.uint64,
        /,
    ) -> None:
        digits, depth, width, first, stride = shape
        columns, leaves = slice(first, first + width), self._leaves(inner, seeds, shape)
        corrections = self._array(d).reshape(-1, digits, stride)[:, :, columns]
        chosen = self._field.array(values.reshape(-1, digits, 1)) * (leaves.sum(2) + corrections)
        taken = (chosen * self._powers(depth, digits).reshape(digits, 1)).sum(1)
        self._array(out).reshape(-1, stride)[:, columns] = taken - self._weighted(leaves, shape)

    def add_rows(
        self,
        x: Words,
        places: npt.NDArray[np.int64],
        columns: int,
        first: int,
        stride: int,
        target: Words,
        _: np.uint64,
        /,
    ) -> None:
        rows = self._array(x).reshape(-1, columns)
        table = self._array(target).reshape(-1, stride)[:, first : first + columns]
        for number, place in enumerate(places):
            table[place] = table[place] + rows[number]

    def _leaves(self, inner: Words, seeds: Words, shape: DigitShape) -> FieldArray:
        """(entries, digits, 2^depth, width)"""
        digits, depth, width, _, _ = shape
        blocks = inner.reshape(-1, width, 2) ^ seeds.reshape(-1, 1, 2)
        return self._field.reduce_blocks(blocks.reshape(-1, 2)).reshape(-1, digits, 1 << depth, width)

    def _weighted(self, leaves: FieldArray, shape: DigitShape) -> FieldArray:
        digits, depth, _, _, _ = shape
        weights = self._field.array([weight % self._field.modulus for weight in reversed(range(1 << depth))])
        of_digits = (leaves * weights.reshape(-1, 1)).sum(2)
        return (of_digits * self._powers(depth, digits).reshape(digits, 1)).sum(1)


class PlainCode(_Plain):
    """`CodeLoops` of any field."""

    def gather(self, secret: Words, words: Words, out: Words, _: np.uint64, /) -> None:
        vector, sums = self._arrays(secret, out)
        places = ((words & _LOW_HALF) * np.uint64(vector.size)) >> _HALF
        high = words >> _HALF
        coefficients = self._field.reduce_blocks(np.stack([high, np.zeros_like(high)], axis=-1).reshape(-1, 2))
        sums[...] = sums + (vector[places] * coefficients.reshape(words.shape)).sum(1)

    def add_noise(self, values: Words, places: Words, out: Words, _: np.uint64, /) -> None:
        added, sums = self._arrays(values, out)
        table = sums.reshape(len(places), -1)
        hits = np.arange(table.shape[1], dtype=np.uint64) == places[:, None]
        table[...] = table + self._field.array(hits) * added.reshape(-1, 1)
