"""What a session costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a session has cost so far at this party."""

    rounds: int
    bytes_sent: int
    """Frame bytes to all peers, before TLS."""
    material: dict[str, int]
    """Material used, by kind."""
    seconds: dict[str, float]
    """Wall-clock seconds by phase: set-up, preprocessing, online."""
