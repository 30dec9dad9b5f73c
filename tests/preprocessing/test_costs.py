"""The cost lines of the generator, each against the trace of a run: explicit numbers for M61 and M127."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from spdz.field import M61, M127, Field
from spdz.preprocessing import (
    authenticate as authenticate_module,
)
from spdz.preprocessing import (
    base_ot,
    copee,
    links,
    mascot,
    ot_extension,
    shares,
    squares_bits,
    triples,
)
from spdz.preprocessing import (
    extend as extend_module,
)
from spdz.preprocessing import (
    multiply as multiply_module,
)
from spdz.preprocessing.authenticate import authenticate, check_key_shares
from spdz.preprocessing.base_ot import base_ots
from spdz.preprocessing.extend import extend
from spdz.preprocessing.multiply import multiply
from spdz.preprocessing.shares import make_input_masks, make_random_shares
from spdz.preprocessing.squares_bits import make_random_bits, make_squares
from spdz.preprocessing.triples import make_triples, sacrifice
from spdz.runtime.lockstep import Protocol
from tests.support.costs import bytes_per_peer, check_bytes, functions_that_state_rounds, stated_rounds, toss_bytes
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.parties import Run, make_sessions, run

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
    shares,
    squares_bits,
    triples,
)
COVERED = {
    "authenticate",
    "base_ots",
    "check_key_shares",
    "extend",
    "make_input_masks",
    "make_random_bits",
    "make_squares",
    "make_triples",
    "multiply",
    "sacrifice",
    "set_up",
}


def test_every_function_with_a_cost_line_is_tested_here() -> None:
    assert functions_that_state_rounds(MODULES) == COVERED


def start(parties: int, field: Field, seed: bytes, protocol: Protocol) -> Run:
    """Run `protocol(ctx, links)` after an ideal set-up."""
    sessions = make_sessions(parties, field, seed)
    dealt = ideal_links(sessions, seed)
    return run(sessions, lambda ctx: protocol(ctx, dealt[ctx.party]))  # type: ignore[call-arg]


def added(*costs: Mapping[str, int]) -> dict[str, int]:
    """Costs of several protocols together."""
    total: Counter[str] = Counter()
    for cost in costs:
        total.update(cost)
    return dict(total)


def extend_bytes(field: Field, elements: int, parties: int) -> dict[str, int]:
    """Per OT 16 bytes of columns, and the check."""
    return {
        "ot_extension.columns": 16 * (elements * field.bits + 128),
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
    return added(
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


def test_set_up(seed: bytes) -> None:
    ended = run(make_sessions(2, M61, seed), links.set_up)
    assert ended.rounds == stated_rounds(links.set_up) == 2
    assert sum(bytes_per_peer(ended).values()) == 96 * (128 + 61) + 16


@PARTIES
def test_extend(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: extend(ctx, own, ctx.random(128)))
    assert ended.rounds == stated_rounds(extend) == 4
    assert bytes_per_peer(ended) == extend_bytes(M61, 128, parties)


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
    assert stated_rounds(make_triples) == 22
    assert ended.rounds == (22 if parties == 2 else 24)
    costs = bytes_per_peer(ended)
    assert costs == triple_bytes(field, count, copies, parties)
    big = costs["ot_extension.columns"] + costs["multiply.corrections"] + costs["copee.corrections"]
    if count * copies % 128 == 0:
        element = field.element_bytes
        stated = count * (copies * field.bits * (16 + element) + 5 * field.bits * element)
        assert big - stated == 2048 + field.bits * element, "the extra rows and the extra value mask the checks"


@PARTIES
def test_squares(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_squares(ctx, own, 3))
    assert stated_rounds(make_squares) == 5
    assert ended.rounds == (22 + 5 if parties == 2 else 24 + 6)
    opened = {"squares.difference": 3 * 8}
    assert bytes_per_peer(ended) == added(
        triple_bytes(M61, 3, 4, parties), opened, check_bytes("mac_check", parties, 8)
    )


@PARTIES
def test_random_bits(parties: int, seed: bytes) -> None:
    ended = start(parties, M61, seed, lambda ctx, own: make_random_bits(ctx, own, 3))
    assert stated_rounds(make_random_bits) == 6
    assert ended.rounds == (22 + 6 if parties == 2 else 24 + 7)
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
