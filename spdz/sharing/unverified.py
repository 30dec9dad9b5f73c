"""What has been opened or broadcast and not yet been checked.

Entries are ordered by their place in the program, not by arrival, so all parties check the same list.
"""

from __future__ import annotations

from dataclasses import dataclass

from spdz.errors import InternalError
from spdz.field import FieldArray


@dataclass(frozen=True)
class Opening:
    """A partially opened array and this party's MAC share of it, both flat."""

    path: str
    value: FieldArray
    mac: FieldArray


class Unverified:
    """The log of one scope: partial openings for the MAC check, broadcasts for the echo."""

    def __init__(self) -> None:
        self._openings: list[Opening] = []
        self._broadcasts: list[tuple[str, bytes]] = []

    def record_opening(self, path: str, value: FieldArray, mac: FieldArray) -> None:
        """Remember an opened array until the next MAC check."""
        self._openings.append(Opening(path, value.ravel(), mac.ravel()))

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
