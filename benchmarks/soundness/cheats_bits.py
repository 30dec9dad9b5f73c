"""Cheats against what bits are made with: AND triples, buckets, private masks, proofs, bits over the field.

Party 1 cheats, party 0 is its victim. Lists and batches are as small as the protocols allow, or smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pytest

from spdz.bits import gf64
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import AuthenticationFailed, MaskCheckFailed, TruncationCheckFailed, WordCheckFailed
from spdz.field import M5, M13, Field, FieldArray
from spdz.preprocessing.bits import and_candidates, bf_items, buckets
from spdz.preprocessing.bits.and_candidates import Candidates, make_candidates
from spdz.preprocessing.bits.cot import WideBits
from spdz.preprocessing.bits.links import BitLinks, BitPlan
from spdz.preprocessing.bits.mask_proof import MASK_BITS, Matched, Prover, Verifier
from spdz.preprocessing.bits.masks import make_masks
from spdz.preprocessing.bits.matching import lists
from spdz.preprocessing.mascot import truncation_pairs
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.truncation_pairs import make_truncation_pairs
from spdz.runtime.context import Context, SessionState
from spdz.sharing.bit_share import Bits, BitShare
from spdz.sharing.material import truncation_pairs as pairs_of
from spdz.sharing.shares import AuthShare
from tests.preprocessing.bits.mask_support import give_other_bits, ideal_bit_links
from tests.support.cheaters import with_added
from tests.support.dealer import IdealBitDealer
from tests.support.parties import Run, make_sessions, run

from .trials import Attempt, copee_links, unnoticed

CHEATER, VICTIM = 1, 0
ROWS = 128
"""Candidates or items of the least batch."""
SMALLEST = BitPlan(candidates=ROWS, masks=4, samples=2, statistical_bits=2)
LOW_BITS = 4
"""f of truncation pairs."""


class BitWorld(NamedTuple):
    """Parties with links of the field and of bits that nobody had to make."""

    sessions: list[SessionState]
    links: list[dict[int, Link]]
    dealer: IdealBitDealer
    bit_links: list[BitLinks]

    @classmethod
    def of(cls, parties: int, field: Field, seed: bytes, plan: BitPlan = SMALLEST) -> BitWorld:
        sessions = make_sessions(parties, field, seed)
        links = copee_links(sessions, seed)
        dealer = IdealBitDealer(sessions, seed)
        return cls(sessions, links, dealer, ideal_bit_links(sessions, seed, plan))

    def run(self, body: Callable[[Context, dict[int, Link], BitLinks], Any], tap: Any = None) -> Run:
        return run(self.sessions, lambda ctx: body(ctx, self.links[ctx.party], self.bit_links[ctx.party]), tap)


# -- AND triples ------------------------------------------------------------------------------------------------------


def guessed_choices(parties: int, guesses: int) -> Attempt:
    """So many payloads are off by 1, right where the victim's bits of x are 0. If it passes all products are right."""
    honest = and_candidates._payload

    def cheating(wide: WideBits, peer: int, *rest: Any) -> Any:
        sent = honest(wide, peer, *rest)
        if wide._session.party == CHEATER and peer == VICTIM:
            sent[:guesses] ^= np.uint64(1)
        return sent

    def attempt(seed: bytes) -> bool:
        world = BitWorld.of(parties, M5, seed)
        with patch.object(and_candidates, "_payload", cheating):
            ended = world.run(lambda ctx, _, links: make_candidates(ctx.child("layer"), links, ROWS, 1))
        passed = unnoticed(ended, CHEATER, WordCheckFailed)
        if passed:
            made: list[Candidates] = ended.results
            x, y, z = (
                world.dealer.reconstruct([BitShare(words) for words in parts])
                for parts in zip(*((own.x, own.ys[0], own.zs[0]) for own in made), strict=True)
            )
            assert np.array_equal(z, x & y), "a wrong product"
        return passed

    return attempt


def known_factors(size: int, layers: int, guesses: int) -> Attempt:
    """`guesses` candidates of each of so many layers of `size` are guessed; success is a triple of which x is known.

    Candidates are those of an ideal functionality, which tells a bit for a guess, and ends the session if it is wrong.
    Shifts, openings, combining and their check are the real ones.
    """

    def attempt(seed: bytes) -> bool:
        world, shifts = BitWorld.of(2, M5, seed), list[int]()
        dealt: list[list[Candidates]] = [[], []]
        shift_of = buckets._shift

        async def ideal(ctx: Context, links: BitLinks, count: int, products: int) -> Candidates:
            if not dealt[ctx.party]:
                for party, made in enumerate(dealt_candidates(world.dealer, count, world.dealer.random(count))):
                    dealt[party].append(made)
            made = dealt[ctx.party].pop(0)
            if ctx.party == VICTIM and (made.x[:guesses] & np.uint64(1)).any():
                raise WordCheckFailed("a wrong guess", step="and.word_check.sigma.open")
            return made

        def watched(coin: bytes, batch: int) -> int:
            shifts.append(shift_of(coin, batch))
            return shifts[-1]

        with ExitStack() as stack:
            for name, value in (
                ("make_candidates", ideal),
                ("_shift", watched),
                ("batch_candidates", lambda *_: size),
                ("layers", lambda *_: layers),
            ):
                stack.enter_context(patch.object(buckets, name, value))
            ended = world.run(lambda ctx, _, links: buckets.make_bit_triples(ctx, links, size))
        if not unnoticed(ended, CHEATER, WordCheckFailed):
            return False
        found = shifts[::2]
        assert found == shifts[1::2]
        assert len(found) == layers - 1
        return any(all((place + shift) % size < guesses for shift in found) for place in range(guesses))

    return attempt


def dealt_candidates(dealer: IdealBitDealer, count: int, y: Bits) -> list[Candidates]:
    """Candidates of an ideal functionality with these y, by party."""
    x = dealer.random(count)
    shares = zip(*(dealer.share(bits) for bits in (x, y, x & y)), strict=True)
    return [Candidates(own.words, [second.words], [product.words]) for own, second, product in shares]


# -- private masks ----------------------------------------------------------------------------------------------------


def wrong_masks(levels: Mapping[tuple[int, int], int], statistical_bits: int) -> Attempt:
    """Masks at some (list, place) have the bits of numbers that are off by these levels; five bits of M5."""
    plan = replace(SMALLEST, statistical_bits=statistical_bits)
    off = np.zeros((lists(plan.masks, statistical_bits), plan.masks + plan.samples), np.int64)
    for place, level in levels.items():
        off[place] = level

    def attempt(seed: bytes) -> bool:
        world = BitWorld.of(2, M5, seed, plan)
        with pytest.MonkeyPatch.context() as monkeypatch:
            give_other_bits(monkeypatch, CHEATER, off)
            ended = world.run(lambda ctx, links, bit_links: make_masks(ctx, links, bit_links, M5.bits, plan.masks))
        return unnoticed(ended, CHEATER, MaskCheckFailed)

    return attempt


def false_proof(unknown_bits: int) -> Attempt:
    """A false statement about masks, with a message that fits two of the keys. So many bits of a key are unknown."""

    def attempt(seed: bytes) -> bool:
        randomness = deterministic_randomness_for_tests(seed, "false proof")

        def words(*shape: int) -> Any:
            return np.frombuffer(randomness.bytes(8 * int(np.prod(shape))), np.uint64).reshape(shape).copy()

        bits, pairs = 5, 3
        u, r, s = ((words(bits, pairs) & np.uint64(1)).astype(np.uint8) for _ in range(3))
        # The first relation of the first pair is wrong.
        u[1, 0] = 1 ^ (u[0, 0] ^ s[0, 0]) & (u[0, 0] ^ r[0, 0]) ^ r[1, 0] ^ s[1, 0] ^ u[0, 0] ^ r[0, 0] ^ s[0, 0]
        delta, mask, chi = words(), words(MASK_BITS), words(bits - 1, pairs)
        hidden, low = np.uint64((1 << unknown_bits) - 1), (words(MASK_BITS) & np.uint64(1)).astype(np.uint8)
        delta &= hidden
        macs = words(bits, pairs), words(bits, pairs)

        def verifier(key: np.uint64) -> Verifier:
            made = Verifier(key)
            rows = (mac ^ own * key for mac, own in zip(macs, (r, s), strict=True))
            made.add(Matched(u, *rows), chi)
            return made

        prover = Prover()
        prover.add(Matched(u, *macs), r, s, chi)
        # With the key 1 what is left over is the sum of all that is wrong with the statement.
        left = np.array([verifier(np.uint64(1))._sum ^ prover._sums[0] ^ prover._sums[1]])
        assert left[0] != 0, "its errors cancel each other by chance, 2^-64"
        first, second = (np.array([guess], np.uint64) for guess in (1, 2))
        prover._sums[0] ^= gf64.multiply(left, gf64.multiply(first, second))[0]
        prover._sums[1] ^= gf64.multiply(left, first ^ second)[0]
        message = prover.message(low, mask)
        return verifier(delta).accepts(memoryview(message), mask ^ low * delta)

    return attempt


# -- bits over the field ----------------------------------------------------------------------------------------------


def wrong_element(field: Field, use: int) -> Attempt:
    """One element of a payload is off by 3: that of the key, of w, or of the MAC of w. Right where the bit is 0."""
    honest = bf_items._payload

    def cheating(ctx: Context, wide: WideBits, owner: int, elements: list[FieldArray]) -> tuple[FieldArray, FieldArray]:
        sent, kept = honest(ctx, wide, owner, elements)
        return (with_added(sent, use * ROWS + 5, 3) if ctx.party == CHEATER else sent), kept

    def attempt(seed: bytes) -> bool:
        with patch.object(bf_items, "_payload", cheating):
            return _items(field, seed)

    return attempt


def other_bit(field: Field, guess: int) -> Attempt:
    """The owner shares another value than the bit that it chose; its MAC fits if the victim's key share is guessed."""
    honest = bf_items._bits_of

    def cheating(ctx: Context, wide: WideBits, owner: int, macs: FieldArray) -> AuthShare:
        share = honest(ctx, wide, owner, macs)
        if ctx.party != owner or owner != CHEATER:
            return share
        value, mac = with_added(share.value, 5, 1), with_added(share.mac, 5, guess)
        mac[5] = mac[5] + ctx.session.key.share
        return AuthShare(value, mac)

    def attempt(seed: bytes) -> bool:
        with patch.object(bf_items, "_bits_of", cheating):
            return _items(field, seed)

    return attempt


def _items(field: Field, seed: bytes) -> bool:
    world = BitWorld.of(2, field, seed)
    ended = world.run(lambda ctx, links, bits: bf_items.make_items(ctx.child("items"), links, bits, ROWS, 1))
    return unnoticed(ended, CHEATER, AuthenticationFailed)


# -- truncation pairs -------------------------------------------------------------------------------------------------


def pairs_out_of_range(statistical_bits: int) -> Attempt:
    """R of a target is 3 * 2^rho too large, and that of a pair in each list of sacrifices as much too small."""
    plan = replace(SMALLEST, statistical_bits=statistical_bits)
    honest = truncation_pairs.draw_pairs

    def cheating(ctx: Context, rho: int, f: int, lists: Any) -> FieldArray:
        pairs = honest(ctx, rho, f, lists)
        if ctx.party == CHEATER:
            for number in range(lists.lists):
                pairs[number, 0, 0] = pairs[number, 0, 0] + ((-3 if number else 3) << rho)
        return pairs

    def attempt(seed: bytes) -> bool:
        world = BitWorld.of(2, M13, seed, plan)
        with patch.object(truncation_pairs, "draw_pairs", cheating):
            ended = world.run(
                lambda ctx, links, _: make_truncation_pairs(ctx, links, pairs_of(LOW_BITS), plan.masks, plan)
            )
        return unnoticed(ended, CHEATER, TruncationCheckFailed)

    return attempt
