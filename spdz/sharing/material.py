"""Preprocessing material: what the generators make and the online phase consumes, once.

`Kind` names a sort of material, `Batch` holds some of it, and `MaterialStore` gives each element out a single time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from spdz.errors import InternalError, UsageError
from spdz.field import FieldArray
from spdz.sharing.shares import AuthShare, concatenate_shares


@dataclass(frozen=True, order=True)
class Kind:
    """A sort of material. `owner` is set for input masks, `dims` = (m, l, n) for matrix triples."""

    name: str
    owner: int = -1
    dims: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.owner >= 0:
            return f"{self.name} of party {self.owner}"
        return f"{self.name} {'x'.join(map(str, self.dims))}" if self.dims else self.name

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of one element, for each of the arrays that belong together."""
        if self.name == "matrix triples":
            m, inner, n = self.dims
            return (m, inner), (inner, n), (m, n)
        return ((),) * {"triples": 3, "squares": 2}.get(self.name, 1)


TRIPLES = Kind("triples")
"""a, b uniform and c = a b."""
SQUARES = Kind("squares")
"""a uniform and b = a^2."""
RANDOM_BITS = Kind("random bits")
"""Uniform in {0, 1}."""
RANDOM_SHARES = Kind("random shares")
"""Uniform in the field, known to nobody."""


def input_masks(owner: int) -> Kind:
    """Uniform in the field, known to `owner`."""
    return Kind("input masks", owner=owner)


def matrix_triples(m: int, inner: int, n: int) -> Kind:
    """A (m x inner) and B (inner x n) uniform, and C = A B."""
    return Kind("matrix triples", dims=(m, inner, n))


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


class _Room:
    """Memory for `count` elements that are about to come, batch by batch; `kept` is the part that is filled."""

    def __init__(self, like: Batch, count: int) -> None:
        self._whole = like.empty(count)
        self.kept, self._free = self._whole.split(0)

    def fits(self, batch: Batch) -> bool:
        return batch.count <= self._free.count

    def fill(self, batch: Batch) -> None:
        """Copy a batch behind what is there."""
        target, self._free = self._free.split(batch.count)
        target.copy_from(batch)
        self.kept = self._whole.split(self.kept.count + batch.count)[0]


class MaterialStore:
    """Material in memory. Every element leaves it once, in the order in which it came, the same at every party."""

    def __init__(self) -> None:
        self._batches: dict[Kind, list[Batch]] = {}
        self._expected: dict[Kind, int] = {}
        self._rooms: dict[Kind, _Room] = {}
        self._destroyed = False
        self.taken: dict[Kind, int] = {}
        self.made: dict[Kind, int] = {}

    def expect(self, demand: Mapping[Kind, int]) -> None:
        """Say what will be needed next: what is added for it is kept in one piece, so that taking it copies nothing."""
        self._rooms.clear()
        self._expected = {kind: count - self.available(kind) for kind, count in demand.items()}

    def add(self, batch: Batch) -> None:
        """Keep a batch whose checks have all passed."""
        self._require_alive()
        batches = self._batches.setdefault(batch.kind, [])
        expected = self._expected.pop(batch.kind, 0)
        if batch.count < expected:
            self._rooms[batch.kind] = _Room(batch, expected)
            batches.append(self._rooms[batch.kind].kept)
        room = self._rooms.get(batch.kind)
        if room is not None and room.fits(batch):
            room.fill(batch)
            batches[-1] = room.kept
        else:
            self._rooms.pop(batch.kind, None)
            batches.append(batch)
        self.made[batch.kind] = self.made.get(batch.kind, 0) + batch.count

    def available(self, kind: Kind) -> int:
        """How many elements are left."""
        return sum(batch.count for batch in self._batches.get(kind, ()))

    def take(self, kind: Kind, count: int) -> Batch:
        """Remove and return `count` elements. Raises UsageError if there are fewer."""
        self._require_alive()
        if count < 0:
            raise UsageError(f"a count of {kind} must not be negative")
        available = self.available(kind)
        if available < count:
            raise UsageError(f"{count} {kind} are needed but only {available} are left")
        batches = self._batches.get(kind, [])
        self._rooms.pop(kind, None)
        taken: list[Batch] = []
        missing = count
        while missing > 0:
            batch = batches.pop(0)
            if batch.count > missing:
                batch, rest = batch.split(missing)
                batches.insert(0, rest)
            taken.append(batch)
            missing -= batch.count
        self.taken[kind] = self.taken.get(kind, 0) + count
        return _join(taken) if taken else _nothing(kind, batches)

    def discard(self) -> None:
        """Overwrite and forget what is left; all of it, even if something cannot be overwritten."""
        batches, self._batches = self._batches, {}
        self._rooms.clear()
        with ExitStack() as steps:
            for batch in (batch for kept in batches.values() for batch in kept):
                steps.callback(batch.wipe)

    def destroy(self) -> None:
        """Overwrite and forget everything; later use is refused."""
        self._destroyed = True
        self.discard()

    def _require_alive(self) -> None:
        if self._destroyed:
            raise UsageError("this session has ended and its material is destroyed; start a new session")


def _empty_like(array: FieldArray, count: int) -> FieldArray:
    return array.field.empty((count, *array.shape[1:]))


def _join(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    kind = batches[0].kind
    shares = tuple(concatenate_shares([batch.shares[i] for batch in batches]) for i in range(len(batches[0].shares)))
    clears = [batch.clear for batch in batches if batch.clear is not None]
    return Batch(kind, shares, FieldArray.concatenate(clears) if clears else None)


def _nothing(kind: Kind, batches: list[Batch]) -> Batch:
    if not batches:
        raise InternalError(f"no {kind} were ever made; a need of zero must not reach the store")
    return batches[0].split(0)[0]
