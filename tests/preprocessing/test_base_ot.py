"""Base OT: the receiver gets the chosen key of each pair, and no two keys are ever equal."""

from __future__ import annotations

import itertools

import pytest

from spdz.crypto import group
from spdz.field import M61
from spdz.preprocessing.bits.links import BIT_OTS
from spdz.preprocessing.ot import base as base_ot
from spdz.preprocessing.ot.base import BaseOts, Place, base_ots
from spdz.preprocessing.ot.instance import FIELD_OTS
from spdz.runtime.context import Context
from tests.support.parties import make_sessions, run

CHOICES = [0, 1, 1, 0, 1]


def choices(party: int, peer: int) -> list[int]:
    """Choice bits that differ from pair to pair."""
    return [bit ^ (party > peer) for bit in CHOICES]


async def main(ctx: Context) -> dict[int, BaseOts]:
    return await base_ots(ctx, {peer: choices(ctx.party, peer) for peer in ctx.peers})


@pytest.mark.parametrize("parties", [2, 3])
def test_the_receiver_gets_the_chosen_key_and_not_the_other(parties: int, seed: bytes) -> None:
    results = run(make_sessions(parties, M61, seed), main).results
    for receiver, sender in itertools.permutations(range(parties), 2):
        chosen, pairs = results[receiver][sender].chosen, results[sender][receiver].pairs
        for bit, key, pair in zip(choices(receiver, sender), chosen, pairs, strict=True):
            assert len(key) == 16
            assert key == pair[bit]
            assert key != pair[1 - bit]


def test_all_keys_of_all_pairs_are_different(seed: bytes) -> None:
    results = run(make_sessions(3, M61, seed), main).results
    keys = [key for result in results for ots in result.values() for pair in ots.pairs for key in pair]
    assert len(set(keys)) == len(keys) == 3 * 2 * len(CHOICES) * 2


def test_equal_points_and_scalars_at_two_indices_still_give_different_keys(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PITFALLS 11: the index and the session are in the hash."""
    (_, sender) = make_sessions(2, M61, seed)
    scalar = group.random_scalar(sender.randomness)
    points = [group.base_multiply(group.random_scalar(sender.randomness)) for _ in range(2)]
    monkeypatch.setattr(base_ot.group, "random_scalar", lambda randomness: scalar)
    keys = [
        key for index in range(3) for key in base_ot._answer(Context(sender), Place(FIELD_OTS, 0, 1, index), *points)[1]
    ]
    sender.session_id = b"another session"
    keys += base_ot._answer(Context(sender), Place(FIELD_OTS, 0, 1, 0), *points)[1]
    assert len(set(keys)) == 8


_PLACES = ((0, 1, 5, 0), (2, 1, 5, 0), (0, 2, 5, 0), (0, 1, 6, 0), (0, 1, 5, 1))


def test_everything_that_says_where_an_ot_belongs_is_in_the_hash_and_in_the_key(seed: bytes) -> None:
    """Either alone would do; PITFALLS 11 is about leaving something out of both."""
    (session, _) = make_sessions(2, M61, seed)
    ctx = Context(session)
    places = [(Place(FIELD_OTS, *ends), slot) for *ends, slot in _PLACES] + [(Place(BIT_OTS, 0, 1, 5), 0)]
    hashes = [base_ot._hash(ctx, *place, b"other") for place in places] + [base_ot._hash(ctx, *places[0], b"another")]
    keys = [base_ot._key(ctx, *place, (b"r0", b"r1"), b"B", b"shared") for place in places]
    for points, own, shared in (((b"r2", b"r1"), b"B", b"shared"), ((b"r0", b"r2"), b"B", b"shared")):
        keys.append(base_ot._key(ctx, *places[0], points, own, shared))
    keys.append(base_ot._key(ctx, *places[0], (b"r0", b"r1"), b"C", b"shared"))
    keys.append(base_ot._key(ctx, *places[0], (b"r0", b"r1"), b"B", b"another"))
    session.session_id = b"another session"
    hashes.append(base_ot._hash(ctx, *places[0], b"other"))
    keys.append(base_ot._key(ctx, *places[0], (b"r0", b"r1"), b"B", b"shared"))
    assert len(set(hashes)) == len(hashes) == 8
    assert len(set(keys)) == len(keys) == 11


def test_the_points_on_the_wire_do_not_show_the_choice(seed: bytes) -> None:
    """Both points are valid and fresh, whatever the bit: nothing repeats between the slots of equal choices."""
    (session, _) = make_sessions(2, M61, seed)
    places = [Place(FIELD_OTS, 0, 1, index) for index in range(4)]
    requests = [base_ot._request(Context(session), place, bit) for place in places for bit in (0, 1)]
    points = [point for request in requests for point in request.points]
    assert len(set(points)) == len(points)
    assert all(group.validate(point) for point in points)
