"""Silent VOLE in tests: plans so small that they are worth nothing, and links that use them from the first value on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from spdz.field import FieldArray
from spdz.preprocessing.mascot.generator import MascotPreprocessing, MascotProtocols
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.vole_check import VOLE_DIFFERENCE, VOLE_RESPONSE
from spdz.preprocessing.mascot.vole_extend import BASE_COMBINATION
from spdz.preprocessing.vole.code import LpnParams, VolePlan
from spdz.preprocessing.vole.ends import VOLE_CORRECTIONS, VoleLink
from spdz.runtime.context import Context, SessionState
from spdz.wire.steps import Step

from .dealer import ideal_links

TINY = VolePlan(LpnParams(6, 4, 4), LpnParams(24, 16, 4), 0)
"""64 VOLEs, of which 41 are the base of the next 256; every value goes this way."""

TINY_PROTOCOLS = MascotProtocols(vole_plan=TINY)


def use_small_voles(patch: pytest.MonkeyPatch, plan: VolePlan = TINY) -> None:
    """Generators of whole sessions get to VOLEs with a few values."""
    composed = partial(MascotPreprocessing, protocols=MascotProtocols(vole_plan=plan))
    patch.setattr("spdz.preprocessing.mascot.generator.MascotPreprocessing", composed)


AUTHENTICATIONS = pytest.mark.parametrize("authentication", ["copee", "vole"])


def with_vole(links: list[dict[int, Link]], plan: VolePlan = TINY) -> list[dict[int, Link]]:
    """The links of all parties, with VOLEs to be made."""
    return [{peer: replace(link, vole=VoleLink(plan)) for peer, link in own.items()} for own in links]


def links_for(
    authentication: str,
    sessions: Sequence[SessionState],
    seed: bytes,
    key_towards: Mapping[tuple[int, int], int] | None = None,
) -> list[dict[int, Link]]:
    """As `ideal_links`, for one way to authenticate."""
    links = ideal_links(sessions, seed, key_towards)
    return with_vole(links) if authentication == "vole" else links


def use_other_keys(patch: pytest.MonkeyPatch, offsets: Mapping[tuple[int, int], int]) -> None:
    """Key holders compute with the key share that they used in the base OTs, as a cheater with two of them would."""

    def change(ctx: Context, step: Step, peer: int, value: Any) -> Any:
        offset = offsets.get((ctx.party, peer), 0)
        return _ForAnotherKey(value, offset) if step in (VOLE_CORRECTIONS, VOLE_DIFFERENCE, BASE_COMBINATION) else value

    hear_otherwise(patch, change)


def take_any_answer(patch: pytest.MonkeyPatch, cheater: int) -> None:
    """As key holder, the cheater takes every answer in the check of VOLEs for the right one, and goes on."""

    def change(ctx: Context, step: Step, peer: int, value: Any) -> Any:
        return _EqualToAll(value.field, value.limbs) if (ctx.party, step) == (cheater, VOLE_RESPONSE) else value

    hear_otherwise(patch, change)


def hear_otherwise(patch: pytest.MonkeyPatch, change: Callable[[Context, Step, int, Any], Any]) -> None:
    """What a party believes that it has received is `change(ctx, step, peer, value)`."""
    honest = Context.exchange

    async def exchange(self: Context, step: Step, *more: Any) -> dict[int, Any]:
        return {peer: change(self, step, peer, value) for peer, value in (await honest(self, step, *more)).items()}

    patch.setattr(Context, "exchange", exchange)


class _ForAnotherKey(FieldArray):
    """Values that are multiplied with the key share and `offset` where the code says the key share."""

    __slots__ = ("offset",)

    def __init__(self, values: FieldArray, offset: int) -> None:
        super().__init__(values.field, values.limbs)
        self.offset = offset

    def __getitem__(self, key: Any) -> FieldArray:
        return _ForAnotherKey(super().__getitem__(key), self.offset)

    def __mul__(self, other: Any) -> FieldArray:
        return super().__mul__(other + self.offset)


class _EqualToAll(FieldArray):
    __slots__ = ()

    def equals(self, other: FieldArray) -> bool:
        return True
