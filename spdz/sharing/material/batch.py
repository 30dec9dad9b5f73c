"""Some material of one kind, and the views in which protocols take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spdz.field import FieldArray
from spdz.sharing.bit_share import Bits, BitShare, wipe_bits
from spdz.sharing.material.kinds import Kind
from spdz.sharing.shares import AuthShare, concatenate_shares

Clear = FieldArray | Bits
"""Masks as their owner knows them: field elements, or bits."""


@dataclass(frozen=True, repr=False)
class Batch:
    """`count` elements of one kind: arrays with a leading axis of that length; `clear` is the owner's view of masks.

    `shares` are those of the kind's arrays, in the order of its declaration, each of the domain that is declared there.
    """

    kind: Kind
    shares: tuple[Any, ...]
    clear: Any = None

    @property
    def count(self) -> int:
        return int(self.shares[0].shape[0])

    def split(self, count: int) -> tuple[Batch, Batch]:
        """The first `count` elements and the rest."""
        head, tail = slice(None, count), slice(count, None)
        return (
            Batch(self.kind, tuple(s[head] for s in self.shares), None if self.clear is None else self.clear[head]),
            Batch(self.kind, tuple(s[tail] for s in self.shares), None if self.clear is None else self.clear[tail]),
        )

    def empty(self, count: int) -> Batch:
        """Memory for `count` elements of this kind, to be overwritten."""
        return Batch(
            self.kind,
            tuple(share.empty_like(count) for share in self.shares),
            None if self.clear is None else _empty_like(self.clear, count),
        )

    def copy_from(self, other: Batch) -> None:
        """Overwrite everything by a batch of equal kind and count."""
        for share, source in zip(self.shares, other.shares, strict=True):
            share.assign(source)
        if self.clear is not None and other.clear is not None:
            self.clear[:] = other.clear

    def wipe(self) -> None:
        """Overwrite everything."""
        for share in self.shares:
            share.wipe()
        if isinstance(self.clear, FieldArray):
            self.clear.wipe()
        elif self.clear is not None:
            wipe_bits(self.clear)

    def __repr__(self) -> str:
        return f"Batch({self.count} {self.kind})"


class Triples(NamedTuple):
    """Shares of a, b, c = a b (for matrix triples: matrices)."""

    a: AuthShare
    b: AuthShare
    c: AuthShare


class Squares(NamedTuple):
    """Shares of a and b = a^2."""

    a: AuthShare
    b: AuthShare


class InputMasks(NamedTuple):
    """Shares of masks; `clear` holds them at their owner and is None elsewhere."""

    share: AuthShare
    clear: FieldArray | None


class BitMasks(NamedTuple):
    """As `InputMasks`, of bits."""

    share: BitShare
    clear: Bits | None


def join_batches(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    kind = batches[0].kind
    shares = tuple(concatenate_shares([batch.shares[i] for batch in batches]) for i in range(len(batches[0].shares)))
    clears = [batch.clear for batch in batches if batch.clear is not None]
    return Batch(kind, shares, _joined(clears) if clears else None)


def _joined(clears: list[Clear]) -> Clear:
    fields = [clear for clear in clears if isinstance(clear, FieldArray)]
    return FieldArray.concatenate(fields) if fields else np.concatenate(clears)


def _empty_like(array: Clear, count: int) -> Clear:
    shape = (count, *array.shape[1:])
    return array.field.empty(shape) if isinstance(array, FieldArray) else np.empty(shape, array.dtype)
