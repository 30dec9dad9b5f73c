"""Inconsistent choice bits in the OT extension: caught, and at what price in bits of Delta (PITFALLS 9, 10)."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import OtConsistencyFailed
from spdz.field import M13, M61, Field
from spdz.preprocessing.multiply import multiply
from spdz.preprocessing.ot_extension import DIGEST_BYTES
from spdz.preprocessing.triples import make_triples
from tests.support.dealer import ideal_links
from tests.support.interference import POSITIONS, Tampering, flip_bytes, replace_payload
from tests.support.ot import OtPair
from tests.support.parties import assert_caught, make_sessions, run
from tests.support.statistics import assert_probability

STEP = "ot_extension.columns"
HALF = range(0, 128, 2)
"""Every other column: such a flip escapes only if all these 64 bits of Delta are zero."""


def flip_row(place: int | str, columns: range = HALF, receiver: int | None = None) -> Tampering:
    """Party 0 flips a choice bit, byte `place` of a column, in some of the columns."""

    def change(payload: bytes) -> bytes:
        matrix = np.frombuffer(payload, np.uint8).reshape(128, -1).copy()
        index = {"first": 0, "middle": matrix.shape[1] // 2, "last real": -17, "first mask": -16, "last": -1}
        matrix[columns, index[place] if isinstance(place, str) else place] ^= 0x80
        return matrix.tobytes()

    return replace_payload(STEP, 0, change, receiver=receiver)


@pytest.mark.parametrize("place", ["first", "middle", "last real", "first mask", "last"])
@pytest.mark.parametrize(("field", "count"), [(M61, 1), (M61, 127), (M61, 128), (M61, 129), (M13, 129)], ids=str)
def test_one_row_with_different_bits_in_different_columns(field: Field, count: int, place: str, seed: bytes) -> None:
    """At counts of OTs that fill their last unit and that do not: the last byte of a column is covered too."""
    sessions = make_sessions(2, field, seed)
    links = ideal_links(sessions, seed)
    cheat = flip_row(place)
    ended = run(sessions, lambda ctx: multiply(ctx, links[ctx.party], ctx.random((count, 1)), ctx.random(count)), cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0, blamed=0)


def test_towards_one_of_two_peers(seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed)
    cheat = flip_row("middle", receiver=2)
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), cheat)
    cheat.assert_fired()
    assert type(ended.outcomes[2].error) is OtConsistencyFailed
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0)


@pytest.mark.parametrize("place", POSITIONS)
def test_a_changed_digest(place: str, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)
    cheat = flip_bytes("ot_extension.digests", 0, [place])
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0, blamed=0)


def test_in_a_later_batch(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)
    cheat = flip_row("last")
    honest = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1))
    assert len(honest.results) == 2
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), cheat)
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0, blamed=0)


def survives(pair: OtPair, columns: list[int], guesses: list[int]) -> bool:
    """Flip one row in `columns`, and send digests that fit if Delta is `guesses` there; whether the check passes."""
    row = np.zeros(32, np.uint8)
    row[5] = 1
    choices = np.zeros(16, np.uint8)
    message = pair.receiver.extend(choices, pair.randomness)
    message[columns] ^= row
    pair.sender.receive_columns(memoryview(message.tobytes()), 128)
    key = pair.randomness.bytes(16)
    error = UniversalHash(key, 32).digest(memoryview(row))
    digests = bytearray(pair.receiver.digests(key))
    for column, guess in zip(columns, guesses, strict=True):
        for place in range(DIGEST_BYTES):
            digests[column * DIGEST_BYTES + place] ^= guess * error[place]
    try:
        pair.sender.check(key, memoryview(digests), peer=0)
    except OtConsistencyFailed:
        return False
    finally:
        pair.sender.finish()
        pair.receiver.finish()
    return True


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
def test_guessing_bits_of_delta_halves_the_chances_with_each_bit(bits: int, seed: bytes) -> None:
    """The leakage that the proof allows, and no more: j guessed bits survive with probability 2^-j."""
    trials = 600
    pair = OtPair(seed)
    survived = 0
    for _ in range(trials):
        noise = pair.randomness.bytes(1 + bits)
        columns = [(noise[0] + 7 * step) % 128 for step in range(bits)]
        guesses = [byte & 1 for byte in noise[1:]]
        passed = survives(pair, columns, guesses)
        assert passed == all(pair.delta[column] == guess for column, guess in zip(columns, guesses, strict=True))
        survived += passed
    assert_probability(survived, trials, 2.0**-bits)
