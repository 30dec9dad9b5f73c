"""Private masks and masks of comparisons: what they are, and what a cheater's wrong ones come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.adversary.ideal_base_ots import ideal_base_ots
from spdz.adversary.settings import SMALL_BITS
from spdz.errors import BroadcastMismatch, MacCheckFailed, MaskCheckFailed
from spdz.field import M61, FieldArray
from spdz.params import MascotParams
from spdz.preprocessing.bits import buckets
from spdz.preprocessing.bits import masks as module
from spdz.preprocessing.bits.compare_masks import ands_per_mask, make_compare_masks
from spdz.preprocessing.bits.links import BitLinks, set_up_bits
from spdz.preprocessing.bits.masks import make_masks
from spdz.preprocessing.bits.matching import Places, lists, order
from spdz.preprocessing.mascot import generator
from spdz.runtime.context import Context
from spdz.sharing.material import compare_masks
from spdz.sharing.material.bit_kinds import low_bits
from tests.preprocessing.bits.support import bits_of, xor
from tests.support.dealer import mac_key_of, reconstruct
from tests.support.interference import flip_bytes
from tests.support.parties import Run, assert_caught, make_sessions, rounds_of, run
from tests.support.vole import links_for

PARTIES = pytest.mark.parametrize("parties", [2, 3])
CHEATER, BITS, COUNT = 1, 9, 5


def world(parties: int, seed: bytes, body: Any, cheat: Any = None) -> tuple[Run, list[Any]]:
    """Every party runs `body` with links of both sorts."""
    sessions = make_sessions(parties, M61, seed)
    links = links_for("copee", sessions, seed)

    async def main(ctx: Context) -> Any:
        bit_links = await set_up_bits(ctx.child("set_up"), MascotParams(), plan=SMALL_BITS, run_base_ots=ideal_base_ots)
        return await body(ctx, links[ctx.party], bit_links)

    return run(sessions, main, cheat), sessions


def delta_of(sessions: list[Any]) -> np.uint64:
    return xor([session.bit_domain.key.share.word for session in sessions])


async def private(ctx: Context, links: Any, bit_links: BitLinks) -> Any:
    return await make_masks(ctx, links, bit_links, BITS, COUNT)


@PARTIES
def test_private_masks_have_the_bits_of_their_elements(parties: int, seed: bytes) -> None:
    ended, sessions = world(parties, seed, private)
    for owner in range(parties):
        numbers = reconstruct(mac_key_of(sessions), [made.numbers[owner] for made in ended.results])
        bits = bits_of([made.bits[owner] for made in ended.results], delta_of(sessions))
        assert (bits == low_bits(numbers, BITS).T).all()
        assert len(set(numbers.to_ints())) == COUNT


@pytest.mark.parametrize(("largest", "batches"), [(buckets.LARGEST_BATCH, {2: 1, 3: 1}), (25, {2: 3, 3: 4})])
@PARTIES
def test_masks_of_comparisons_are_sums_up_to_wraps(
    parties: int, largest: int, batches: dict[int, int], seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "LARGEST_BATCH", largest)
    kind = compare_masks(BITS)
    ended, sessions = world(parties, seed, lambda ctx, links, bit: make_compare_masks(ctx, links, bit, kind, COUNT))
    total = reconstruct(mac_key_of(sessions), [batch.shares[0] for batch in ended.results]).to_ints()
    r, q = (bits_of([batch.shares[k].words for batch in ended.results], delta_of(sessions)) for k in (1, 2))
    assert (q == (r[:, 1 : BITS - 1 : 2] & r[:, 0 : BITS - 1 : 2])).all()
    for number, bits in zip(total, r.tolist(), strict=True):
        low = sum(bit << j for j, bit in enumerate(bits))
        # p is -1 modulo a power of two: each wrap of the sum of elements costs one unit.
        assert (number - low) % (1 << BITS) in range(parties)
    assert ands_per_mask(BITS, parties) == (BITS - 1) * (parties - 1) + (BITS - 1) // 2
    # Every batch of AND triples has two layers.
    assert len(rounds_of(ended.trace, "and.payload")) == 2 * batches[parties]


def test_batches_are_even(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "LARGEST_BATCH", 10)
    assert [buckets.even_batches(count) for count in (0, 1, 10, 11, 29)] == [[0], [1], [10], [5, 6], [9, 10, 10]]


@pytest.mark.parametrize("parties", [2, 3, 5])
def test_what_is_held_for_a_batch_of_masks_does_not_grow_with_the_parties(parties: int, seed: bytes) -> None:
    ctx = Context(make_sessions(parties, M61, seed)[0])
    size = generator.masks_in_batch(ctx, compare_masks(37))
    assert generator.MASK_BATCH - parties < size * (parties - 1) <= generator.MASK_BATCH
    # Two parties: one list less than for any smaller batch.
    assert lists(size, 60) == (5 if parties == 2 else 6)


def wrong_bits(monkeypatch: pytest.MonkeyPatch, places: Any, by: int) -> None:
    """The cheater's bits are those of another number at some places of its lists."""
    honest = module.low_bits
    calls = list[int]()

    def cheating(values: FieldArray, bits: int) -> Any:
        found = honest(values, bits)
        # The first call of each party draws its lists; the parties run in turn in one thread.
        calls.append(values.size)
        if len(calls) == CHEATER + 1:
            changed = values.copy()
            changed[places] = changed[places] - by
            found = honest(changed, bits)
        return found

    monkeypatch.setattr(module, "low_bits", cheating)


def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is permuted, so that a test knows what is opened and who is matched."""
    whole = np.arange(20)
    monkeypatch.setattr(
        module, "order", lambda coins, label, size, samples: Places(whole[:samples], whole[samples:size])
    )


@pytest.mark.parametrize("by", [1, 5])
def test_wrong_bits_of_a_sample_are_found(by: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    in_order(monkeypatch)
    wrong_bits(monkeypatch, 2, by)
    ended, _ = world(2, seed, private)
    assert_caught(ended, MaskCheckFailed, "masks.sample", cheater=CHEATER, blamed=CHEATER)


@pytest.mark.parametrize("by", [3, 4, 100])
def test_wrong_bits_of_a_target_are_found_by_the_proof(by: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    in_order(monkeypatch)
    wrong_bits(monkeypatch, 7, by)
    ended, _ = world(2, seed, private)
    assert_caught(ended, MaskCheckFailed, "masks.proof", cheater=CHEATER, blamed=CHEATER)


@pytest.mark.parametrize("place", [0, 15])
def test_a_false_proof_is_refused(place: int, seed: bytes) -> None:
    ended, _ = world(2, seed, private, flip_bytes("masks.proof", CHEATER, [place]))
    assert_caught(ended, MaskCheckFailed, "masks.proof", cheater=CHEATER, blamed=CHEATER)


@PARTIES
@pytest.mark.parametrize("step", ["masks.sample_bits", "masks.adder"])
def test_wrong_openings_fail_the_check_and_blame_nobody(step: str, parties: int, seed: bytes) -> None:
    kind = compare_masks(BITS)
    ended, _ = world(
        parties,
        seed,
        lambda ctx, links, bit: make_compare_masks(ctx, links, bit, kind, COUNT),
        flip_bytes(step, CHEATER, ["first"]),
    )
    error, at = (MacCheckFailed, "mac_check.sigma.open") if parties == 2 else (BroadcastMismatch, "broadcast.echo")
    assert_caught(ended, error, at, cheater=CHEATER, blamed=None)


def test_lists_follow_the_batch_and_orders_are_permutations(seed: bytes) -> None:
    assert [lists(1 << power, 60) for power in (20, 15, 12, 10)] == [4, 5, 6, 7]

    async def body(ctx: Context) -> Any:
        from spdz.protocols.coin_toss import toss

        coins = await toss(ctx, module.MATCH_COINS, after=None)
        return [order(coins, label, 300, 20) for label in ("a", "b")]

    ended = run(make_sessions(2, M61, seed), body)
    (a, b), theirs = ended.results
    assert sorted([*a.opened, *a.matched]) == list(range(300))
    assert len(a.opened) == 20
    assert list(a.opened) == list(theirs[0].opened)
    assert list(a.matched) != list(b.matched)
