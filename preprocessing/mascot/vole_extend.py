"""Extending silent VOLE: the base from COPEe, and one extension after the other.

Source:    Wolverine (ePrint 2020/925): base VOLE, and extension from LPN with a base that refills itself.
Symbols:   as in `vole/code.py` and `vole/ends.py`.
Order:     COPEe corrections -> [toss] -> combination; OT columns -> [toss of the OT check] -> sums and totals -> [toss]
           -> comparison; each by data flow. Nothing is stretched before it is checked.
"""

from __future__ import annotations

from spdz.crypto import ggm
from spdz.errors import AuthenticationFailed, InternalError
from spdz.field import FieldArray
from spdz.preprocessing.mascot.extend import extend_choices
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.vole_check import Pair, Vectors, check_trees, failed, pair_label
from spdz.preprocessing.vole.code import LpnParams, add_code, code_seed
from spdz.preprocessing.vole.copee import COPEE_CORRECTIONS
from spdz.preprocessing.vole.ends import VoleEnd, VoleLink
from spdz.preprocessing.vole.single_point import BLOCK_BYTES, grow, ot_rows, packed_choices, puncture, random_paths
from spdz.protocols.coin_toss import declare_toss, toss
from spdz.runtime.context import Context
from spdz.wire.codec import Blob, Elements
from spdz.wire.steps import Harmless, Payload, declare

BASE_COINS = declare_toss("vole.base", source="Wolverine, base VOLE: coefficients")
BASE_COMBINATION = declare(
    "vole.base.combination",
    payload=Payload.ELEMENTS,
    source="Wolverine, base VOLE: check",
    tampering=(AuthenticationFailed,),
)
VOLE_SUMS = declare(
    "vole.sums",
    payload=Payload.BYTES,
    source="Wolverine, single-point VOLE: OT messages",
    tampering=(AuthenticationFailed, Harmless.NO_EFFECT),
)
VOLE_TOTALS = declare(
    "vole.totals", payload=Payload.ELEMENTS, source="Wolverine, single-point VOLE: d", tampering=(AuthenticationFailed,)
)


async def replenish(ctx: Context, links: dict[int, Link], inputters: tuple[int, ...], count: int) -> None:
    """Extend until `count` VOLEs of each of the inputters are ready at all key holders.

    Rounds:    11 for each extension of the main stage, as often as needed; 15 more for an inputter's first.
               Sends: see `make_base` and `stretch`.
    Raises:    OtConsistencyFailed, AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    plan = vole_of(links, ctx.peers[0]).plan
    while short := tuple(party for party in inputters if _end_of(ctx, links, party).available < count):
        new = tuple(party for party in short if not _end_of(ctx, links, party).base)
        if new:
            base = await make_base(ctx.child("base"), links, new, plan.first.base)
            for pair, made in (await stretch(ctx.child("first"), links, new, plan.first, "first", base)).items():
                end(links, ctx.party, pair).start(made, plan.main)
        base = {pair: end(links, ctx.party, pair).base for pair in _pairs(ctx, short)}
        for pair, made in (await stretch(ctx.child("main"), links, short, plan.main, "main", base)).items():
            end(links, ctx.party, pair).add(made, plan.main)


async def make_base(
    ctx: Context, links: dict[int, Link], inputters: tuple[int, ...], count: int
) -> dict[Pair, Vectors]:
    """`count` VOLEs for each pair from COPEe, checked.

    One more is made, which masks the combination that the inputter opens to the key holder.
    Rounds:    4.  Sends: (count + 1) k + 2 elements to each peer if inputting, and the toss.
    Raises:    AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    field, made, corrections = ctx.field, dict[Pair, Vectors](), {}
    for pair in _pairs(ctx, inputters):
        if pair[0] == ctx.party:
            u = ctx.random(count + 1)
            corrections[pair[1]], share = links[pair[1]].inputter.extend(u)
            made[pair] = (u, -share)
    senders = [peer for peer in ctx.peers if peer in inputters]
    codec = Elements(field, (field.bits, count + 1))
    received = await ctx.swap(COPEE_CORRECTIONS, codec, corrections, senders)
    for peer in senders:
        made[peer, ctx.party] = (links[peer].key_holder.extend(received[peer]),)
    _hold(ctx, links, made)
    await _check_base(ctx, made, after=received)
    return {pair: tuple(array[:count] for array in vectors) for pair, vectors in made.items()}


async def _check_base(ctx: Context, made: dict[Pair, Vectors], *, after: object) -> None:
    """Each inputter opens a random combination of its u and v to the key holder; the last one is the mask."""
    coins = await toss(ctx, BASE_COINS, after=after)
    combined, sends = {}, {}
    for pair, vectors in made.items():
        chi = coins.elements(pair_label(pair), vectors[0].shape)
        chi[-1] = 1
        combined[pair] = FieldArray.stack([chi.dot(array) for array in vectors])
        if pair[0] == ctx.party:
            sends[pair[1]] = combined[pair]
    senders = [inputter for inputter, key_holder in made if key_holder == ctx.party]
    received = await ctx.swap(BASE_COMBINATION, Elements(ctx.field, (2,)), sends, senders)
    for peer in senders:
        u, v, w = received[peer][0], received[peer][1], combined[peer, ctx.party][0]
        if not w.equals(v + u * ctx.session.key.share):
            raise failed(BASE_COMBINATION, peer)


async def stretch(
    ctx: Context,
    links: dict[int, Link],
    inputters: tuple[int, ...],
    params: LpnParams,
    stage: str,
    base: dict[Pair, Vectors],
) -> dict[Pair, Vectors]:
    """One extension by LPN: n VOLEs for each pair from a base of k + t + 1.

    Rounds:    11.  Sends: per OT, of which there are t log2(n / t), 16 bytes to each peer if inputting, 32 bytes if
               holding a key for it; then t + 1 elements and the checks.
    Raises:    OtConsistencyFailed, AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    noise_part = slice(params.secret, params.secret + params.blocks)
    noise = {pair: tuple(array[noise_part] for array in vectors) for pair, vectors in base.items()}
    vectors, messages = await _single_points(ctx, links, inputters, params, noise)
    _hold(ctx, links, vectors)
    masks = {pair: tuple(array[-1:] for array in each) for pair, each in base.items()}
    await check_trees(ctx.child("check"), vectors, masks, after=messages)
    seed, coded = code_seed(ctx, stage), []
    for pair, outputs in vectors.items():
        coded += [(secret[: params.secret], output) for secret, output in zip(base[pair], outputs, strict=True)]
    add_code(ctx.field, seed, coded, ctx.session.threads)
    return vectors


async def _single_points(
    ctx: Context, links: dict[int, Link], inputters: tuple[int, ...], params: LpnParams, noise: dict[Pair, Vectors]
) -> tuple[dict[Pair, Vectors], object]:
    """Vectors with one entry in each block, unchecked, and the messages that they were made from."""
    field, randomness = ctx.field, ctx.randomness
    towards = [key_holder for inputter, key_holder in noise if inputter == ctx.party]
    senders = [inputter for inputter, key_holder in noise if key_holder == ctx.party]
    paths = {peer: random_paths(params, randomness) for peer in towards}
    choices = {peer: packed_choices(params, paths[peer], randomness) for peer in towards}
    extension = await extend_choices(ctx.child("ots"), links, inputters, choices, ot_rows(params))
    blob, elements = Blob(params.blocks * params.depth * 2 * BLOCK_BYTES), Elements(field, (params.blocks,))
    made: dict[Pair, Vectors] = {}
    sums, totals = {}, {}
    for peer in senders:
        masked, differences, w = grow(
            field, extension.sent[peer], noise[peer, ctx.party][0], params, _keys(ctx, (peer, ctx.party)), randomness
        )
        sums[peer], totals[peer], made[peer, ctx.party] = masked.data, differences, (w,)
    received = await ctx.gather(
        ctx.child("sums").swap(VOLE_SUMS, blob, sums, towards),
        ctx.child("totals").swap(VOLE_TOTALS, elements, totals, towards),
    )
    for peer in towards:
        message = (received[0][peer], received[1][peer])
        made[ctx.party, peer] = puncture(
            field, extension.received[peer], noise[ctx.party, peer], paths[peer], _keys(ctx, (ctx.party, peer)), message
        )
        paths[peer].fill(0)
        choices[peer].fill(0)
    return made, received


def _keys(ctx: Context, pair: Pair) -> ggm.SideKeys:
    """Those of the trees of one pair in one extension."""
    return ggm.side_keys(ctx.session.session_id, "vole", ctx.path, *pair)


async def raw_voles(
    ctx: Context, links: dict[int, Link], inputters: tuple[int, ...], count: int
) -> dict[Pair, Vectors]:
    """`count` checked VOLEs with which nothing has been or will be entered, of each inputter with each key holder.

    They are extended if the session extends VOLEs already, which is the same at all parties.
    Rounds:    those of `replenish`, or 4.  Sends: as `replenish`, or as `make_base`.
    Raises:    OtConsistencyFailed, AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    if all(link.vole is not None and link.vole.authenticated > link.vole.plan.threshold for link in links.values()):
        await replenish(ctx.child("voles"), links, inputters, count)
        return {pair: end(links, ctx.party, pair).take(count) for pair in _pairs(ctx, inputters)}
    made = await make_base(ctx.child("base"), links, inputters, count)
    # The next extension overwrites what it holds.
    return {pair: tuple(array.copy() for array in vectors) for pair, vectors in made.items()}


def vole_of(links: dict[int, Link], peer: int) -> VoleLink:
    """The VOLEs with one peer."""
    vole = links[peer].vole
    if vole is None:
        raise InternalError("this session was set up without VOLEs")
    return vole


def end(links: dict[int, Link], party: int, pair: Pair) -> VoleEnd:
    """This party's end of the VOLEs of an ordered pair that it belongs to."""
    inputter, key_holder = pair
    return vole_of(links, key_holder).inputter if inputter == party else vole_of(links, inputter).key_holder


def _hold(ctx: Context, links: dict[int, Link], made: dict[Pair, Vectors]) -> None:
    """Let an abort overwrite these. A session without extensions has nobody to do it."""
    if all(link.vole is not None for link in links.values()):
        for pair, vectors in made.items():
            end(links, ctx.party, pair).hold(vectors)


def _end_of(ctx: Context, links: dict[int, Link], inputter: int) -> VoleEnd:
    """This party's end of one of the inputter's pairs: all of them are extended and used together."""
    return end(links, ctx.party, (inputter, ctx.peers[0] if inputter == ctx.party else ctx.party))


def _pairs(ctx: Context, inputters: tuple[int, ...]) -> list[Pair]:
    """The ordered pairs that this party belongs to: first those in which it is inputter."""
    mine = [(ctx.party, peer) for peer in ctx.peers if ctx.party in inputters]
    return mine + [(peer, ctx.party) for peer in ctx.peers if peer in inputters]
