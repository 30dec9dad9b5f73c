"""Material in memory, which gives each element out a single time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from spdz.errors import InternalError, UsageError
from spdz.sharing.material.batch import Batch, join_batches
from spdz.sharing.material.kinds import Kind


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
        return join_batches(taken) if taken else _nothing(kind, batches)

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


def _nothing(kind: Kind, batches: list[Batch]) -> Batch:
    if not batches:
        raise InternalError(f"no {kind} were ever made; a need of zero must not reach the store")
    return batches[0].split(0)[0]
