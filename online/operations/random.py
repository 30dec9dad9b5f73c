"""Random arrays that nobody knows: the material is the result."""

from __future__ import annotations

import math
from typing import Any

from spdz.online.operations.registry import Batches, Call, Operation, register, shaped
from spdz.runtime.context import Context
from spdz.sharing.material import RANDOM_BITS, RANDOM_SHARES, Kind
from spdz.sharing.shares import AuthShare


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    share: AuthShare
    [share] = shaped(batches[0], call["shape"])
    return share


def _straight_from(name: str, kind: Kind) -> Operation:
    return register(
        Operation(
            name,
            shape=lambda call: call["shape"],
            material=lambda call: {kind: math.prod(call["shape"])},
            run=_run,
            text=lambda call: f"{name} {call['shape']}",
            example=Call((), {"shape": (2, 3)}),
            rounds=0,
        )
    )


RANDOM = _straight_from("random", RANDOM_SHARES)
"""Uniform elements of the field. Parameter: shape."""
BITS = _straight_from("random bits", RANDOM_BITS)
"""Uniform bits, 0 or 1. Parameter: shape."""
