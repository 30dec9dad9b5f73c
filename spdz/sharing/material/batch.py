"""Some material of one kind, and the views in which protocols take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from spdz.field import FieldArray
from spdz.sharing.material.kinds import Kind
from spdz.sharing.shares import AuthShare, concatenate_shares


@dataclass(frozen=True, repr=False)
class Batch:
    """`count` elements of one kind: arrays with a leading axis of that length; `clear` is the owner's view of masks."""

    kind: Kind
    shares: tuple[AuthShare, ...]
    clear: FieldArray | None = None

    @property
    def count(self) -> int:
        return self.shares[0].shape[0]

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
            tuple(AuthShare(_empty_like(share.value, count), _empty_like(share.mac, count)) for share in self.shares),
            None if self.clear is None else _empty_like(self.clear, count),
        )

    def copy_from(self, other: Batch) -> None:
        """Overwrite everything by a batch of equal kind and count."""
        for share, source in zip(self.shares, other.shares, strict=True):
            share.value[:], share.mac[:] = source.value, source.mac
        if self.clear is not None and other.clear is not None:
            self.clear[:] = other.clear

    def wipe(self) -> None:
        """Overwrite everything."""
        for share in self.shares:
            share.wipe()
        if self.clear is not None:
            self.clear.wipe()

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


def join_batches(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    kind = batches[0].kind
    shares = tuple(concatenate_shares([batch.shares[i] for batch in batches]) for i in range(len(batches[0].shares)))
    clears = [batch.clear for batch in batches if batch.clear is not None]
    return Batch(kind, shares, FieldArray.concatenate(clears) if clears else None)


def _empty_like(array: FieldArray, count: int) -> FieldArray:
    return array.field.empty((count, *array.shape[1:]))
