"""What has been opened or broadcast and not yet been checked.

Entries are ordered by their place in the program, not by arrival, so all parties check the same list. What an opening
holds is the business of the sharing domain that it belongs to.
"""

from __future__ import annotations

from typing import Any, Protocol

from spdz.errors import InternalError


class Opened(Protocol):
    """An opening as a domain logs it, of which the log needs to know the place in the program only."""

    @property
    def path(self) -> str: ...


class Unverified:
    """The log of one scope: partial openings by domain for the MAC check, broadcasts for the echo."""

    def __init__(self) -> None:
        self._openings: dict[str, list[Opened]] = {}
        self._broadcasts: list[tuple[str, bytes]] = []

    def record_opening(self, domain: str, opening: Opened) -> None:
        """Remember an opening in the domain of that name until the next MAC check.

        Nothing is copied, so no array that the opening holds may be written to before the check.
        """
        self._openings.setdefault(domain, []).append(opening)

    def record_broadcast(self, path: str, digest: bytes) -> None:
        """Remember what was received in a broadcast until the next echo."""
        self._broadcasts.append((path, digest))

    def close_openings(self) -> dict[str, list[Any]]:
        """Take all openings for a check: domains by name, each with its openings in program order; none is left."""
        openings, self._openings = self._openings, {}
        return {domain: sorted(openings[domain], key=lambda opening: opening.path) for domain in sorted(openings)}

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
