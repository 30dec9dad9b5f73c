"""Truncation pairs: what is made, what is accepted, every cheat with its error, and the order of tosses."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.errors import AuthenticationFailed, MacCheckFailed, TruncationCheckFailed
from spdz.field import M7, M61, M127, Field, FieldArray
from spdz.params import SecurityParams
from spdz.preprocessing.bits.links import BIT_PLAN, BitPlan
from spdz.preprocessing.mascot import truncation_pairs as module
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.pairwise import enter_apart
from spdz.preprocessing.mascot.truncation_pairs import (
    MAX_LISTS,
    Lists,
    accepted,
    lists_for,
    make_truncation_pairs,
    matched,
)
from spdz.protocols.coin_toss import Coins
from spdz.protocols.opening import open_apart
from spdz.runtime.context import Context
from spdz.sharing.material import truncation_bits, truncation_pairs
from tests.support.costs import bytes_per_peer, check_bytes, stated_rounds, toss_bytes
from tests.support.dealer import ideal_links, reconstruct_batches
from tests.support.interference import add_to_element
from tests.support.parties import Run, assert_caught, make_sessions, rounds_of, run
from tests.support.vole import AUTHENTICATIONS, links_for

PARTIES = pytest.mark.parametrize("parties", [2, 3])
F, KEPT, FEW, LISTS, CHEATER = 16, 4, 3, 3, 1
SIZE = BitPlan(samples=FEW)


@pytest.fixture
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pairs are kept, of three lists with three samples each: safe against nobody, quick to look at."""
    monkeypatch.setattr(module, "lists_for", lambda count, statistical_bits: Lists(KEPT, LISTS))


def make(
    parties: int,
    field: Field,
    seed: bytes,
    interference: object = None,
    authentication: str = "copee",
    size: BitPlan = SIZE,
) -> Run:
    sessions = make_sessions(parties, field, seed)
    links = links_for(authentication, sessions, seed)
    kind = truncation_pairs(F)
    return run(sessions, lambda ctx: make_truncation_pairs(ctx, links[ctx.party], kind, 3, size), interference)  # type: ignore[arg-type]


def assert_pairs(ended: Run, count: int) -> None:
    parties, field = len(ended.sessions), ended.sessions[0].field
    mask, low = (array.to_ints() for array in reconstruct_batches(ended.sessions, ended.results))
    assert len(mask) == len(low) == count
    assert len(set(mask)) == count
    for number, part in zip(mask, low, strict=True):
        assert number < parties << truncation_bits(field, parties)
        assert part < parties << F
        assert (number - part) % (1 << F) == 0


@PARTIES
@AUTHENTICATIONS
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_sums_of_private_masks_and_of_their_low_parts(
    field: Field, authentication: str, parties: int, short_lists: None, seed: bytes
) -> None:
    assert_pairs(make(parties, field, seed, authentication=authentication), KEPT)


def test_at_the_size_that_is_safe_more_are_made_than_were_asked_for(seed: bytes) -> None:
    ended = make(2, M61, seed, size=BIT_PLAN)
    assert_pairs(ended, 512)
    assert ended.rounds == stated_rounds(make_truncation_pairs) == 30
    entered, carried, size = 2 * 8 * (512 + 128), 7 * 512, M61.element_bytes
    checks = [toss_bytes("authenticate", 2), check_bytes("authenticate.check", 2, size)]
    expected: dict[str, int] = {}
    for cost in (*checks, *checks, check_bytes("mac_check", 2, size), toss_bytes("vole.base", 2)):
        for step, count in cost.items():
            expected[step] = expected.get(step, 0) + count
    expected |= {
        "copee.corrections": (entered + 1 + carried + 1 + 2) * 61 * size,
        "authenticate.combination": 2 * size,
        **toss_bytes("truncation.matching", 2),
        **toss_bytes("truncation.carries", 2),
        "vole.base.combination": 2 * size,
        "truncation.carries.answer": 2 * size,
        "truncation.samples": 2 * 8 * 128 * size,
        "truncation.sums": 2 * 7 * 512 * size,
    }
    assert bytes_per_peer(ended) == expected


def test_the_generator_makes_them(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    makers, kind, seen = [MascotPreprocessing() for _ in sessions], truncation_pairs(F), []
    makers[0]._progress = lambda kind, done, total: seen.append((done, total))

    async def main(ctx: Context) -> int:
        maker = makers[ctx.party]
        assert maker.supports(kind)
        await maker.set_up(ctx.child("set_up"))
        await maker.produce(ctx.child("first"), {kind: 10})
        # What was made beyond the demand is there.
        await maker.produce(ctx.child("second"), {kind: 512})
        return maker.store.take(kind, 512).count

    assert run(sessions, main).results == [512, 512]
    assert seen == [(10, 10)]


@pytest.mark.parametrize("statistical_bits", [40, 60, 80, 128])
@pytest.mark.parametrize("count", [1, 100, 511, 512, 513, 1 << 10, 20000, 1 << 15])
def test_lists_are_as_many_as_the_batch_needs(count: int, statistical_bits: int) -> None:
    """Not as many as the request would need, and never more than `distance` reckons with."""
    kept, lists, _ = lists_for(count, statistical_bits)
    assert kept >= count
    assert 2 <= lists <= MAX_LISTS
    assert kept ** (lists - 1) >= 2**statistical_bits
    assert lists == 2 or kept ** (lists - 2) < 2**statistical_bits
    if kept > count:
        assert count ** (MAX_LISTS - 1) < 2**statistical_bits


def test_known_sizes() -> None:
    assert lists_for(1, 60) == Lists(512, 8)
    assert lists_for(1 << 10, 60) == Lists(1 << 10, 7)
    assert lists_for(1 << 15, 60) == Lists(1 << 15, 5)
    assert lists_for(1 << 20, 60) == Lists(1 << 20, 4)
    assert SecurityParams().statistical_bits == 60
    assert BIT_PLAN.samples == 128


def test_samples_and_matching_are_a_permutation_of_each_list(seed: bytes) -> None:
    [session, _] = make_sessions(2, M61, seed)
    samples, matching = matched(Coins(Context(session), seed), Lists(50, 3))
    whole = np.concatenate([samples, matching], axis=1)
    assert samples.shape == (3, BIT_PLAN.samples)
    assert (np.sort(whole, axis=1) == np.arange(50 + BIT_PLAN.samples)).all()
    assert not (whole[0] == whole[1]).all()
    again = matched(Coins(Context(session), bytes(32)), Lists(50, 3))
    assert not (again[1] == matching).all()


# -- what is accepted -------------------------------------------------------------------------------------------------


def signed(field: Field, value: int) -> int:
    return value - field.modulus if value > field.modulus // 2 else value


def test_in_a_toy_field_an_exact_sacrifice_lets_pass_only_pairs_near_the_range() -> None:
    """M7, f = 2, rho = 4: every R, every lo, every honest sacrifice, both kappa."""
    field, f, rho = M7, 2, 4
    p, passing = field.modulus, set()
    grid = np.array(list(itertools.product(range(p), range(p))))
    for s in range(1 << rho):
        for kappa in (0, 1):
            total = (grid + np.array([s, s % 4 - 4 * kappa])) % p
            ok = accepted(field.array(total), rho + 1, f)
            passing |= {tuple(pair) for pair in grid[ok].tolist()}
    found = {(signed(field, mask), signed(field, low)) for mask, low in passing}
    assert {mask for mask, _ in found} == set(range(-(1 << rho) + 1, 1 << rho + 1))
    assert {low for _, low in found} == set(range(-(1 << f) + 1, 1 << f + 1))
    assert all((mask - low) % (1 << f) == 0 for mask, low in found)


def test_in_a_toy_field_levels_of_a_chain_are_as_the_bound_needs() -> None:
    """R outside of (-3, 4) 2^rho needs sacrifices outside of the range that honest or nearly honest pairs accept."""
    field, rho = M7, 3
    half, unit = field.modulus // 2, 1 << 3
    numbers = range(-half, half + 1)
    partners = {r: {s for s in numbers if (r + s) % field.modulus < 2 * unit} for r in numbers}
    canonical = set(range(unit))
    near = set().union(*(partners[r] for r in canonical))
    assert near == set(range(-unit + 1, 2 * unit))
    second = set().union(*(partners[r] for r in near))
    assert second == set(range(-2 * unit + 1, 3 * unit - 1))
    for r in numbers:
        if not -3 * unit < r < 4 * unit:
            # All its partners lie outside of what pairs near the range accept.
            assert not partners[r] & second, (r, rho)


# -- cheats -----------------------------------------------------------------------------------------------------------


def identity(coins: Coins, plan: Lists) -> tuple[Any, Any]:
    order = np.tile(np.arange(FEW + KEPT), (plan.lists, 1))
    return order[:, :FEW], order[:, FEW:]


Change = Callable[[FieldArray, int], None]


def cheat_in_pairs(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    honest = module.draw_pairs

    def draw(ctx: Context, rho: int, f: int, plan: Lists) -> FieldArray:
        pairs = honest(ctx, rho, f, plan)
        if ctx.party == CHEATER:
            change(pairs, rho)
        return pairs

    monkeypatch.setattr(module, "draw_pairs", draw)


def cheat_in_carries(monkeypatch: pytest.MonkeyPatch, change: Callable[[FieldArray], FieldArray]) -> None:
    honest = module.carries

    def carries(ctx: Context, *arguments: Any) -> FieldArray:
        kappa = honest(ctx, *arguments)
        return change(kappa) if ctx.party == CHEATER else kappa

    monkeypatch.setattr(module, "carries", carries)


def add(place: tuple[int, ...], mask: int, low: int) -> Change:
    """To R and lo of one pair, or of a list; masks in units of 2^rho, or single ones if they are negative powers."""

    def change(pairs: FieldArray, rho: int) -> None:
        target = pairs[place]
        scale = 1 << rho if abs(mask) >= 1 else 1
        target[..., 0] = target[..., 0] + mask * scale
        target[..., 1] = target[..., 1] + low

    return change


TARGET, SAMPLE, SACRIFICE = (0, FEW + 1), (0, FEW - 1), (2, FEW)
PAIR_CHEATS: dict[str, tuple[Change, str]] = {
    "R of a target too large": (add(TARGET, 2, 0), "truncation.sums"),
    "R of a target far too large": (add(TARGET, 7, 0), "truncation.sums"),
    "R of a target negative": (add(TARGET, -2, 0), "truncation.sums"),
    "lo of a target off by 2^f": (add(TARGET, 0, 3 << F), "truncation.carries.answer"),
    "lo of a target off by -2^f": (add(TARGET, 0, -(2 << F)), "truncation.carries.answer"),
    "lo of a target is another one": (add(TARGET, 0, 1), "truncation.sums"),
    "R of a sacrifice too large": (add(SACRIFICE, 2, 0), "truncation.sums"),
    "lo of a sacrifice is another one": (add(SACRIFICE, 0, -1), "truncation.sums"),
    "R of a sample out of range by one unit": (add(SAMPLE, 1, 0), "truncation.samples"),
    "R of a sample negative": (add(SAMPLE, -1, 0), "truncation.samples"),
    "lo of a sample off by 2^f": (add(SAMPLE, 0, 1 << F), "truncation.samples"),
    "lo of a sample is another one": (add(SAMPLE, 0, 1), "truncation.samples"),
    "all targets": (add((0,), 3, 0), "truncation.samples"),
    "all sacrifices": (add((1,), 0, 2 << F), "truncation.carries.answer"),
}


@PARTIES
@pytest.mark.parametrize("name", PAIR_CHEATS)
def test_pairs_out_of_range_or_with_other_low_parts(
    name: str, parties: int, short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, step = PAIR_CHEATS[name]
    monkeypatch.setattr(module, "matched", identity)
    cheat_in_pairs(monkeypatch, change)
    ended = make(parties, M127, seed)
    assert_caught(ended, TruncationCheckFailed, step, cheater=CHEATER, everyone_sees=True, blamed=CHEATER)
    # A proof is the verifier's own affair; blame for what was opened comes after its check.
    checks = 0 if step == "truncation.carries.answer" else 1
    for party in set(range(parties)) - {CHEATER}:
        assert ended.outcomes[party].trace.steps["mac_check.sigma.open"].exchanges == checks


def test_a_bad_pair_that_meets_bad_sacrifices_everywhere_passes(
    short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So who is matched with whom must be known to nobody when pairs are entered; it passes within the tolerance."""
    monkeypatch.setattr(module, "matched", identity)

    def change(pairs: FieldArray, rho: int) -> None:
        for number in range(LISTS):
            add((number, FEW), -3 if number else 3, 0)(pairs, rho)

    cheat_in_pairs(monkeypatch, change)
    ended = make(2, M127, seed)
    mask, _ = reconstruct_batches(ended.sessions, ended.results)
    assert mask.to_ints()[0] >= 3 << truncation_bits(M127, 2)


def test_with_the_real_matching_it_does_not(short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(pairs: FieldArray, rho: int) -> None:
        for number in range(LISTS):
            add((number, FEW), -3 if number else 3, 0)(pairs, rho)

    cheat_in_pairs(monkeypatch, change)
    caught = sum(
        isinstance(make(2, M127, bytes([turn]) + seed[1:]).outcomes[0].error, TruncationCheckFailed)
        for turn in range(10)
    )
    # It passes with less than 4^-2.
    assert caught >= 7


CARRY_CHEATS: dict[str, tuple[Callable[[FieldArray], FieldArray], str]] = {
    "no bit": (lambda kappa: kappa + kappa.field.array([2, *[0] * (kappa.size - 1)]), "truncation.carries.answer"),
    "no bit in the last": (
        lambda kappa: kappa - kappa.field.array([*[0] * (kappa.size - 1), 2]),
        "truncation.carries.answer",
    ),
    "the other bit": (lambda kappa: 1 - kappa, "truncation.sums"),
}


@PARTIES
@pytest.mark.parametrize("name", CARRY_CHEATS)
def test_wrong_carries(
    name: str, parties: int, short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, step = CARRY_CHEATS[name]
    cheat_in_carries(monkeypatch, change)
    ended = make(parties, M127, seed)
    assert_caught(ended, TruncationCheckFailed, step, cheater=CHEATER, blamed=CHEATER)


@PARTIES
def test_a_carry_that_is_no_bit_would_hide_a_low_part_far_out_of_range(
    parties: int, short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof is what finds it: samples and sums are in order."""
    monkeypatch.setattr(module, "matched", identity)
    cheat_in_pairs(monkeypatch, add(TARGET, 0, 5 << F))

    def change(kappa: FieldArray) -> FieldArray:
        shaped = kappa.reshape(LISTS - 1, KEPT)
        places = M127.array([[0, 5, 0, 0]] * (LISTS - 1))
        # Honest carries of the shifted target are off by 2^-f times it already.
        return (shaped - shaped * places.is_zero().astype(np.uint64).sum() * 0 + places * 0).ravel()

    cheat_in_carries(monkeypatch, change)
    ended = make(parties, M127, seed)
    assert_caught(ended, TruncationCheckFailed, "truncation.carries.answer", cheater=CHEATER, blamed=CHEATER)


@PARTIES
@pytest.mark.parametrize("step", ["truncation.samples", "truncation.sums"])
@pytest.mark.parametrize("index", [0, 5])
def test_an_opening_that_does_not_fit_blames_nobody(
    index: int, step: str, parties: int, short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner may say what it likes, in range or not: the MAC check comes first."""

    async def cheating(ctx: Context, declared: Any, own: FieldArray, macs: Any) -> Any:
        if ctx.party == CHEATER and declared.name == step:
            flat = own.ravel().copy()
            flat[index] = flat[index] + (1 << 126)
            own = flat.reshape(*own.shape)
        return await open_apart(ctx, declared, own, macs)

    monkeypatch.setattr(module, "open_apart", cheating)
    ended = make(parties, M127, seed)
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True, blamed=None)


@pytest.mark.parametrize("call", [0, 1])
def test_other_values_towards_one_party(call: int, short_lists: None, seed: bytes) -> None:
    """R, or kappa."""
    whole = {0: 2 * LISTS * (FEW + KEPT) + 1, 1: (LISTS - 1) * KEPT + 1}[call]
    rows = [row * whole for row in range(127)]
    cheat = add_to_element("copee.corrections", CHEATER, M127, index=rows, receiver=2, skip=call)
    ended = make(3, M127, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "authenticate.check.sigma.open", cheater=CHEATER)


@PARTIES
@pytest.mark.parametrize("index", ["first", "last"])
def test_a_changed_answer_of_the_proof(index: str, parties: int, short_lists: None, seed: bytes) -> None:
    cheat = add_to_element("truncation.carries.answer", CHEATER, M127, index=index)
    ended = make(parties, M127, seed, cheat)
    assert_caught(ended, TruncationCheckFailed, "truncation.carries.answer", cheater=CHEATER, blamed=CHEATER)


# -- order ------------------------------------------------------------------------------------------------------------


@PARTIES
@AUTHENTICATIONS
def test_tosses_come_after_what_they_challenge(
    authentication: str, parties: int, short_lists: None, seed: bytes
) -> None:
    trace = make(parties, M61, seed, authentication=authentication).trace
    step = "copee.corrections" if authentication == "copee" else "vole.corrections"
    of_pairs, of_carries = [rounds_of(trace, step)[i] for i in (0, 1)]
    checks = rounds_of(trace, "authenticate.check.sigma.open")
    chi = rounds_of(trace, "authenticate.coins.commit")
    [matching], [known] = (rounds_of(trace, f"truncation.matching.coins.{part}") for part in ("commit", "open"))
    [proof], [challenged] = (rounds_of(trace, f"truncation.carries.coins.{part}") for part in ("commit", "open"))
    [answer] = rounds_of(trace, "truncation.carries.answer")
    [samples], [sums] = rounds_of(trace, "truncation.samples"), rounds_of(trace, "truncation.sums")
    [last] = rounds_of(trace, "mac_check.coins.commit")
    assert of_pairs < chi[0] < checks[0] < matching < known < of_carries < chi[1] < checks[1] < proof
    assert proof < challenged < answer < samples == sums < last


def test_pairs_are_entered_whole_before_their_places_are_known(
    short_lists: None, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In as many parts as it takes."""
    monkeypatch.setattr("spdz.preprocessing.mascot.pairwise.VALUES_AT_ONCE", 10)
    trace = make(2, M61, seed).trace
    entered, [matching] = rounds_of(trace, "copee.corrections"), rounds_of(trace, "truncation.matching.coins.commit")
    parts = -(-(2 * LISTS * (FEW + KEPT) + 1) // 10)
    assert max(entered[:parts]) < matching < min(entered[parts:])


def test_ideal_links_are_used_up_in_step(short_lists: None, seed: bytes) -> None:
    """Two batches, then something else: both ends of every stream stay together."""
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> list[Any]:
        own = links[ctx.party]
        batches = [await make_truncation_pairs(ctx.child("b"), own, truncation_pairs(F), 3, SIZE) for _ in range(2)]
        await enter_apart(ctx.child("after"), own, 2, (0, 1, 2), ctx.random(2))
        return batches

    results = run(sessions, main).results
    for number in range(2):
        mask, _ = reconstruct_batches(sessions, [result[number] for result in results])
        assert all(value < 3 << truncation_bits(M61, 3) for value in mask.to_ints())
