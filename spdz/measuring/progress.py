"""Progress on standard error: a line that is overwritten on a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

import sys
from time import monotonic

from spdz.sharing.material import Kind

_PAUSE_SECONDS = 2.0


class ProgressLine:
    """Shows what a long computation is doing."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._terminal = sys.stderr.isatty()
        self._open = False
        self._shown = 0.0

    def material(self, kind: Kind, made: int, wanted: int) -> None:
        """Material is being made."""
        self.update(f"{kind}: {made:,} of {wanted:,}", done=made >= wanted)

    def update(self, text: str, *, done: bool = False) -> None:
        """Overwrite the line; where that is impossible, print every few seconds and at the end."""
        if not self._enabled:
            return
        if self._terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._open = True
            return
        now = monotonic()
        if done or now - self._shown >= _PAUSE_SECONDS:
            self._shown = now
            print(text, file=sys.stderr, flush=True)

    def text(self, line: str) -> None:
        """A line that stays."""
        if self._enabled:
            self.end()
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the overwritten line."""
        if self._open:
            print(file=sys.stderr)
            self._open = False
