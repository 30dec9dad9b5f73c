"""Inconsistent choice bits in the OT extension: caught, and at what price in bits of Delta (PITFALLS 9, 10)."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import OtConsistencyFailed
from spdz.field import M13, M61, Field
from spdz.preprocessing.mascot.multiply import multiply
from spdz.preprocessing.mascot.triples import make_triples
from spdz.preprocessing.ot.extension import DIGEST_BYTES
from tests.support.dealer import ideal_links
from tests.support.interference import POSITIONS, Tampering, flip_bytes, position, replace_payload
from tests.support.ot import DEPTHS, OtPair
from tests.support.parties import assert_caught, make_sessions, run
from tests.support.statistics import assert_probability

STEP = "ot_extension.columns"


def flip_row(place: int | str, depth: int, receiver: int | None = None) -> Tampering:
    """Party 0 flips a choice bit, byte `place` of a column, in the columns of every other tree.

    Such a flip escapes only if all these bits of Delta, 64 of them, are zero.
    """

    def change(payload: bytes) -> bytes:
        matrix = np.frombuffer(payload, np.uint8).reshape(128 // depth, -1).copy()
        index = {"first": 0, "middle": matrix.shape[1] // 2, "last real": -17, "first mask": -16, "last": -1}
        matrix[::2, index[place] if isinstance(place, str) else place] ^= 0x80
        return matrix.tobytes()

    return replace_payload(STEP, 0, change, receiver=receiver)


@DEPTHS
@pytest.mark.parametrize("place", ["first", "middle", "last real", "first mask", "last"])
@pytest.mark.parametrize(("field", "count"), [(M61, 1), (M61, 127), (M61, 128), (M61, 129), (M13, 129)], ids=str)
def test_one_row_with_different_bits_in_different_columns(
    field: Field, count: int, place: str, depth: int, seed: bytes
) -> None:
    """At counts of OTs that fill their last unit and that do not: the last byte of a column is covered too."""
    sessions = make_sessions(2, field, seed)
    links = ideal_links(sessions, seed, ot_tree_bits=depth)
    cheat = flip_row(place, depth)
    ended = run(sessions, lambda ctx: multiply(ctx, links[ctx.party], ctx.random((count, 1)), ctx.random(count)), cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0, blamed=0)


@DEPTHS
def test_towards_one_of_two_peers(depth: int, seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed, ot_tree_bits=depth)
    cheat = flip_row("middle", depth, receiver=2)
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), cheat)
    cheat.assert_fired()
    assert type(ended.outcomes[2].error) is OtConsistencyFailed
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0)


@DEPTHS
@pytest.mark.parametrize("place", POSITIONS)
def test_a_changed_digest(place: str, depth: int, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed, ot_tree_bits=depth)
    cheat = flip_bytes("ot_extension.digests", 0, [place])
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0, blamed=0)


@DEPTHS
def test_in_a_later_batch(depth: int, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed, ot_tree_bits=depth)
    cheat = flip_row("last", depth)
    honest = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1))
    assert len(honest.results) == 2
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), cheat)
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0, blamed=0)


@DEPTHS
@pytest.mark.parametrize("place", POSITIONS)
def test_another_choice_bit_in_a_single_tree(place: str, depth: int, seed: bytes) -> None:
    """The first, the middle and the last tree: found exactly if one of its bits of Delta is not zero."""
    found = set()
    for turn in range(24 // depth):
        pair = OtPair(bytes([turn]) + seed[1:], depth)
        tree = position(place, 128 // depth)
        passed = survives(pair, [tree], [0] * depth, choice_byte=turn % 32)
        assert passed == (not any(pair.delta[tree * depth : (tree + 1) * depth]))
        found.add(not passed)
    assert True in found


@DEPTHS
@pytest.mark.parametrize("place", POSITIONS)
def test_a_digest_that_fits_part_of_a_tree_only(place: str, depth: int, seed: bytes) -> None:
    """All bits of a tree enter: a digest that is right for all its columns but one is found."""
    pair = OtPair(seed, depth)
    tree = position(place, 128 // depth)
    for wrong in range(depth):
        guesses = pair.delta[tree * depth : (tree + 1) * depth]
        assert survives(pair, [tree], guesses)
        guesses[wrong] ^= 1
        assert not survives(pair, [tree], guesses)


def survives(pair: OtPair, trees: list[int], guesses: list[int], choice_byte: int = 5) -> bool:
    """Flip a choice bit in the columns of `trees`, and send digests that fit if Delta is `guesses` there.

    `guesses` holds all bits of the first tree, then those of the next. Returns whether the check passes.
    """
    row = np.zeros(32, np.uint8)
    row[choice_byte] = 1
    choices = np.zeros(16, np.uint8)
    message, received = pair.receiver.extend(choices, pair.randomness)
    message[trees] ^= row
    sent = pair.sender.extend(memoryview(message.tobytes()), 128)
    key = pair.randomness.bytes(16)
    error = UniversalHash(key, 32).digest(memoryview(row))
    digests = bytearray(received.digests(key))
    columns = [tree * pair.depth + bit for tree in trees for bit in range(pair.depth)]
    for column, guess in zip(columns, guesses, strict=True):
        for place in range(DIGEST_BYTES):
            digests[column * DIGEST_BYTES + place] ^= guess * error[place]
    try:
        sent.check(key, memoryview(digests), peer=0)
    except OtConsistencyFailed:
        return False
    finally:
        sent.finish()
        received.finish()
    return True


@pytest.mark.parametrize(("depth", "trees"), [(1, 1), (1, 2), (1, 3), (1, 5), (2, 1), (2, 2), (4, 1)])
def test_guessing_bits_of_delta_halves_the_chances_with_each_bit(depth: int, trees: int, seed: bytes) -> None:
    """The leakage that the proof allows, and no more: j trees of k bits survive with probability 2^-(j k)."""
    trials, bits = 600, trees * depth
    pair = OtPair(seed, depth)
    survived = 0
    for _ in range(trials):
        noise = pair.randomness.bytes(1 + bits)
        chosen = [(noise[0] + 7 * step) % (128 // depth) for step in range(trees)]
        guesses = [byte & 1 for byte in noise[1:]]
        passed = survives(pair, chosen, guesses)
        right = [pair.delta[tree * depth + bit] for tree in chosen for bit in range(depth)]
        assert passed == (guesses == right)
        survived += passed
    assert_probability(survived, trials, 2.0**-bits)
