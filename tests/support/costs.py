"""Cost lines of docstrings against the trace."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from .parties import Run


def stated_rounds(function: Any) -> int:
    """The number after "Rounds:" in a docstring, or after "Rounds: those of `another` and"."""
    found = re.search(r"Rounds:\s+(?:those of `\w+` and\s+)?(\d+)", inspect.getdoc(function) or "")
    assert found is not None, f"{function.__name__} states no rounds"
    return int(found[1])


def functions_that_state_rounds(modules: Iterable[ModuleType]) -> set[str]:
    """All protocol functions with a cost line, so that none can go untested."""
    return {
        name
        for module in modules
        for name, function in vars(module).items()
        if inspect.iscoroutinefunction(function)
        and function.__module__ == module.__name__
        and "Rounds:" in (function.__doc__ or "")
    }


def bytes_per_peer(ended: Run, party: int = 0) -> dict[str, int]:
    """Payload bytes that a party sent to each peer, by step; every peer must have been sent the same."""
    peers = len(ended.sessions) - 1
    result = {}
    for name, cost in ended.outcomes[party].trace.steps.items():
        assert cost.bytes_sent % peers == 0, name
        result[name] = cost.bytes_sent // peers
    return result


def toss_bytes(name: str, parties: int) -> dict[str, int]:
    """32 bytes, then 64 (96 for three parties and more)."""
    return commit_bytes(f"{name}.coins", 32, parties)


def commit_bytes(name: str, payload: int, parties: int) -> dict[str, int]:
    """32 bytes, then 32 bytes and the payload (32 more for three parties and more)."""
    return {f"{name}.commit": 32, f"{name}.open": 32 + payload + (32 if parties > 2 else 0)}


def check_bytes(name: str, parties: int, element_bytes: int) -> dict[str, int]:
    """A toss, an element committed to and opened, and an echo for three parties and more."""
    costs = {**toss_bytes(name, parties), **commit_bytes(f"{name}.sigma", element_bytes, parties)}
    return {**costs, "broadcast.echo": 32} if parties > 2 else costs
