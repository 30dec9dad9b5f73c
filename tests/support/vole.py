"""Silent VOLE in tests: plans so small that they are worth nothing, and links that use them from the first value on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from spdz.field import FieldArray
from spdz.preprocessing.mascot import authenticate, vole_check, vole_extend
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.vole.code import LpnParams, VolePlan
from spdz.preprocessing.vole.ends import VoleLink
from spdz.runtime.context import Context, SessionState

from .dealer import ideal_links

TINY = VolePlan(LpnParams(6, 4, 4), LpnParams(24, 16, 4), 0)
"""64 VOLEs, of which 41 are the base of the next 256; every value goes this way."""

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

    def key_towards(ctx: Context, inputter: int) -> FieldArray:
        return ctx.session.key.share + offsets.get((ctx.party, inputter), 0)

    for module in (vole_check, vole_extend, authenticate):
        patch.setattr(module, "key_towards", key_towards)
