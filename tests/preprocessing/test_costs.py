"""The cost lines of the generator, each against the trace of a run: explicit numbers for M61 and M127."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest

from spdz.field import M61, M127, Field
from spdz.params import MascotParams
from spdz.preprocessing.mascot import authenticate as authenticate_module
from spdz.preprocessing.mascot import extend as extend_module
from spdz.preprocessing.mascot import generator as mascot
from spdz.preprocessing.mascot import links, squares_bits, triples, vole_check, vole_extend
from spdz.preprocessing.mascot import masks as shares
from spdz.preprocessing.mascot import multiply as multiply_module
from spdz.preprocessing.mascot.authenticate import Entered, authenticate, check_key_shares
from spdz.preprocessing.mascot.extend import extend, extend_choices
from spdz.preprocessing.mascot.masks import make_input_masks, make_random_shares
from spdz.preprocessing.mascot.multiply import multiply
from spdz.preprocessing.mascot.squares_bits import make_random_bits, make_squares
from spdz.preprocessing.mascot.triples import (
    Candidates,
    MadeCandidates,
    enter_candidates,
    make_candidates,
    make_triples,
    sacrifice,
)
from spdz.preprocessing.mascot.vole_check import _compare, check_trees
from spdz.preprocessing.mascot.vole_extend import make_base, replenish, stretch
from spdz.preprocessing.ot import base as base_ot
from spdz.preprocessing.ot import extension as ot_extension
from spdz.preprocessing.ot import trees as ot_trees
from spdz.preprocessing.ot.base import base_ots
from spdz.preprocessing.ot.trees import grow_trees
from spdz.preprocessing.vole import copee
from spdz.preprocessing.vole import ends as vole
from spdz.preprocessing.vole import single_point as vole_trees
from spdz.preprocessing.vole.code import LpnParams
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Protocol
from spdz.sharing.shares import AuthShare
from tests.support.costs import bytes_per_peer, check_bytes, functions_that_state_rounds, stated_rounds, toss_bytes
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.links import set_up_links
from tests.support.ot import DEPTHS, TreeBase
from tests.support.parties import Run, make_sessions, run
from tests.support.vole import TINY, with_vole

DEPTH = MascotParams().ot_tree_bits
PARTIES = pytest.mark.parametrize("parties", [2, 3])
MODULES = (
    authenticate_module,
    base_ot,
    copee,
    extend_module,
    links,
    mascot,
    multiply_module,
    ot_extension,
    ot_trees,
    shares,
    squares_bits,
    triples,
    vole,
    vole_check,
    vole_extend,
    vole_trees,
)
COVERED = {
    "_compare",
    "authenticate",
    "base_ots",
    "check_key_shares",
    "check_trees",
    "enter_candidates",
    "extend",
    "extend_choices",
    "grow_trees",
    "make_base",
    "make_candidates",
    "make_input_masks",
    "make_random_bits",
    "make_squares",
    "make_triples",
    "multiply",
    "replenish",
    "sacrifice",
    "set_up",
    "stretch",
}


def test_every_function_with_a_cost_line_is_tested_here() -> None:
    # `raw_voles` is counted where it is used: tests/preprocessing/test_pairwise.py.
    assert functions_that_state_rounds(MODULES) - {"raw_voles"} == COVERED


def start(parties: int, field: Field, seed: bytes, protocol: Protocol, depth: int = DEPTH) -> Run:
    """Run `protocol(ctx, links)` after an ideal set-up."""
    sessions = make_sessions(parties, field, seed)
    dealt = ideal_links(sessions, seed, ot_tree_bits=depth)
    return run(sessions, lambda ctx: protocol(ctx, dealt[ctx.party]))  # type: ignore[call-arg]


def added(*costs: Mapping[str, int]) -> dict[str, int]:
    """Costs of several protocols together."""
    total: Counter[str] = Counter()
    for cost in costs:
        total.update(cost)
    return dict(total)


def extend_bytes(
    field: Field, elements: int, parties: int, depth: int = DEPTH, ots: int | None = None
) -> dict[str, int]:
    """Per OT 128 / depth bits of columns, and the check; an element has `ots` of them, or one for each bit."""
    return {
        "ot_extension.columns": 16 * (elements * (ots or field.bits) + 128) // depth,
        **toss_bytes("ot_extension.check", parties),
        "ot_extension.digests": 129 * 16,
    }


def multiply_bytes(field: Field, elements: int, parties: int) -> dict[str, int]:
    """Per OT an extension and one element; OTs are made for whole units of 128 elements."""
    return {
        **extend_bytes(field, -(-elements // 128) * 128, parties),
        "multiply.corrections": elements * field.bits * field.element_bytes,
    }


def authenticate_bytes(field: Field, count: int, parties: int) -> dict[str, int]:
    """(count + 1) k elements, one opened element, and the check."""
    return {
        "copee.corrections": (count + 1) * field.bits * field.element_bytes,
        **toss_bytes("authenticate", parties),
        "authenticate.combination": field.element_bytes,
        **check_bytes("authenticate.check", parties, field.element_bytes),
    }


def sacrifice_bytes(field: Field, count: int, parties: int) -> dict[str, int]:
    """One element per triple, and the check."""
    return {
        **toss_bytes("sacrifice", parties),
        "sacrifice.rho": count * field.element_bytes,
        **check_bytes("sacrifice.check", parties, field.element_bytes),
    }


def triple_bytes(field: Field, count: int, copies: int, parties: int) -> dict[str, int]:
    """b enters apart from the others, so there is one mask more."""
    return added(
        {"copee.corrections": field.bits * field.element_bytes},
        multiply_bytes(field, count * copies, parties),
        toss_bytes("combine", parties),
        authenticate_bytes(field, 5 * count, parties),
        sacrifice_bytes(field, count, parties),
    )


@PARTIES
def test_base_ots(parties: int, seed: bytes) -> None:
    ended = run(make_sessions(parties, M61, seed), lambda ctx: base_ots(ctx, {peer: [0, 1, 1] for peer in ctx.peers}))
    assert ended.rounds == stated_rounds(base_ots) == 2
    assert bytes_per_peer(ended) == {"base_ot.receiver_points": 3 * 64, "base_ot.sender_points": 3 * 32}


@DEPTHS
def test_set_up(depth: int, seed: bytes) -> None:
    ended = run(make_sessions(2, M61, seed), lambda ctx: set_up_links(ctx, MascotParams(ot_tree_bits=depth)))
    assert stated_rounds(links.set_up) == 3
    assert ended.rounds == (2 if depth == 1 else 3)
    trees = 0 if depth == 1 else 4096 + 32 * (128 // depth) + 32
    assert sum(bytes_per_peer(ended).values()) == 96 * (128 + 61) + 16 + trees


@DEPTHS
@PARTIES
def test_extend(parties: int, depth: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: extend(ctx, own, ctx.random(128)), depth)
    assert ended.rounds == stated_rounds(extend) == stated_rounds(extend_choices) == 4
    assert bytes_per_peer(ended) == extend_bytes(M61, 128, parties, depth)


@DEPTHS
def test_trees(depth: int, seed: bytes) -> None:
    base = TreeBase(3, seed)
    ended = run(
        make_sessions(3, M61, seed), lambda ctx: grow_trees(ctx, depth, base.deltas[ctx.party], base.ots[ctx.party])
    )
    assert stated_rounds(grow_trees) == 1
    assert ended.rounds == (0 if depth == 1 else 1)
    assert bytes_per_peer(ended) == ({} if depth == 1 else {"setup.ot_trees": 4096 + 32 * (128 // depth) + 32})


@PARTIES
@pytest.mark.parametrize(("field", "count", "copies"), [(M61, 32, 4), (M61, 1, 1), (M127, 43, 3)], ids=str)
def test_multiply(parties: int, field: Field, count: int, copies: int, seed: bytes) -> None:
    ended = start(
        parties, field, seed, lambda ctx, own: multiply(ctx, own, ctx.random((count, copies)), ctx.random(count))
    )
    assert ended.rounds == stated_rounds(multiply) == 5
    assert bytes_per_peer(ended) == multiply_bytes(field, count * copies, parties)


@PARTIES
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_authenticate(parties: int, field: Field, seed: bytes) -> None:
    everyone = tuple(range(parties))
    ended = start(parties, field, seed, lambda ctx, own: authenticate(ctx, own, 10, everyone, ctx.random(10)))
    assert stated_rounds(authenticate) == 8
    assert ended.rounds == (8 if parties == 2 else 9)
    assert bytes_per_peer(ended) == authenticate_bytes(field, 10, parties)


@PARTIES
def test_check_key_shares(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, check_key_shares)
    assert stated_rounds(check_key_shares) == 9
    assert ended.rounds == (0 if parties == 2 else 9)
    assert bytes_per_peer(ended) == ({} if parties == 2 else authenticate_bytes(M61, 0, parties))


@PARTIES
def test_sacrifice(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    arrays = [dealer.share(values) for values in ([2, 3], [4, 5], [8, 15], [6, 7], [24, 35])]
    ended = run(sessions, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
    assert stated_rounds(sacrifice) == 7
    assert ended.rounds == (7 if parties == 2 else 8)
    assert bytes_per_peer(ended) == sacrifice_bytes(M61, 2, parties)


@PARTIES
@pytest.mark.parametrize(("field", "count", "copies"), [(M61, 32, 4), (M61, 1, 4), (M127, 5, 3)], ids=str)
def test_triples(parties: int, field: Field, count: int, copies: int, seed: bytes) -> None:
    ended = start(parties, field, seed, lambda ctx, own: make_triples(ctx, own, count))
    assert stated_rounds(make_triples) == 23
    assert ended.rounds == (23 if parties == 2 else 25)
    costs = bytes_per_peer(ended)
    assert costs == triple_bytes(field, count, copies, parties)
    big = costs["ot_extension.columns"] + costs["multiply.corrections"] + costs["copee.corrections"]
    if count * copies % 128 == 0:
        element = field.element_bytes
        stated = count * (copies * field.bits * (16 // DEPTH + element) + 5 * field.bits * element)
        assert big - stated == 2048 // DEPTH + 2 * field.bits * element, (
            "the extra rows and the two extra values mask the checks"
        )


@PARTIES
def test_candidates(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_candidates(ctx, own, 3))
    assert ended.rounds == stated_rounds(make_candidates) == 8
    entered = {"copee.corrections": authenticate_bytes(M61, 3, parties)["copee.corrections"]}
    assert bytes_per_peer(ended) == added(multiply_bytes(M61, 12, parties), toss_bytes("combine", parties), entered)


@PARTIES
def test_candidates_on_their_way_through_authentication(parties: int, seed: bytes) -> None:
    async def enter_all(ctx: Context, own: dict[int, links.Link]) -> object:
        candidates = Candidates(*(ctx.random(3) for _ in range(5)))
        entered_b = Entered(AuthShare(candidates.b, candidates.b), ())
        return await enter_candidates(ctx, own, MadeCandidates(candidates, entered_b))

    ended = start(parties, M61, seed, enter_all)
    assert ended.rounds == stated_rounds(enter_candidates) == 1
    whole = authenticate_bytes(M61, 12, parties)
    assert bytes_per_peer(ended) == {"copee.corrections": whole["copee.corrections"]}


@PARTIES
def test_squares(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_squares(ctx, own, 3))
    assert stated_rounds(make_squares) == 5
    assert ended.rounds == (23 + 5 if parties == 2 else 25 + 6)
    opened = {"squares.difference": 3 * 8}
    assert bytes_per_peer(ended) == added(
        triple_bytes(M61, 3, 4, parties), opened, check_bytes("mac_check", parties, 8)
    )


@PARTIES
def test_random_bits(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_random_bits(ctx, own, 3))
    assert stated_rounds(make_random_bits) == 6
    assert ended.rounds == (23 + 6 if parties == 2 else 25 + 7)
    opened = {"squares.difference": 3 * 8, "bits.square": 3 * 8}
    assert bytes_per_peer(ended) == added(
        triple_bytes(M61, 3, 4, parties), opened, check_bytes("mac_check", parties, 8)
    )


@PARTIES
def test_input_masks(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_input_masks(ctx, own, 1, 10))
    assert stated_rounds(make_input_masks) == 8
    assert ended.rounds == (8 if parties == 2 else 9)
    owner = authenticate_bytes(M61, 10, parties)
    assert bytes_per_peer(ended, party=1) == owner
    assert bytes_per_peer(ended, party=0) == {**owner, "copee.corrections": 0}


@PARTIES
def test_random_shares(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_random_shares(ctx, own, 10))
    assert ended.rounds == (8 if parties == 2 else 9)
    assert bytes_per_peer(ended) == authenticate_bytes(M61, 10, parties)


def copee_base_bytes(field: Field, count: int, parties: int) -> dict[str, int]:
    """(count + 1) k elements, and two of a combination."""
    return {
        "copee.corrections": (count + 1) * field.bits * field.element_bytes,
        **toss_bytes("vole.base", parties),
        "vole.base.combination": 2 * field.element_bytes,
    }


def vole_bytes(field: Field, params: LpnParams, parties: int, choosing: bool = True) -> dict[str, int]:
    """OTs for all levels of all trees; 32 bytes for each; the check."""
    ots = params.blocks * params.depth
    element = field.element_bytes
    inputting = {"vole.difference": element, "vole.response": element}
    return added(
        extend_choices_bytes(-(-ots // 128) * 128, parties, choosing),
        {"vole.sums": 32 * ots, "vole.totals": params.blocks * element},
        toss_bytes("vole.check", parties),
        inputting if choosing else dict.fromkeys(inputting, 0),
        {"vole.commit": 32, "vole.open": 32},
    )


def extend_choices_bytes(rows: int, parties: int, choosing: bool = True) -> dict[str, int]:
    column = 16 // MascotParams().ot_tree_bits
    columns = {"ot_extension.columns": column * (rows + 128) if choosing else 0}
    digests = {"ot_extension.digests": 129 * 16 if choosing else 0}
    return {**columns, **toss_bytes("ot_extension.check", parties), **digests}


@PARTIES
def test_extend_choices(parties: int, seed: bytes) -> None:
    """Only those who choose send columns and digests."""
    everyone = tuple(range(parties))
    for choosers in (everyone, (1,)):
        ended = start(
            parties,
            M61,
            seed,
            lambda ctx, own, choosers=choosers: extend_choices(
                ctx, own, choosers, dict.fromkeys(ctx.peers, np.zeros(32, np.uint8)), 256
            ),
        )
        assert ended.rounds == stated_rounds(extend_choices) == 4
        for party in everyone:
            assert bytes_per_peer(ended, party) == extend_choices_bytes(256, parties, party in choosers)


@PARTIES
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_base_voles(parties: int, field: Field, seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    dealt, everyone = with_vole(ideal_links(sessions, seed)), tuple(range(parties))
    ended = run(sessions, lambda ctx: make_base(ctx, dealt[ctx.party], everyone, 7))
    assert ended.rounds == stated_rounds(make_base) == 4
    assert bytes_per_peer(ended) == copee_base_bytes(field, 7, parties)


@PARTIES
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_stretch(parties: int, field: Field, seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    dealt, params = with_vole(ideal_links(sessions, seed)), LpnParams(9, 30, 5)

    async def main(ctx: Context) -> int:
        own = dealt[ctx.party]
        base = await make_base(ctx.child("base"), own, tuple(range(parties)), params.base)
        await stretch(ctx.child("main"), own, tuple(range(parties)), params, "main", base)
        return len(base)

    ended = run(sessions, main)
    assert stated_rounds(stretch) == 11
    assert stated_rounds(check_trees) == 6
    assert stated_rounds(_compare) == 3
    assert ended.rounds == 4 + 11
    assert bytes_per_peer(ended) == added(
        copee_base_bytes(field, params.base, parties), vole_bytes(field, params, parties)
    )


@PARTIES
def test_replenish(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealt, everyone = with_vole(ideal_links(sessions, seed)), tuple(range(parties))
    assert stated_rounds(replenish) == 11
    first = run(sessions, lambda ctx: replenish(ctx, dealt[ctx.party], everyone, 10))
    assert first.rounds == 15 + 11
    start_up = added(copee_base_bytes(M61, TINY.first.base, parties), vole_bytes(M61, TINY.first, parties))
    assert bytes_per_peer(first) == added(start_up, vole_bytes(M61, TINY.main, parties))
    per_extension = TINY.main.samples - TINY.main.base
    assert run(sessions, lambda ctx: replenish(ctx, dealt[ctx.party], everyone, per_extension)).rounds == 0
    again = run(sessions, lambda ctx: replenish(ctx, dealt[ctx.party], (0,), 2 * per_extension + 1))
    assert again.rounds == 2 * 11
    if parties == 2:
        per_run = vole_bytes(M61, TINY.main, parties, choosing=False)
        assert bytes_per_peer(again, 1) == {step: 2 * cost for step, cost in per_run.items()}


@PARTIES
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_authenticate_with_voles_that_are_there(parties: int, field: Field, seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    dealt, everyone = with_vole(ideal_links(sessions, seed)), tuple(range(parties))
    run(sessions, lambda ctx: replenish(ctx, dealt[ctx.party], everyone, 11))
    ended = run(sessions, lambda ctx: authenticate(ctx, dealt[ctx.party], 10, everyone, ctx.random(10)))
    assert ended.rounds == (8 if parties == 2 else 9)
    by_copee = authenticate_bytes(field, 10, parties)
    del by_copee["copee.corrections"]
    assert bytes_per_peer(ended) == {**by_copee, "vole.corrections": 11 * field.element_bytes}


@PARTIES
def test_authenticate_that_needs_voles(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealt, everyone = with_vole(ideal_links(sessions, seed)), tuple(range(parties))
    ended = run(sessions, lambda ctx: authenticate(ctx, dealt[ctx.party], 10, everyone, ctx.random(10)))
    assert ended.rounds == 15 + 11 + (8 if parties == 2 else 9)
