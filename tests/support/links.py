"""The real set-up of links, as a generator makes it, for tests of a single protocol."""

from __future__ import annotations

from spdz.params import MascotParams
from spdz.preprocessing.mascot.links import Link, draw_secrets, set_up
from spdz.preprocessing.vole.code import PLAN
from spdz.runtime.context import Context


async def set_up_links(ctx: Context, params: MascotParams | None = None) -> dict[int, Link]:
    """What a party draws, and its links."""
    return await set_up(ctx, draw_secrets(ctx), params or MascotParams(), PLAN)
