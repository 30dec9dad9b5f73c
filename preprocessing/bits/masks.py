"""Private masks: a uniform field element of each party, with its lowest bits shared over GF(2).

Realises:  for every party i masks R_i, uniform modulo p, as [R_i], and words of `bits` private bits that are those of
           R_i - d mod 2^bits with |d| <= 3; d = 0 if i is honest.
Source:    this module; random sums as in Escudero, Ghosh, Keller, Rachuri, Scholl, CRYPTO 2020 (edaBits), with private
           masks in the place of joint ones and a proof in the place of a circuit. The argument: docs/security/masks.md.
Symbols:   per party one list of N + C targets and B - 1 lists of N + C sacrifices. C places of every list, chosen at
           random, are opened and must be right; the others are matched at random, and of every pair U = R + S is
           opened, and proved in zero knowledge to be what the bits add up to (`mask_proof`).
Order:     columns of bits, elements -> their checks -> permutations and samples -> samples and U are opened and checked
           -> coefficients -> proofs. Nothing is blamed on a party before the check of what was opened, for another one
           may have falsified an opening.
Checked:   everything, before this returns; for three parties and more also that bits are the same towards all peers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spdz.errors import BroadcastMismatch, MacCheckFailed, MaskCheckFailed
from spdz.field import FieldArray
from spdz.preprocessing.bits import mask_proof
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.mask_proof import Matched, Prover, Verifier
from spdz.preprocessing.bits.matching import Places, lists, order
from spdz.preprocessing.bits.private_bits import PrivateBits, private_bits
from spdz.preprocessing.bits.word_check import MASK_BITS as WORD_MASK_BITS
from spdz.preprocessing.bits.word_check import declare_word_check, word_check
from spdz.preprocessing.mascot.authenticate import check_all_entered, enter
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.masks import additive
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.material.bit_kinds import low_bits
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Blob
from spdz.wire.steps import Delivery, Outcome, Payload, Step, declare

_SOURCE = "docs/security/masks.md"
_CHECKED: tuple[Outcome, ...] = (MacCheckFailed, BroadcastMismatch)

MATCH_COINS = declare_toss("masks.match", source=_SOURCE)
PROOF_COINS = declare_toss("masks.proof", source=_SOURCE)
MASK_WORDS = declare_word_check("masks.word_check", meaning="a party's private bits differ between its peers")


def _opening(name: str, payload: Payload = Payload.ELEMENTS) -> Step:
    return declare(name, payload=payload, source=_SOURCE, delivery=Delivery.BROADCAST, tampering=_CHECKED)


SAMPLE, SUM = _opening("masks.sample"), _opening("masks.sum")
SAMPLE_BITS = _opening("masks.sample_bits", Payload.BITS)
PROOF = declare("masks.proof", payload=Payload.BYTES, source=_SOURCE, tampering=(MaskCheckFailed,))


class Masks(NamedTuple):
    """Masks of all parties at one party: by owner [R_i] (N,), and its words of the bits, (bits, N)."""

    numbers: list[AuthShare]
    bits: list[Rows]


class _Lists(NamedTuple):
    """All lists before they are checked: by owner [R] (B, L); private bits, in planes (B, bits, L), then masks."""

    numbers: list[AuthShare]
    bits: PrivateBits
    shape: tuple[int, int, int]

    def planes(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The part of an array over all rows that belongs to masks, as planes."""
        return rows[: np.prod(self.shape)].reshape(self.shape)


async def make_masks(ctx: Context, links: dict[int, Link], bit_links: BitLinks, bits: int, count: int) -> Masks:
    """`count` masks of every party.

    Raises:    MaskCheckFailed, AuthenticationFailed, OtConsistencyFailed, WordCheckFailed, MacCheckFailed,
               CommitmentMismatch, BroadcastMismatch.
    """
    plan, size = bit_links.plan, max(bit_links.plan.masks, count)
    wanted, length = lists(size, bit_links.plan.statistical_bits_of(ctx)), size + plan.samples
    made = await _enter(ctx, links, bit_links, (wanted, bits, length))
    coins = await toss(ctx, MATCH_COINS, after=made)
    orders = [
        [order(coins, f"party {owner} list {b}", length, plan.samples) for b in range(wanted)]
        for owner in range(ctx.parties)
    ]
    sums = await checked(ctx, "openings", lambda scope: _open(scope, made, orders))
    _require_samples(made, sums)
    if ctx.parties > 2:
        await _check_words(ctx, made)
    await _prove(ctx, made, orders, sums.totals)
    return _kept(ctx, made, orders, count)


async def _enter(ctx: Context, links: dict[int, Link], bit_links: BitLinks, shape: tuple[int, int, int]) -> _Lists:
    """Draw this party's lists; share their bits and their elements, and check both."""
    count, bits, size = shape
    own = ctx.random(count * size)
    planes = np.ascontiguousarray(low_bits(own, bits).reshape(count, size, bits).transpose(0, 2, 1))
    chosen = np.concatenate([planes.reshape(-1), np.zeros(_masks_after(ctx.parties), np.uint8)])
    planes.fill(0)
    masks = np.empty(_masks_after(ctx.parties) // 8, np.uint8)
    ctx.randomness.fill(masks.data)
    chosen[-8 * masks.size :] = np.unpackbits(masks)
    private = await private_bits(ctx.child("bits"), bit_links, chosen)
    inside, parts = ctx.child("authenticate"), []
    for owner in range(ctx.parties):
        parts.append(await enter(inside.child("enter"), links, own.size, (owner,), own if owner == ctx.party else None))
    macs = await check_all_entered(inside, links, parts)
    numbers = []
    for owner, mac in enumerate(macs):
        value = additive(ctx, links, owner, own if owner == ctx.party else None, own.size)
        numbers.append(AuthShare(value.reshape(count, size), mac.reshape(count, size)))
    own.wipe()
    return _Lists(numbers, private, shape)


def _masks_after(parties: int) -> int:
    """Private bits behind those of the masks: a mask of a proof for every party, and of the word check."""
    return parties * mask_proof.MASK_BITS + WORD_MASK_BITS


class _Opened(NamedTuple):
    """By owner: samples of every list, (B, C) and their bits (bits, B, C); totals U of every list but the first."""

    samples: list[FieldArray]
    sample_bits: list[Bits]
    totals: list[FieldArray]


async def _open(ctx: Context, made: _Lists, orders: list[list[Places]]) -> _Opened:
    """Open the samples of all lists and U of all pairs; what was opened is checked when this scope ends."""
    opened = _Opened([], [], [])
    for owner, numbers in enumerate(made.numbers):
        rows = made.planes(made.bits.share(ctx, owner, slice(None)).words)
        places = orders[owner]
        sampled = [numbers[b][place.opened] for b, place in enumerate(places)]
        matched = [numbers[b][place.matched] for b, place in enumerate(places)]
        words = np.stack([rows[b][:, place.opened] for b, place in enumerate(places)], 1)
        opened.samples.append(
            await partial_open(ctx, SAMPLE, AuthShare.concatenate(sampled).reshape(len(places), len(places[0].opened)))
        )
        opened.sample_bits.append(await partial_open(ctx, SAMPLE_BITS, BitShare(words)))
        sums = AuthShare.concatenate([matched[0] + other for other in matched[1:]])
        opened.totals.append((await partial_open(ctx, SUM, sums)).reshape(len(places) - 1, -1))
    return opened


def _require_samples(made: _Lists, opened: _Opened) -> None:
    """Every opened mask must have exactly the bits of its element."""
    for owner, (numbers, bits) in enumerate(zip(opened.samples, opened.sample_bits, strict=True)):
        if (low_bits(numbers, made.shape[1]).transpose(2, 0, 1) != bits).any():
            raise MaskCheckFailed(
                f"party {owner} gave a mask other bits than those of its element. It has cheated, or its state is "
                "damaged; this session's keys and material are destroyed",
                step=SAMPLE.name,
                blamed=owner,
            )


async def _check_words(ctx: Context, made: _Lists) -> None:
    """A party's bits are the same towards all its peers."""
    end = int(np.prod(made.shape)) + ctx.parties * mask_proof.MASK_BITS
    shares = [made.bits.share(ctx, owner, slice(0, end)) for owner in range(ctx.parties)]
    mask = made.bits.shared(ctx, slice(end, end + WORD_MASK_BITS))
    await word_check(ctx, MASK_WORDS, shares, mask)


async def _prove(ctx: Context, made: _Lists, orders: list[list[Places]], totals: list[FieldArray]) -> None:
    """Every party proves to every other one that its pairs of masks add up."""
    coins = await toss(ctx, PROOF_COINS, after=totals)
    messages = {peer: _message(ctx, made, orders[ctx.party], totals[ctx.party], coins, peer) for peer in ctx.peers}
    received = await ctx.swap(PROOF, Blob(mask_proof.PROOF_BYTES), messages)
    for peer in ctx.peers:
        verifier = Verifier(ctx.session.bit_domain.key.share.word)
        for b, matched in _matched(made, made.bits.keys[peer], orders[peer], totals[peer]):
            verifier.add(matched, _chi(coins, peer, b, matched))
        if not verifier.accepts(received[peer], _mask_rows(made, made.bits.keys[peer], ctx.party)):
            raise MaskCheckFailed(
                f"the proof of party {peer} that its masks add up is wrong. It has cheated, or its state is damaged; "
                "this session's keys and material are destroyed",
                step=PROOF.name,
                blamed=peer,
            )


def _message(ctx: Context, made: _Lists, places: list[Places], totals: FieldArray, coins: Coins, peer: int) -> bytes:
    """This party's proof towards a peer."""
    prover, planes = Prover(), made.planes(made.bits.own)
    targets = _gathered(planes, 0, places)
    for b, matched in _matched(made, made.bits.macs[peer], places, totals):
        prover.add(matched, targets, _gathered(planes, b, places), _chi(coins, ctx.party, b, matched))
    return prover.message(_mask_rows(made, made.bits.own, peer), _mask_rows(made, made.bits.macs[peer], peer))


def _matched(made: _Lists, rows: Rows, places: list[Places], totals: FieldArray) -> list[tuple[int, Matched]]:
    """The targets with each list of sacrifices, in the order in which they were matched."""
    planes = made.planes(rows)
    targets = _gathered(planes, 0, places)
    found = []
    for b in range(1, len(places)):
        u = np.ascontiguousarray(low_bits(totals[b - 1], made.shape[1]).T)
        found.append((b, Matched(u, targets, _gathered(planes, b, places))))
    return found


def _gathered(planes: NDArray[Any], b: int, places: list[Places]) -> NDArray[Any]:
    return np.ascontiguousarray(planes[b][:, places[b].matched])


def _mask_rows(made: _Lists, rows: NDArray[Any], verifier: int) -> NDArray[Any]:
    """The part of an array over all rows that masks the proof towards a verifier."""
    start = int(np.prod(made.shape)) + verifier * mask_proof.MASK_BITS
    return rows[start : start + mask_proof.MASK_BITS]


def _chi(coins: Coins, prover: int, b: int, matched: Matched) -> Rows:
    return mask_proof.coefficients(coins, f"party {prover} list {b}", (len(matched.r) - 1, matched.r.shape[1]))


def _kept(ctx: Context, made: _Lists, orders: list[list[Places]], count: int) -> Masks:
    """The first targets; everything else is overwritten."""
    masks = Masks([], [])
    for owner, numbers in enumerate(made.numbers):
        place = orders[owner][0].matched[:count]
        masks.numbers.append(numbers[0][place])
        rows = made.planes(made.bits.share(ctx, owner, slice(None)).words)
        masks.bits.append(np.ascontiguousarray(rows[0][:, place]))
        numbers.wipe()
    made.bits.wipe()
    return masks
