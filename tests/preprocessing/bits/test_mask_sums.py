"""Honest private masks and masks of comparisons in fields of all sizes; what they cost, and in which order."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M13, M61, M127, Field
from spdz.preprocessing.bits import compare_masks as module
from spdz.preprocessing.bits.compare_masks import ands_per_mask, make_compare_masks
from spdz.preprocessing.bits.links import BIT_PLAN, BitLinks, BitPlan
from spdz.preprocessing.bits.masks import Masks, make_masks
from spdz.preprocessing.bits.matching import lists, order
from spdz.preprocessing.mascot.links import Link
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.sharing.material import compare_masks
from spdz.sharing.material.bit_kinds import low_bits
from spdz.sharing.shares import AuthShare
from tests.preprocessing.bits.mask_support import FEW, KEPT, LISTS, SMALL, MaskWorld, deal_triples, number_of, planes_of
from tests.support.costs import bytes_per_peer, check_bytes, stated_rounds, toss_bytes
from tests.support.parties import make_sessions, rounds_of
from tests.support.statistics import assert_uniform
from tests.support.vole import with_vole

PARTIES = pytest.mark.parametrize("parties", [2, 3])
COUNT = 5


def make_sums(world: MaskWorld, bits: int, count: int, patch: pytest.MonkeyPatch) -> tuple[Any, list[Masks]]:
    """Masks of comparisons from dealt AND triples, and the private masks that they are sums of."""
    seen: list[Masks] = []

    async def watched(*args: Any) -> Masks:
        made = await make_masks(*args)
        numbers = [AuthShare(number.value.copy(), number.mac.copy()) for number in made.numbers]
        seen.append(Masks(numbers, [rows.copy() for rows in made.bits]))
        return made

    patch.setattr(module, "make_masks", watched)
    deal_triples(patch, world)
    kind = compare_masks(bits)

    async def main(ctx: Context, links: dict[int, Link], bit_links: BitLinks) -> Any:
        return await make_compare_masks(ctx, links, bit_links, kind, count)

    return world.run(main), seen


@PARTIES
@pytest.mark.parametrize(("field", "bits"), [(M13, 1), (M13, 2), (M13, 13), (M61, 37), (M127, 9)], ids=str)
def test_masks_of_comparisons_are_sums(
    field: Field, bits: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = MaskWorld(parties, seed, field)
    ended, private = make_sums(world, bits, COUNT, monkeypatch)
    total, r, q = world.opened_batch(ended.results)
    assert r.shape == (COUNT, bits)
    assert q.shape == (COUNT, (bits - 1) // 2)
    expected, numbers = field.zeros(COUNT), np.zeros(COUNT, np.int64)
    for element, planes in world.opened(private):
        assert (planes == low_bits(element, bits).T).all()
        assert len(set(element.to_ints())) == COUNT
        expected, numbers = expected + element, numbers + number_of(planes)
    assert total.equals(expected)
    assert (r == planes_of(numbers, bits).T).all()
    assert (q == (r[:, 1 : bits // 2 * 2 : 2] & r[:, : bits // 2 * 2 : 2])[:, : q.shape[1]]).all()


def test_masks_by_voles(seed: bytes) -> None:
    world = MaskWorld(3, seed)
    world.links = with_vole(world.links)
    for element, planes in world.opened(world.make(9, COUNT).results):
        assert (planes == low_bits(element, 9).T).all()


def test_several_batches_have_nothing_in_common(seed: bytes) -> None:
    world = MaskWorld(2, seed)
    first, second = (world.opened(world.make(9, COUNT).results) for _ in range(2))
    for (one, _), (other, _) in zip(first, second, strict=True):
        assert not set(one.to_ints()) & set(other.to_ints())


def test_more_bits_than_an_element_has_are_refused(seed: bytes) -> None:
    world = MaskWorld(2, seed, M13)
    ended = world.run(lambda ctx, links, bit_links: make_compare_masks(ctx, links, bit_links, compare_masks(14), 1))
    for outcome in ended.outcomes:
        assert isinstance(outcome.error, UsageError)
        assert "M13 has 13 bits" in str(outcome.error)


def test_what_is_used_up_is_overwritten(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    world, made = MaskWorld(2, seed), list[Masks]()

    async def watched(*args: Any) -> Masks:
        made.append(await make_masks(*args))
        return made[-1]

    monkeypatch.setattr(module, "make_masks", watched)
    deal_triples(monkeypatch, world)
    assert world.run(lambda ctx, own, bits: make_compare_masks(ctx, own, bits, compare_masks(9), COUNT)).results
    assert len(made) == 2
    for masks in made:
        assert not any(rows.any() for rows in masks.bits)
        assert all(number.value.is_zero().all() and number.mac.is_zero().all() for number in masks.numbers)


# -- costs ------------------------------------------------------------------------------------------------------------


def mask_bytes(field: Field, bits: int, parties: int) -> dict[str, int]:
    """Of the lists of `SMALL`, by COPEe."""
    elements, element = LISTS * (KEPT + FEW), field.element_bytes
    rows = -(-(elements * bits + 64 * parties + 128) // 128) * 128
    return {
        "bits.columns": 16 * (rows + 128) // 8,
        **toss_bytes("bits.check", parties),
        "bits.digests": 65 * 16,
        "copee.corrections": (elements + 1) * field.bits * element,
        **toss_bytes("authenticate", parties),
        "authenticate.combination": element,
        **check_bytes("authenticate.check", parties, element),
        **toss_bytes("masks.match", parties),
        "masks.sample": LISTS * FEW * element,
        "masks.sample_bits": -(-parties * LISTS * FEW * bits // 8),
        "masks.sum": (LISTS - 1) * KEPT * element,
        # Elements and bits are opened in one scope, and checked together.
        **check_bytes("mac_check", parties, element + 16),
        **toss_bytes("masks.proof", parties),
        "masks.proof": 16,
    }


def word_check_bytes(parties: int) -> dict[str, int]:
    name = "masks.word_check"
    sigma = {f"{name}.sigma.commit": 32, f"{name}.sigma.open": 48 + 32}
    return {**toss_bytes(name, parties), f"{name}.bits": 16, **sigma} if parties > 2 else {}


def with_echoes(costs: dict[str, int], echoes: int) -> dict[str, int]:
    return {**costs, "broadcast.echo": 32 * echoes} if echoes else costs


@PARTIES
@pytest.mark.parametrize(("field", "bits"), [(M61, 37), (M127, 9)], ids=str)
def test_costs_of_private_masks(field: Field, bits: int, parties: int, seed: bytes) -> None:
    ended = MaskWorld(parties, seed, field).make(bits, COUNT)
    assert stated_rounds(make_masks) == 22
    assert ended.rounds == (22 if parties == 2 else 22 + 8)
    expected = {**mask_bytes(field, bits, parties), **word_check_bytes(parties)}
    assert bytes_per_peer(ended) == with_echoes(expected, 3 if parties > 2 else 0)


@PARTIES
def test_costs_of_masks_of_comparisons(parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    bits = 9
    ended, _ = make_sums(MaskWorld(parties, seed), bits, COUNT, monkeypatch)
    of_sums = (parties - 1) * (bits - 1) + 5
    assert ended.rounds == (22 + of_sums if parties == 2 else 22 + 8 + of_sums + 1)
    costs = bytes_per_peer(ended)
    # Two bits for each AND; every message is a whole number of bytes.
    pairs = (bits - 1) // 2
    assert ands_per_mask(bits, parties) == (parties - 1) * (bits - 1) + pairs
    assert costs["masks.adder"] == (parties - 1) * (bits - 1) * -(-2 * COUNT // 8) + -(-2 * COUNT * pairs // 8)
    assert costs["mac_check.sigma.open"] == check_bytes("x", parties, 8 + 16)["x.sigma.open"] + 48 + 32 * (parties > 2)


# -- order ------------------------------------------------------------------------------------------------------------

TOSSES = {
    "bits.check.coins": ("bits.columns",),
    "authenticate.coins": ("copee.corrections",),
    "masks.match.coins": ("bits.columns", "bits.digests", "copee.corrections", "authenticate.check.sigma.open"),
    "masks.proof.coins": ("masks.sample", "masks.sample_bits", "masks.sum", "masks.match.coins.open"),
}
"""Each toss and what it challenges."""


@PARTIES
@pytest.mark.parametrize("name", TOSSES)
def test_a_toss_begins_after_all_that_it_challenges(name: str, parties: int, seed: bytes) -> None:
    """PITFALLS 1: nobody knows who is opened and who meets whom before all lists are there."""
    trace = MaskWorld(parties, seed).make(9, COUNT).trace
    (commit,), (opened,) = (rounds_of(trace, f"{name}.{part}") for part in ("commit", "open"))
    assert commit < opened
    for challenged in TOSSES[name]:
        assert max(rounds_of(trace, challenged)) < commit, f"the coins of {name} are known before {challenged}"


@PARTIES
def test_proofs_come_after_the_check_of_what_they_speak_of_and_before_a_check(
    parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, _ = make_sums(MaskWorld(parties, seed), 9, COUNT, monkeypatch)
    first, second = (rounds_of(ended.trace, f"mac_check.{part}") for part in ("coins.commit", "sigma.open"))
    (proof,) = rounds_of(ended.trace, "masks.proof")
    (coins,) = rounds_of(ended.trace, "masks.proof.coins.commit")
    assert max(rounds_of(ended.trace, "masks.sum")) < first[0] < second[0] < coins < proof
    assert proof < min(rounds_of(ended.trace, "masks.adder"))
    assert max(rounds_of(ended.trace, "masks.adder")) < first[1] < second[1]
    words = rounds_of(ended.trace, "masks.word_check.sigma.open")
    assert len(words) == (parties > 2)
    assert all(second[0] < word < coins for word in words)


def test_no_two_tosses_have_the_same_seed(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = list[bytes]()
    original = Coins.__init__

    def spy(self: Coins, ctx: Context, value: bytes) -> None:
        if ctx.party == 0:
            seeds.append(value)
        original(self, ctx, value)

    monkeypatch.setattr(Coins, "__init__", spy)
    assert MaskWorld(3, seed).make(9, COUNT).results
    # Key of the OTs; authentication and its check; matching; check of openings; words; proofs.
    assert len(seeds) == len(set(seeds)) == 7


# -- matching ---------------------------------------------------------------------------------------------------------


def coins_of(seed: bytes) -> Coins:
    return Coins(Context(make_sessions(2, M61, seed)[0]), seed)


def test_orders_are_uniform_permutations(seed: bytes) -> None:
    coins = coins_of(seed)
    orders = list(itertools.permutations(range(4)))
    found = [order(coins, f"list {number}", 4, 1) for number in range(2400)]
    assert_uniform([orders.index((*place.opened, *place.matched)) for place in found], len(orders))


def test_every_list_of_every_party_has_an_order_of_its_own(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = list[str]()

    def spy(coins: Coins, label: str, size: int, samples: int) -> Any:
        labels.append(label)
        return order(coins, label, size, samples)

    monkeypatch.setattr("spdz.preprocessing.bits.masks.order", spy)
    assert MaskWorld(3, seed).make(9, COUNT).results
    assert len(labels) == 3 * 3 * LISTS
    assert len(set(labels)) == 3 * LISTS


def test_faults_in_a_pattern_meet_by_shifts_and_not_by_permutations(seed: bytes) -> None:
    """PITFALLS: a wrong mask costs its maker nothing until it is opened or matched, so shifts must not be used here."""
    size, coins = 24, coins_of(seed)
    for distance in (2, 3):
        faulty = np.arange(0, size, distance)
        by_shift = sum(set((faulty + shift) % size) == set(faulty.tolist()) for shift in range(size))
        assert by_shift * distance == size
        met = [set(order(coins, f"{number}", size, 0).matched[faulty].tolist()) for number in range(500)]
        assert not any(places == set(faulty.tolist()) for places in met)


# -- how many lists ---------------------------------------------------------------------------------------------------


def test_lists_follow_the_batch() -> None:
    """N is the batch's, never what was asked for: a few masks are made in a list of 1024."""
    assert [lists(1 << power, 60) for power in (20, 15, 12, 10)] == [4, 5, 6, 7]
    assert (BIT_PLAN.masks, BIT_PLAN.samples, BIT_PLAN.statistical_bits) == (1024, 128, None)
    for size in (1024, 1025, 9709, 1 << 15, 87381):
        for statistical_bits in (40, 60, 80):
            found = lists(size, statistical_bits)
            assert size ** (found - 1) >= 2**statistical_bits
            assert found == 2 or size ** (found - 2) < 2**statistical_bits


@pytest.mark.parametrize("count", [3, 20])
def test_a_short_batch_is_filled_up_and_a_long_one_has_its_own_size(count: int, seed: bytes) -> None:
    plan = BitPlan(candidates=128, masks=16, samples=FEW, statistical_bits=8)
    ended = MaskWorld(2, seed, plan=plan).make(9, count)
    size = max(count, 16)
    found = lists(size, 8)
    assert bytes_per_peer(ended)["masks.sum"] == (found - 1) * size * 8
    assert ended.results[0].bits[0].shape == (9, count)
    assert SMALL.samples == FEW


def log2_choose(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return -math.inf
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(2)


@pytest.mark.parametrize("size", [1 << 10, 3000, 1 << 12, 9709, 1 << 15, 1 << 20])
def test_the_bound_of_the_matching_holds_for_the_lists_that_are_made(size: int) -> None:
    """The formula of docs/security/masks.md, at its largest over strategies: one bad target, one partner in each list.

    a targets of level 4 and more, s sacrifices of level 3 and more, t targets of level 2 and more.
    """
    samples, found, best = BIT_PLAN.samples, lists(size, 60), (-math.inf, (0, 0, 0))

    def unseen(wrong: int) -> float:
        return log2_choose(size + samples - wrong, samples) - log2_choose(size + samples, samples)

    grid = sorted({*range(1, 30), *(int(1.3**e) for e in range(12, 60)), size - samples, size - 1, size})
    for t in (t for t in grid if t <= size):
        for s in (s for s in grid if s <= t):
            for a in {1, s}:
                one = log2_choose(t - a, s - a) - log2_choose(size, s)
                best = max(best, (unseen(t) + (found - 1) * (unseen(s) + one), (a, s, t)))
    assert best[1] == (1, 1, 1)
    assert best[0] <= -60


Counts = tuple[int, ...]
"""How many masks of a list have level 0, 1, 2 and so on, all on one side."""


def matchings(targets: Counts, sacrifices: Counts) -> int:
    """Perfect matchings of labelled masks whose levels differ by at most 1."""

    def above(level: int, up: int, down: int) -> int:
        """From this level on, of which `up` sacrifices and `down` targets have met what is a level below."""
        if level == len(targets):
            return up == down == 0
        r, s = targets[level] - down, sacrifices[level] - up
        if r < 0 or s < 0:
            return 0
        found = 0
        for even in range(min(r, s) + 1):
            rest_r, rest_s, next_s, next_r = r - even, s - even, 0, 0
            if level + 1 < len(targets):
                next_r, next_s = targets[level + 1], sacrifices[level + 1]
            ways = math.comb(r, even) * math.comb(s, even) * math.factorial(even)
            ways *= math.perm(next_s, rest_r) * math.perm(next_r, rest_s)
            found += ways and ways * above(level + 1, rest_r, rest_s)
        return found

    return above(0, 0, 0)


def test_matchings_are_counted_right() -> None:
    for targets, sacrifices in (((2, 1, 0), (1, 1, 1)), ((1, 0, 2), (0, 1, 2)), ((3, 0, 0), (3, 0, 0))):
        levels_of = [
            [level for level, count in enumerate(side) for _ in range(count)] for side in (targets, sacrifices)
        ]
        listed = sum(
            all(abs(a - b) <= 1 for a, b in zip(levels_of[0], met, strict=True))
            for met in itertools.permutations(levels_of[1])
        )
        assert matchings(targets, sacrifices) == listed


@pytest.mark.parametrize(("size", "samples", "found"), [(4, 4, 2), (4, 4, 3), (5, 8, 2)])
def test_no_assignment_of_levels_does_better_than_the_bound(size: int, samples: int, found: int) -> None:
    """The best chance of any lists with a target of level 4 and more, in which all samples and all pairs pass."""
    top = 6
    rows = [
        tuple(levels_of.count(level) for level in range(top + 1))
        for levels_of in itertools.combinations_with_replacement(range(top + 1), size)
    ]

    def unseen(row: Counts) -> float:
        return math.comb(row[0] + samples, samples) / math.comb(size + samples, samples)

    best = 0.0
    for targets in (row for row in rows if sum(row[4:])):
        passing = max(unseen(row) * matchings(targets, row) / math.factorial(size) for row in rows)
        best = max(best, unseen(targets) * passing ** (found - 1))
    assert 0 < best <= 0.25 * size ** -(found - 1)
