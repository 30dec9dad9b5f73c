"""The protocols that are recorded on their own, on shares that the vector gives. All run under the path `main`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from spdz.online.operations.inputs import share_input
from spdz.online.operations.matrices import matmul, matmul_by_triples
from spdz.online.operations.products import multiply, square
from spdz.online.operations.publish import publish
from spdz.preprocessing.ot.base import base_ots
from spdz.protocols.coin_toss import toss
from spdz.protocols.commit import commit_and_open
from spdz.protocols.mac_check import OPENING_CHECK, check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, output, output_to
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.material import Squares, Triples
from spdz.sharing.shares import AuthShare
from spdz.vectors.bit_protocols import BIT_PROTOCOLS, Unchecked
from spdz.vectors.given import Given, Recorded, Result
from spdz.wire.plain import encode_plain


def _shares(share: AuthShare) -> Result:
    return {"value": share.value.to_bytes(), "mac": share.mac.to_bytes()}


async def _commit_and_open(ctx: Context, given: Given) -> Result:
    payloads = await commit_and_open(ctx, OPENING_CHECK.sigma, given.payload())
    return {f"payload {party}": payload for party, payload in enumerate(payloads)}


async def _toss(ctx: Context, given: Given) -> Result:
    del given
    coins = await toss(ctx, OPENING_CHECK.coins, after=None)
    return {"key": coins.key("a use"), "elements": coins.elements("another use", (5,)).to_bytes()}


async def _open_and_check(ctx: Context, given: Given) -> Result:
    """Two openings, then the check."""
    opened = {name: await partial_open(ctx, OUTPUT, given.share(name)) for name in ("x", "y")}
    await check_openings(ctx)
    return {name: value.to_bytes() for name, value in opened.items()}


async def _input(ctx: Context, given: Given) -> Result:
    owner = given.number("owner")
    masks = given.masks(owner)
    values = given.values(masks.share.shape) if ctx.party == owner else None
    return _shares(await share_input(ctx, owner, values, masks))


def _triple(given: Given) -> Triples:
    return Triples(*(given.share(name) for name in "abc"))


async def _multiply(ctx: Context, given: Given) -> Result:
    return _shares(await multiply(ctx, given.share("x"), given.share("y"), _triple(given)))


async def _square(ctx: Context, given: Given) -> Result:
    return _shares(await square(ctx, given.share("x"), Squares(given.share("a"), given.share("b"))))


async def _matmul(ctx: Context, given: Given) -> Result:
    return _shares(await matmul(ctx, given.share("x"), given.share("y"), _triple(given)))


async def _matmul_by_triples(ctx: Context, given: Given) -> Result:
    return _shares(await matmul_by_triples(ctx, given.share("x"), given.share("y"), _triple(given)))


async def _output(ctx: Context, given: Given) -> Result:
    return {"opened": (await output(ctx, given.share("x"))).to_bytes()}


async def _output_to(ctx: Context, given: Given) -> Result:
    receiver = given.number("receiver")
    opened = await output_to(ctx, given.share("x"), receiver, given.masks(receiver))
    return {} if opened is None else {"opened": opened.to_bytes()}


async def _publish(ctx: Context, given: Given) -> Result:
    owner = given.number("owner")
    told = await publish(ctx, owner, given.published() if ctx.party == owner else None)
    return {"value": encode_plain(told)}


async def _base_ots(ctx: Context, given: Given) -> Result:
    keys = await base_ots(ctx, given.choices())
    result = {}
    for peer, found in keys.items():
        result[f"chosen, sender {peer}"] = b"".join(found.chosen)
        result[f"pairs, receiver {peer}"] = b"".join(first + second for first, second in found.pairs)
    return result


async def _then_checked(protocol: Unchecked, ctx: Context, given: Given) -> Result:
    """Run it, check all that it has opened, and show what it has made."""
    found = await protocol(ctx, given)
    await check_openings(ctx)
    if isinstance(found, AuthShare):
        return _shares(found)
    return {"words": found.words.tobytes()} if isinstance(found, BitShare) else found


PROTOCOLS: Mapping[str, Recorded] = {
    "commit and open": _commit_and_open,
    "coin toss": _toss,
    "open and check": _open_and_check,
    "input": _input,
    "multiply": _multiply,
    "square": _square,
    "matmul": _matmul,
    "matmul by triples": _matmul_by_triples,
    "output": _output,
    "output to": _output_to,
    "publish": _publish,
    "base ot": _base_ots,
    **{name: partial(_then_checked, protocol) for name, protocol in BIT_PROTOCOLS.items()},
}
