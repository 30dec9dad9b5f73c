"""Dealers of OT trees that send wrong sums: what they learn about Delta costs them half their chances for each bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.errors import OtConsistencyFailed
from spdz.field import M61
from spdz.params import OT_TREE_BITS, MascotParams
from spdz.preprocessing.ot import trees as ot_trees
from spdz.preprocessing.ot.trees import Place, Seeds, by_distance, deal, grow_trees, hold
from spdz.protocols.coin_toss import toss
from spdz.protocols.mac_check import OPENING_CHECK
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Interference
from tests.support.interference import POSITIONS, CopyFrom, flip_bytes, position, replace_payload, silent
from tests.support.links import set_up_links
from tests.support.ot import TreeBase
from tests.support.parties import Run, assert_caught, make_sessions, run
from tests.support.statistics import assert_probability

STEP = "setup.ot_trees"
SUMS = 128 * 2 * 16
PLACE = Place(b"a session", 0, 1)
TREES = pytest.mark.parametrize("depth", [depth for depth in OT_TREE_BITS if depth > 1])


def grown(depth: int, seed: bytes, cheat: Interference, parties: int = 2) -> tuple[Run, TreeBase]:
    """Trees after ideal base OTs, with one cheater."""
    base = TreeBase(parties, seed)

    async def main(ctx: Context) -> object:
        trees = await grow_trees(ctx, depth, base.deltas[ctx.party], base.ots[ctx.party])
        # Whoever was not lied to hears of the abort before it uses anything.
        await toss(ctx, OPENING_CHECK.coins, after=trees)
        return trees

    return run(make_sessions(parties, M61, seed), main, cheat), base


@TREES
@pytest.mark.parametrize("place", [*POSITIONS, 1, 62])
def test_wrong_sums_for_one_base_ot(place: int | str, depth: int, seed: bytes) -> None:
    """Both sums of a level are wrong, so it is found whatever the bit of Delta; at any byte of a sum."""
    first = 32 * position(place, 128)
    for offset in (0, 7, 15):
        cheat = flip_bytes(STEP, 0, [first + offset, first + 16 + offset])
        ended, _ = grown(depth, seed, cheat)
        cheat.assert_fired()
        assert_caught(ended, OtConsistencyFailed, STEP, cheater=0, blamed=0)


@TREES
@pytest.mark.parametrize("place", POSITIONS)
def test_a_wrong_sum_of_one_side_is_found_by_those_who_chose_it(place: str, depth: int, seed: bytes) -> None:
    """Selective failure. Where nothing is found nothing is wrong: the seeds are those of the dealer."""
    number = position(place, 128)
    for side in (0, 1):
        cheat = flip_bytes(STEP, 0, [32 * number + 16 * side])
        ended, base = grown(depth, seed, silent(0, cheat))
        cheat.assert_fired()
        if base.deltas[1][0][number] == side:
            assert_caught(ended, OtConsistencyFailed, STEP, cheater=0, blamed=0)
            continue
        delta = np.array(base.deltas[1][0], np.uint8).reshape(-1, depth)
        expected = by_distance(ended.results[0][1].dealt, delta)[:, 1:]
        np.testing.assert_array_equal(ended.results[1][0].held, expected)


@TREES
@pytest.mark.parametrize("place", POSITIONS)
def test_a_wrong_total_of_one_tree(place: str, depth: int, seed: bytes) -> None:
    tree = position(place, 128 // depth)
    for offset in (0, 31):
        cheat = flip_bytes(STEP, 0, [SUMS + 32 * tree + offset])
        ended, _ = grown(depth, seed, cheat)
        cheat.assert_fired()
        assert_caught(ended, OtConsistencyFailed, STEP, cheater=0, blamed=0)


@TREES
def test_a_wrong_digest(depth: int, seed: bytes) -> None:
    for offset in (0, 15, 31):
        cheat = flip_bytes(STEP, 0, [SUMS + 32 * (128 // depth) + offset])
        ended, _ = grown(depth, seed, cheat)
        cheat.assert_fired()
        assert_caught(ended, OtConsistencyFailed, STEP, cheater=0, blamed=0)


@TREES
def test_towards_one_of_two_peers(depth: int, seed: bytes) -> None:
    cheat = flip_bytes(STEP, 0, ["last"], receiver=2)
    ended, _ = grown(depth, seed, cheat, parties=3)
    assert type(ended.outcomes[2].error) is OtConsistencyFailed
    assert_caught(ended, OtConsistencyFailed, STEP, cheater=0)


@TREES
def test_the_trees_of_the_victim_sent_back_to_it(depth: int, seed: bytes) -> None:
    cheat = CopyFrom([STEP], victim=1, cheater=0)
    ended, _ = grown(depth, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, STEP, cheater=0, blamed=0)


@TREES
def test_wrong_trees_in_the_set_up_destroy_the_key_that_was_just_drawn(depth: int, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    cheat = flip_bytes(STEP, 0, ["last"])
    ended = run(sessions, lambda ctx: set_up_links(ctx, MascotParams(ot_tree_bits=depth)), cheat)
    cheat.assert_fired()
    assert sessions[1].field_domain.has_key
    assert_caught(ended, OtConsistencyFailed, STEP, cheater=0, blamed=0)


@pytest.mark.parametrize("size", [0, 1, SUMS, -1])
def test_a_message_of_another_length(size: int, seed: bytes) -> None:
    cheat = replace_payload(STEP, 0, lambda payload: payload[:size] if size >= 0 else payload + b"\0")
    ended, _ = grown(4, seed, cheat)
    cheat.assert_fired()
    assert type(ended.outcomes[1].error).__name__ == "MalformedMessage"


# -- what passing tells -----------------------------------------------------------------------------------------------


class Dealing:
    """An honest message, and a holder of any Delta."""

    def __init__(self, depth: int, randomness: Randomness) -> None:
        self.depth = depth
        keys = [randomness.bytes(16) for _ in range(256)]
        self.pairs = list(zip(keys[::2], keys[1::2], strict=True))
        roots = np.frombuffer(randomness.bytes(128 // depth * 16), np.uint8).reshape(-1, 16)
        self.message, self.seeds = deal(PLACE, roots, depth, self.pairs)

    def held(self, delta: list[int], message: bytes) -> Seeds | None:
        """What the holder takes out of a message; None if it refuses it."""
        chosen = [pair[bit] for pair, bit in zip(self.pairs, delta, strict=True)]
        try:
            return hold(PLACE, np.array(delta, np.uint8).reshape(-1, self.depth), chosen, memoryview(message))
        except OtConsistencyFailed:
            return None


@pytest.mark.parametrize(("depth", "guesses"), [(2, 1), (2, 2), (2, 5), (4, 1), (4, 3)])
def test_guessing_bits_of_delta_halves_the_chances_with_each_bit(depth: int, guesses: int, seed: bytes) -> None:
    """Bits in one tree or in several: j of them are guessed with probability 2^-j, and told by no other way."""
    trials = 300
    randomness = deterministic_randomness_for_tests(seed, "guesses")
    dealing = Dealing(depth, randomness)
    survived = 0
    for _ in range(trials):
        noise = randomness.bytes(129 + guesses)
        delta = [byte & 1 for byte in noise[:128]]
        places = [(noise[128] + 3 * step) % 128 for step in range(guesses)]
        guessed = [byte & 1 for byte in noise[129:]]
        message = bytearray(dealing.message)
        for place, bit in zip(places, guessed, strict=True):
            # Wrong for those whose bit is not the guess.
            message[32 * place + 16 * (1 - bit)] ^= 1
        held = dealing.held(delta, bytes(message))
        assert (held is not None) == all(delta[place] == bit for place, bit in zip(places, guessed, strict=True))
        survived += held is not None
    assert_probability(survived, trials, 2.0**-guesses)


def test_sums_that_belong_to_no_tree_fit_one_path_only(seed: bytes) -> None:
    """The heart of the check: without it each of the four paths would take other seeds out of the same message."""
    randomness = deterministic_randomness_for_tests(seed, "no tree")
    dealing = Dealing(2, randomness)
    rest = [byte & 1 for byte in randomness.bytes(126)]
    deltas = [[*bits, *rest] for bits in itertools.product((0, 1), repeat=2)]
    for target in deltas:
        # The dealer cuts the check to the leaves that a holder with Delta = target finds: random sums in tree 0.
        message = bytearray(dealing.message)
        message[:64] = randomness.bytes(64)
        forged = forge_check(dealing, bytes(message), target)
        passed = [dealing.held(delta, forged) is not None for delta in deltas]
        assert passed == [delta == target for delta in deltas]


def forge_check(dealing: Dealing, message: bytes, target: list[int]) -> bytes:
    """`message` with the total of tree 0 and the digest that a holder with Delta = `target` accepts."""
    found: list[Seeds] = []
    original = ot_trees._digest

    def spy(place: Place, checks: Seeds) -> bytes:
        found.append(checks)
        return original(place, checks)

    ot_trees._digest = spy
    try:
        assert dealing.held(target, message) is None
    finally:
        ot_trees._digest = original
    # The total says what the missing leaf's part would have to be; any value will do, so the honest one stays.
    return message[:-32] + original(PLACE, found[0])


@pytest.mark.parametrize("depth", [2, 4])
def test_whoever_passes_has_seeds_of_one_vector(depth: int, seed: bytes) -> None:
    """A dealer that guesses a side of the last level: all who pass agree on every seed that they have."""
    randomness = deterministic_randomness_for_tests(seed, "one vector")
    dealing = Dealing(depth, randomness)
    rest = [byte & 1 for byte in randomness.bytes(128 - depth)]
    message = bytearray(dealing.message)
    message[32 * (depth - 1) + 16] ^= 1
    passed = 0
    for bits in itertools.product((0, 1), repeat=depth):
        delta = [*bits, *rest]
        held = dealing.held(delta, bytes(message))
        if held is not None:
            passed += 1
            expected = by_distance(dealing.seeds, np.array(delta, np.uint8).reshape(-1, depth))[:, 1:]
            np.testing.assert_array_equal(held, expected)
    assert passed == 2 ** (depth - 1)
