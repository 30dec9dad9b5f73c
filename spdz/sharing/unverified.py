"""What has been opened or broadcast and not yet been checked.

Entries are ordered by their place in the program, not by arrival, so all parties check the same list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spdz.errors import InternalError
from spdz.field import FieldArray

MacShare: TypeAlias = FieldArray | tuple[FieldArray, FieldArray]
"""This party's MAC share of an opened array: as it is, or as a difference that nobody has computed yet."""


@dataclass(frozen=True)
class Opening:
    """A partially opened array, flat, and this party's MAC share of it in consecutive pieces: minuend, subtrahend."""

    path: str
    value: FieldArray
    macs: tuple[tuple[FieldArray, FieldArray | None], ...]

    @property
    def mac(self) -> FieldArray:
        """The MAC share in one array."""
        pieces = [mac if mask is None else mac - mask for mac, mask in self.macs]
        return pieces[0] if len(pieces) == 1 else FieldArray.concatenate(pieces)

    def parts(self, size: int) -> list[tuple[FieldArray, FieldArray, FieldArray | None]]:
        """Values, minuends and subtrahends in order, at most `size` of each at a time."""
        found, start = [], 0
        for mac, mask in self.macs:
            value = self.value[start : start + mac.size]
            start += mac.size
            for cut in (slice(at, at + size) for at in range(0, mac.size, size)):
                found.append((value[cut], mac[cut], None if mask is None else mask[cut]))
        return found


def joined(openings: Sequence[Opening]) -> Opening:
    """Several openings as one, copied."""
    if len(openings) == 1:
        return openings[0]
    pieces = [piece for opening in openings for piece in opening.macs]
    values = FieldArray.concatenate([opening.value for opening in openings])
    macs = FieldArray.concatenate([mac for mac, _ in pieces])
    masks = FieldArray.concatenate([mac.field.zeros(mac.size) if mask is None else mask for mac, mask in pieces])
    return Opening(openings[0].path, values, ((macs, masks),))


class Unverified:
    """The log of one scope: partial openings for the MAC check, broadcasts for the echo."""

    def __init__(self) -> None:
        self._openings: list[Opening] = []
        self._broadcasts: list[tuple[str, bytes]] = []

    def record_opening(self, path: str, value: FieldArray, *macs: MacShare) -> None:
        """Remember an opened array until the next MAC check, and the MAC shares of its consecutive pieces.

        Nothing is copied, so neither the value nor the MAC shares may be written to before the check.
        """
        pairs = [mac if isinstance(mac, tuple) else (mac, None) for mac in macs]
        flat = tuple((mac.ravel(), None if mask is None else mask.ravel()) for mac, mask in pairs)
        if sum(mac.size for mac, _ in flat) != value.size:
            raise InternalError(f"{value.size} opened values have another number of MAC shares")
        self._openings.append(Opening(path, value.ravel(), flat))

    def record_broadcast(self, path: str, digest: bytes) -> None:
        """Remember what was received in a broadcast until the next echo."""
        self._broadcasts.append((path, digest))

    def close_openings(self) -> list[Opening]:
        """Take all openings for a check, in program order; the log is empty afterwards."""
        openings, self._openings = self._openings, []
        return sorted(openings, key=lambda opening: opening.path)

    def close_broadcasts(self) -> list[tuple[str, bytes]]:
        """Take all broadcasts for an echo, in program order; the log is empty afterwards."""
        broadcasts, self._broadcasts = self._broadcasts, []
        return sorted(broadcasts)

    @property
    def is_empty(self) -> bool:
        """True when nothing waits for a check."""
        return not self._openings and not self._broadcasts

    def require_empty(self) -> None:
        """Raise InternalError if something was opened or broadcast and never checked."""
        if not self.is_empty:
            raise InternalError("an opened value was never checked")
