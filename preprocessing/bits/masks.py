"""Private masks: a uniform field element of each party, with its lowest bits shared over GF(2).

Realises:  for every party i masks R_i, uniform modulo p, as [R_i], and words of `bits` private bits that are those of
           R_i - d mod 2^bits with |d| <= 3; d = 0 if i is honest.
Source:    this module; random sums as in Escudero, Ghosh, Keller, Rachuri, Scholl, CRYPTO 2020 (edaBits), with private
           masks in the place of joint ones and a proof in the place of a circuit. The argument: docs/security/masks.md.
Symbols:   per party one list of N + C targets and B - 1 lists of N + C sacrifices. C places of every list, chosen at
           random, are opened and must be right; the others are matched at random, and of every pair U = R + S is
           opened, and proved in zero knowledge to be what the bits add up to (`mask_proof`).
Order:     columns of bits, elements -> their checks -> [toss: permutations and samples] -> samples and U are opened
           and checked -> word check -> [toss: coefficients] -> proofs. Nothing is blamed on a party before the check
           of what was opened, for another one may have falsified an opening; and U is checked before a proof leaves,
           for the proof of a false statement would tell carries of an honest party.
Checked:   everything, before this returns; for three parties and more also that bits are the same towards all peers.
           While a check is stalled somewhere, somebody may know both keys, and proofs are worth nothing: what is made
           of these masks may be used after a check that *begins* later than the proofs (`compare_masks` has one).
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
from spdz.preprocessing.bits.matching import Indices, Places, lists, order
from spdz.preprocessing.bits.private_bits import PrivateBits, private_bits
from spdz.preprocessing.bits.word_check import MASK_BITS as WORD_MASK_BITS
from spdz.preprocessing.bits.word_check import declare_word_check, word_check
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.pairwise import Apart, enter_apart, spread
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import open_apart, partial_open
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

    def wipe(self) -> None:
        """Overwrite everything."""
        for number, rows in zip(self.numbers, self.bits, strict=True):
            number.wipe()
            rows.fill(0)


class _Lists(NamedTuple):
    """All lists of all parties before they are matched, at one party."""

    numbers: Apart
    """R, list after list: (B L,) by owner."""
    bits: PrivateBits
    """Of R, as planes (B, bits, L); behind them a mask of a proof towards every party, and that of the word check."""
    shape: tuple[int, int, int]
    """B, bits, L."""

    @property
    def end(self) -> int:
        """Where the bits of masks end."""
        return int(np.prod(self.shape))

    def planes(self, rows: NDArray[Any], b: int, places: Indices) -> NDArray[Any]:
        """Of an array over all rows the planes of a list, in this order."""
        found: NDArray[Any] = np.take(rows[: self.end].reshape(self.shape)[b], places, axis=1)
        return found

    def words(self, ctx: Context, owner: int, b: int, places: Indices) -> Rows:
        """This party's words of masks of a list, as planes."""
        _, bits, size = self.shape
        rows = size * np.arange(b * bits, (b + 1) * bits).reshape(-1, 1) + places
        return self.bits.share(ctx, owner, rows.ravel()).words.reshape(rows.shape)


async def make_masks(ctx: Context, links: dict[int, Link], bit_links: BitLinks, bits: int, count: int) -> Masks:
    """`count` masks of every party.

    Rounds:    22, and 8 more for three parties and more, and 1 for each further part of what is entered
               (`enter_apart`); with VOLEs those of `replenish`.
               Sends: with N, C, B of above B (N + C) values as `enter_apart`, B (N + C) bits + 64 n + 128 for each mask
               as `private_bits`; (B - 1) N + B C elements, n B C bits for each bit of a mask, 16 bytes of proof, two
               tosses, the check, for three parties and more a word check.
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
    return _kept(ctx, links, made, orders, count)


async def _enter(ctx: Context, links: dict[int, Link], bit_links: BitLinks, shape: tuple[int, int, int]) -> _Lists:
    """Draw this party's lists; share their bits and their elements, and check both."""
    own, planes = _draw(ctx, shape)
    spare = ctx.parties * mask_proof.MASK_BITS + WORD_MASK_BITS
    private = await private_bits(ctx.child("bits"), bit_links, planes, spare)
    everyone = tuple(range(ctx.parties))
    numbers = await enter_apart(ctx.child("authenticate"), links, own.size, everyone, own)
    return _Lists(numbers, private, shape)


def _draw(ctx: Context, shape: tuple[int, int, int]) -> tuple[FieldArray, Bits]:
    """Elements of this party's lists, (B L,), and their lowest bits as planes, flat."""
    count, bits, size = shape
    own = ctx.random(count * size)
    rows = low_bits(own, bits).reshape(count, size, bits)
    planes = rows.transpose(0, 2, 1).copy().reshape(-1)
    rows.fill(0)
    return own, planes


class _Opened(NamedTuple):
    """By owner: samples of every list, (B, C) and their bits (bits, B, C); totals U of every list but the first."""

    samples: list[FieldArray]
    sample_bits: list[Bits]
    totals: list[FieldArray]


async def _open(ctx: Context, made: _Lists, orders: list[list[Places]]) -> _Opened:
    """Open the samples of all lists and U of all pairs; what was opened is checked when this scope ends."""
    everyone = range(ctx.parties)
    samples, sums = _samples_and_sums(made, _values(made.numbers), orders[ctx.party])
    macs = [_samples_and_sums(made, made.numbers.macs[owner], orders[owner]) for owner in everyone]
    of_samples, of_sums = (dict(enumerate(part)) for part in zip(*macs, strict=True))
    words = [
        np.stack([made.words(ctx, owner, b, place.opened) for b, place in enumerate(orders[owner])], 1)
        for owner in everyone
    ]
    opened = await ctx.gather(
        open_apart(ctx.child("samples"), SAMPLE, samples, of_samples),
        partial_open(ctx.child("sample_bits"), SAMPLE_BITS, BitShare(np.stack(words))),
        open_apart(ctx.child("sums"), SUM, sums, of_sums),
    )
    return _Opened(*opened)


def _samples_and_sums(made: _Lists, values: FieldArray, places: list[Places]) -> tuple[FieldArray, FieldArray]:
    """Samples, (B, C), and U of every list but the first, (B - 1, N), of an owner's elements or their MAC shares."""
    numbers = values.reshape(made.shape[0], made.shape[2])
    targets = numbers[0][places[0].matched]
    return (
        FieldArray.stack([numbers[b][place.opened] for b, place in enumerate(places)]),
        FieldArray.stack([targets + numbers[b][places[b].matched] for b in range(1, len(places))]),
    )


def _values(apart: Apart) -> FieldArray:
    assert apart.values is not None, "everyone makes masks"
    return apart.values


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
    end = made.end + ctx.parties * mask_proof.MASK_BITS
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
    prover, own = Prover(), made.bits.own
    targets = made.planes(own, 0, places[0].matched)
    for b, matched in _matched(made, made.bits.macs[peer], places, totals):
        prover.add(matched, targets, made.planes(own, b, places[b].matched), _chi(coins, ctx.party, b, matched))
    return prover.message(_mask_rows(made, own, peer), _mask_rows(made, made.bits.macs[peer], peer))


def _matched(made: _Lists, rows: Rows, places: list[Places], totals: FieldArray) -> list[tuple[int, Matched]]:
    """The targets with each list of sacrifices, in the order in which they were matched."""
    targets, found = made.planes(rows, 0, places[0].matched), []
    for b in range(1, len(places)):
        u = np.ascontiguousarray(low_bits(totals[b - 1], made.shape[1]).T)
        found.append((b, Matched(u, targets, made.planes(rows, b, places[b].matched))))
    return found


def _mask_rows(made: _Lists, rows: NDArray[Any], verifier: int) -> NDArray[Any]:
    """The part of an array over all rows that masks the proof towards a verifier."""
    start = made.end + verifier * mask_proof.MASK_BITS
    return rows[start : start + mask_proof.MASK_BITS]


def _chi(coins: Coins, prover: int, b: int, matched: Matched) -> Rows:
    return mask_proof.coefficients(coins, f"party {prover} list {b}", (len(matched.r) - 1, matched.r.shape[1]))


def _kept(ctx: Context, links: dict[int, Link], made: _Lists, orders: list[list[Places]], count: int) -> Masks:
    """The first targets, their elements shared among all; everything else is overwritten."""
    places = [order[0].matched[:count] for order in orders]
    macs = {owner: made.numbers.macs[owner][place] for owner, place in enumerate(places)}
    kept = Apart(_values(made.numbers)[places[ctx.party]], {}, {}, macs)
    numbers = list(spread(ctx, links, tuple(range(ctx.parties)), kept).values())
    bits = [made.words(ctx, owner, 0, place) for owner, place in enumerate(places)]
    _values(made.numbers).wipe()
    _values(kept).wipe()
    made.bits.wipe()
    return Masks(numbers, bits)
