"""One party's share of the MAC key alpha, and its death.

The key must not survive a failed check: the difference of a failed check is a multiple of alpha ([DPSZ12]; "Rushing at
SPDZ", ePrint 2025/789, for what goes wrong otherwise). So the share lives in an object that can be destroyed, checks
run one at a time, and anything that interrupts a check, whatever it is, destroys the share before it goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, Self, TypeVar

from spdz.errors import InternalError, UsageError


class KeyShare(Protocol):
    """What a key share must be able to do, whatever domain it belongs to."""

    def copy(self) -> Self:
        """The same share in memory of its own."""

    def wipe(self) -> None:
        """Overwrite it in place."""


Alpha = TypeVar("Alpha", bound=KeyShare)


class MacKey(Generic[Alpha]):
    """Holds alpha_i: in the field domain a zero-dimensional field array."""

    def __init__(self, share: Alpha) -> None:
        self._share: Alpha | None = share.copy()
        self._checking = False

    @property
    def share(self) -> Alpha:
        """alpha_i. Raises UsageError once the key is destroyed."""
        if self._share is None:
            raise UsageError("this session has ended and its MAC key is destroyed; start a new session")
        return self._share

    @property
    def alive(self) -> bool:
        """False once the key is destroyed."""
        return self._share is not None

    def destroy(self) -> None:
        """Overwrite and forget the share. Every later use is refused."""
        if self._share is not None:
            self._share.wipe()
            self._share = None

    @contextmanager
    def checking(self) -> Iterator[Alpha]:
        """Hold the key for one check; a second check at the same time is refused.

        Any way out but success, a KeyboardInterrupt and a closed coroutine included, counts as a failed check.
        """
        share = self.share
        if self._checking:
            self.destroy()
            raise InternalError("two MAC checks ran at once under one key")
        self._checking = True
        try:
            yield share
        except BaseException:
            self.destroy()
            raise
        self._checking = False

    def __repr__(self) -> str:
        return f"MacKey({'alive' if self.alive else 'destroyed'})"

    def __reduce__(self) -> str:
        raise TypeError("a MAC key share is never pickled")
