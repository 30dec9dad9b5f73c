"""Values that parties enter each for itself, and that keep their relation with every key holder.

Realises:  for x of contributor i and each other party j: v at i and w = v + x alpha_j at j. This is what `enter` makes
           of a correction; here nothing is added up over contributors, so statements about x can be proved to each j.
           The same w are MAC shares of x at all j, and i has x alpha_i - sum of its v: a sharing of x in which i holds
           the whole value.
Source:    [BDOZ11], MACs between pairs; [KOS16] figure 4 for the check.
Check:     as in `authenticate`, one random combination of everything, with coefficients of its own for each
           contributor: the values of different contributors cannot make up for each other.
Shares:    before anything about x is opened together with values of others, its value is shared among all parties
           (`spread`), as that of an input mask.
Covers:    `covers` are VOLEs that nothing is entered with, other ones for every ordered pair.
Masks:     kind "proof masks": uniform values of one owner, with shares and with their relations.
"""

from __future__ import annotations

from typing import NamedTuple

from spdz.field import FieldArray
from spdz.preprocessing.mascot.authenticate import Entered, check_entered, cross
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.vole_extend import raw_voles
from spdz.protocols.field_proof import Covers
from spdz.runtime.context import Context
from spdz.sharing.material import Batch, proof_masks
from spdz.sharing.shares import AuthShare

VALUES_AT_ONCE = 1 << 14
"""Values in one message if they go through COPEe, where each of them takes k elements."""
VALUES_AT_ONCE_BY_VOLE = 1 << 17


class Apart(NamedTuple):
    """One party's part of checked values that each contributor has entered for itself."""

    values: FieldArray | None
    """x of this party, if it has entered any."""
    tags: dict[int, FieldArray]
    """v by key holder, if this party has entered any."""
    keys: dict[int, FieldArray]
    """w by contributor."""
    macs: dict[int, FieldArray]
    """MAC shares by contributor, this party included; those of others are `keys`."""


async def enter_apart(
    ctx: Context, links: dict[int, Link], count: int, contributors: tuple[int, ...], values: FieldArray | None
) -> Apart:
    """`count` values of each contributor, entered and checked.

    Shapes:    values: (count,), None at a party that does not contribute.
    Rounds:    8, and 1 more for the echo for three parties and more, and 1 for every part beyond the first (of
               VALUES_AT_ONCE, or VALUES_AT_ONCE_BY_VOLE values); with VOLEs also those of `replenish`.
               Sends: as `authenticate`.
    Raises:    AuthenticationFailed, BroadcastMismatch, CommitmentMismatch; with VOLEs OtConsistencyFailed.
    """
    field, alpha = ctx.field, ctx.session.key.share
    own = field.zeros(count + 1) if values is None else FieldArray.concatenate([values, ctx.random(1)])
    by_vole = all(link.vole is not None for link in links.values())
    size = VALUES_AT_ONCE_BY_VOLE if by_vole else VALUES_AT_ONCE
    parts = [
        await cross(ctx.child("enter"), links, contributors, own[start : start + size])
        for start in range(0, count + 1, size)
    ]
    negated = {peer: _joined([part.towards[peer] for part in parts]) for peer in parts[0].towards}
    keys = {peer: _joined([part.of[peer] for part in parts]) for peer in parts[0].of}
    macs = dict(keys)
    if values is not None:
        macs[ctx.party] = own * alpha
        for tags in negated.values():
            macs[ctx.party] = macs[ctx.party] + tags
    received = [tuple(part.of) for part in parts]
    await check_entered(ctx, links, Entered(_side_by_side(ctx, contributors, own, macs), received))
    own.wipe()
    return Apart(
        values,
        {peer: -tags[:-1] for peer, tags in negated.items()},
        {peer: array[:-1] for peer, array in keys.items()},
        {peer: array[:-1] for peer, array in macs.items()},
    )


def _side_by_side(
    ctx: Context, contributors: tuple[int, ...], own: FieldArray, macs: dict[int, FieldArray]
) -> AuthShare:
    """The values of all contributors one after the other, in which each holds its own whole; then the sum of masks."""
    nothing, mask = ctx.field.zeros(own.size - 1), ctx.field.zeros(1)
    values = [own[:-1] if party == ctx.party else nothing for party in contributors]
    for party in contributors:
        mask = mask + macs[party][-1:]
    joined = [macs[party][:-1] for party in contributors]
    return AuthShare(FieldArray.concatenate([*values, own[-1:]]), FieldArray.concatenate([*joined, mask]))


def spread(ctx: Context, links: dict[int, Link], contributors: tuple[int, ...], apart: Apart) -> dict[int, AuthShare]:
    """The values with shares at all parties, by contributor: what the others hold comes from PRG streams."""
    shares = {}
    for party in contributors:
        shape = apart.macs[party].shape
        if party != ctx.party or apart.values is None:
            value = ctx.field.sample(links[party].shares_from.fill, shape)
        else:
            value = apart.values
            for peer in ctx.peers:
                value = value - ctx.field.sample(links[peer].shares_to.fill, shape)
        shares[party] = AuthShare(value, apart.macs[party])
    return shares


async def covers(ctx: Context, links: dict[int, Link], provers: tuple[int, ...], count: int) -> Covers:
    """VOLEs that hide answers: `count` for each prover and verifier. Cost as `raw_voles`."""
    made = await raw_voles(ctx, links, provers, count)
    towards, of = dict[int, tuple[FieldArray, FieldArray]](), dict[int, FieldArray]()
    for (prover, verifier), vectors in made.items():
        if prover == ctx.party:
            u, v = vectors
            towards[verifier] = (u, v)
        else:
            [of[prover]] = vectors
    return Covers(towards, of)


async def make_proof_masks(ctx: Context, links: dict[int, Link], owner: int, count: int) -> Batch:
    """`count` masks that `owner` knows, and whose relation with every other party it keeps.

    Rounds:    as `enter_apart` of one contributor.  Sends: as `authenticate`, at the owner, and the check.
    Raises:    AuthenticationFailed, BroadcastMismatch, CommitmentMismatch; with VOLEs OtConsistencyFailed.
    """
    values = ctx.random(count) if ctx.party == owner else None
    apart = await enter_apart(ctx.child("masks"), links, count, (owner,), values)
    share = spread(ctx, links, (owner,), apart)[owner]
    if values is None:
        return Batch(proof_masks(owner), (share,))
    known = [values, *(apart.tags[peer] for peer in ctx.peers)]
    clear = FieldArray.stack(known, 1)
    for secret in known:
        secret.wipe()
    return Batch(proof_masks(owner), (share,), clear)


def _joined(arrays: list[FieldArray]) -> FieldArray:
    return arrays[0] if len(arrays) == 1 else FieldArray.concatenate(arrays)
