"""Corrupted parties that run the package's own code with other values in it.

A message changed on the wire differs from what its sender remembers; these cheaters believe what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from spdz.field import FieldArray
from spdz.protocols import mac_check
from spdz.protocols.commit import CommitAndOpen, commit_and_open
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Step

from .interference import position


def with_added(values: FieldArray, index: int | str, delta: int) -> FieldArray:
    """A copy with `delta` added to one element, in C order."""
    changed = values.copy()
    flat = changed.ravel()
    place = position(index, flat.size)
    flat[place] = flat[place] + delta
    return flat.reshape(*values.shape) if values.shape else flat.reshape(())


class WrongShare:
    """Patches `partial_open` for one party: it opens another share of one step, or logs another MAC share of it."""

    MODULES = (
        "spdz.protocols.output",
        "spdz.preprocessing.mascot.authenticate",
        "spdz.preprocessing.mascot.triples",
        "spdz.preprocessing.mascot.matrix_triples",
        "spdz.preprocessing.mascot.squares_bits",
        "spdz.online.operations.truncate",
    )

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        step: str,
        cheater: int,
        *,
        index: int | str = "first",
        value: int = 0,
        mac: int = 0,
    ) -> None:
        self.fired = 0

        async def cheating_open(ctx: Context, declared: Step, share: AuthShare) -> FieldArray:
            if declared.name == step and ctx.party == cheater:
                self.fired += 1
                share = AuthShare(with_added(share.value, index, value), with_added(share.mac, index, mac))
            return await partial_open(ctx, declared, share)

        for module in self.MODULES:
            patch.setattr(f"{module}.partial_open", cheating_open)

    def assert_fired(self) -> None:
        """The cheater really opened something else."""
        assert self.fired > 0


class WrongSigma:
    """Patches the MAC check for one party: it commits to sigma + delta."""

    def __init__(self, patch: pytest.MonkeyPatch, step: str, cheater: int, delta: int = 1) -> None:
        self.fired = 0

        async def cheating(ctx: Context, steps: CommitAndOpen, payload: bytes) -> list[bytes]:
            if steps.open.name == step and ctx.party == cheater:
                self.fired += 1
                payload = (ctx.field.from_bytes(bytearray(payload), ()) + delta).to_bytes()
            return await commit_and_open(ctx, steps, payload)

        patch.setattr(mac_check, "commit_and_open", cheating)

    def assert_fired(self) -> None:
        """The cheater really committed to something else."""
        assert self.fired > 0


def cheat_at(honest: Any, cheating: Any, cheater: int, parties: int) -> Sequence[Any]:
    """Protocols by party: everyone is honest but one."""
    return [cheating if party == cheater else honest for party in range(parties)]
