"""The recorded protocols on bits, comparisons, truncations and inputs in range. Whoever runs one checks afterwards."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import numpy as np

from spdz.online.operations.bit_inputs import share_bits
from spdz.online.operations.compare import comparison, sign
from spdz.online.operations.convert import convert
from spdz.online.operations.logic import conjunction
from spdz.online.operations.range_inputs import share_in_range
from spdz.online.operations.select import MuxTriples, select
from spdz.online.operations.truncate import truncate
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, OUTPUT_BITS
from spdz.runtime.context import Context
from spdz.runtime.traps import Trap
from spdz.sharing.bit_share import BitShare
from spdz.sharing.material import (
    BIT_PAIR_TRIPLES,
    BIT_TRIPLES,
    DEALT,
    Batch,
    BitMasks,
    Kind,
    compare_masks,
    proof_masks,
)
from spdz.sharing.shares import AuthShare
from spdz.vectors.given import Given, Result

Share = AuthShare | BitShare
Unchecked = Callable[[Context, Given], Coroutine[Trap, Any, Share | Result]]


async def _open_both(ctx: Context, given: Given) -> Result:
    """An opening of either kind, for one check of both."""
    x = await partial_open(ctx, OUTPUT_BITS, given.bit_share("x"))
    y = await partial_open(ctx, OUTPUT, given.share("y"))
    return {"x": np.packbits(x, bitorder="little").tobytes(), "y": y.to_bytes()}


async def _input_of_bits(ctx: Context, given: Given) -> Share:
    owner, share = given.number("owner"), given.bit_share("r")
    values, clear = (given.packed(name, share.size) for name in ("values", "clear"))
    mine = ctx.party == owner
    masks = BitMasks(share, clear if mine else None)
    return await share_bits(ctx, owner, values if mine else None, masks)


def _triples(given: Given) -> list[Batch]:
    """Those that are given, of one product or two."""
    parts: list[tuple[Kind, list[str]]] = [
        (BIT_TRIPLES, ["t.x", "t.y", "t.z"]),
        (BIT_PAIR_TRIPLES, ["p.x", "p.y", "p.z", "p.v", "p.w"]),
    ]
    return [Batch(kind, tuple(map(given.bit_share, names))) for kind, names in parts if given.has_bits(names[0])]


async def _and(ctx: Context, given: Given) -> Share:
    return await conjunction(ctx, given.bit_share("x"), given.bit_share("y"), tuple(_triples(given)))


async def _convert(ctx: Context, given: Given) -> Share:
    return await convert(ctx, given.bit_share("x"), given.bit_share("b"), given.share("b"))


async def _select(ctx: Context, given: Given) -> Share:
    triples = MuxTriples(given.bit_share("b"), *(given.share(name) for name in "bvc"))
    return await select(ctx, given.bit_share("s"), given.share("x"), triples)


async def _sign(ctx: Context, given: Given) -> Share:
    width = given.number("width")
    kind = compare_masks(comparison(DEALT, width).m + 1)
    masks = Batch(kind, (given.share("R"), given.bit_share("r"), given.bit_share("q")))
    return await sign(ctx, given.share("x"), DEALT, width, (masks, *_triples(given)))


async def _truncate(ctx: Context, given: Given) -> Share:
    x, mask, low = (given.share(name) for name in ("x", "R", "lo"))
    width, f = given.number("width"), given.number("truncated")
    return await truncate(ctx, x, mask, low, DEALT.terms, width, f)


async def _input_in_range(ctx: Context, given: Given) -> Share:
    """What is said, then the proof in a child, as an operation runs them."""
    owner, share, shape = given.number("owner"), given.share("r"), (2,)
    mine = ctx.party == owner
    clear = given.elements("clear", (share.size, ctx.parties)) if mine else None
    masks = Batch(proof_masks(owner), (share,), clear)
    values = given.values(shape) if mine else None
    begun = await share_in_range(ctx, owner, values, given.number("width"), masks, shape)
    await begun.rest(ctx.child("rest"))
    assert isinstance(begun.result, AuthShare)
    return begun.result


BIT_PROTOCOLS: Mapping[str, Unchecked] = {
    "open bits and check": _open_both,
    "input of bits": _input_of_bits,
    "and": _and,
    "convert": _convert,
    "select": _select,
    "sign": _sign,
    "truncate": _truncate,
    "input in range": _input_in_range,
}
