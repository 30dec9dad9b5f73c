"""Authenticated bits from the real OTs: words that fit, cost, and cheating receivers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import InternalError, OtConsistencyFailed, UsageError
from spdz.params import MascotParams
from spdz.preprocessing.bits import cot
from spdz.preprocessing.bits.cot import NarrowBits, Wanted, WideBits, extend_bits, extend_narrow, extend_wide
from spdz.preprocessing.bits.links import DELTA_BITS, BitLinks, draw_delta, set_up_bits
from spdz.preprocessing.ot.base import base_ots
from spdz.runtime.context import Context
from tests.preprocessing.bits.support import SET_UP_ROUNDS, World, bits_of, xor
from tests.support.costs import bytes_per_peer, functions_that_state_rounds, stated_rounds, toss_bytes
from tests.support.interference import POSITIONS, flip_bytes, replace_payload
from tests.support.ot import DEPTHS
from tests.support.parties import assert_caught, rounds_of
from tests.support.statistics import assert_probability

PARTIES = pytest.mark.parametrize("parties", [2, 3])
WIDE, NARROW = 256, 384


async def both(ctx: Context, links: BitLinks) -> tuple[WideBits, NarrowBits]:
    return await extend_bits(ctx.child("bits"), links, Wanted(WIDE), Wanted(NARROW))


def packed(bits: Any) -> Any:
    return np.unpackbits(bits, bitorder="little")


@DEPTHS
@PARTIES
def test_shared_random_bits_of_both_widths(parties: int, depth: int, seed: bytes) -> None:
    world = World(parties, seed, MascotParams(ot_tree_bits=depth))
    made = world.run(both).results
    assert int(world.delta) & 1
    for which, rows in enumerate((WIDE, NARROW)):
        own = [extensions[which] for extensions in made]
        bits = bits_of([extension.share().words for extension in own], world.delta)
        assert bits.shape == (rows,)
        assert np.array_equal(bits, packed(xor([extension.choices for extension in own])))


def test_bits_are_balanced_and_differ_between_parties_and_extensions(seed: bytes) -> None:
    world, rows = World(2, seed), 4096

    async def twice(ctx: Context, links: BitLinks) -> list[Any]:
        return [(await extend_narrow(ctx.child("bits"), links, Wanted(rows))).choices.copy() for _ in range(2)]

    choices = [packed(bits) for own in world.run(twice).results for bits in own]
    for index, bits in enumerate(choices):
        assert_probability(int(bits.sum()), rows, 0.5)
        for other in choices[:index]:
            assert_probability(int((bits ^ other).sum()), rows, 0.5)


@PARTIES
@pytest.mark.parametrize("extend", [extend_narrow, extend_wide])
def test_bits_of_one_party_alone_are_those_that_it_chose(parties: int, extend: Any, seed: bytes) -> None:
    """Private bits: word of the owner from its MACs, words of the others their keys; nothing else is sent."""
    world, chosen = World(parties, seed), np.frombuffer(seed[:16], np.uint8)

    async def private(ctx: Context, links: BitLinks) -> Any:
        wanted = Wanted(128, chosen if ctx.party == 1 else None)
        extension = await extend(ctx.child("bits"), links, wanted, choosers=(1,))
        return extension, extension.share().words

    made = world.run(private).results
    bits = packed(chosen)
    assert np.array_equal(bits_of([words for _, words in made], world.delta), bits)
    owner = made[1][0]
    assert not owner.sent
    for party, session in enumerate(world.sessions):
        if party == 1:
            continue
        extension, words = made[party]
        assert not extension.received
        assert extension.choices.size == 0
        assert np.array_equal(extension.keys_for(1), words)
        own_key = np.where(bits == 1, session.bit_domain.key.share.word, np.uint64(0))
        assert np.array_equal(owner.macs_from(party) ^ own_key, words)


def test_bits_of_two_of_three_parties_are_the_xor_of_theirs(seed: bytes) -> None:
    world = World(3, seed)

    async def body(ctx: Context, links: BitLinks) -> Any:
        return await extend_narrow(ctx.child("bits"), links, Wanted(128), choosers=(0, 2))

    made = world.run(body).results
    bits = bits_of([extension.share().words for extension in made], world.delta)
    assert np.array_equal(bits, packed(made[0].choices ^ made[2].choices))


def test_one_delta_towards_all_peers_and_another_at_each_party(seed: bytes) -> None:
    world = World(3, seed)
    world.run(both)
    masks = [{peer: link.sender.masks.tobytes() for peer, link in world.links[party].items()} for party in range(3)]
    for own in masks:
        assert len(set(own.values())) == 1
    assert len({next(iter(own.values())) for own in masks}) == 3
    for party, own in enumerate(masks):
        bits = np.frombuffer(next(iter(own.values())), np.uint8) & 1
        assert bits.size == DELTA_BITS
        word = int(world.sessions[party].bit_domain.key.share.word)
        assert sum(int(bit) << place for place, bit in enumerate(bits[:64])) == word
        assert word & 1 == (party == 0)


def test_words_do_not_depend_on_threads(seed: bytes) -> None:
    found = []
    for threads in (1, 3):
        world = World(2, seed)
        for session in world.sessions:
            session.threads = threads

        async def body(ctx: Context, links: BitLinks) -> Any:
            extension = await extend_narrow(ctx.child("bits"), links, Wanted(3 * cot.CHUNK_ROWS + 128))
            return extension.share().words

        found.append(np.concatenate(world.run(body).results).tobytes())
    assert found[0] == found[1]


def test_other_numbers_of_bits_are_refused(seed: bytes) -> None:
    for wanted, error in ((Wanted(100), UsageError), (Wanted(128, np.zeros(8, np.uint8)), InternalError)):

        async def body(ctx: Context, links: BitLinks, wanted: Wanted = wanted) -> Any:
            return await extend_narrow(ctx.child("bits"), links, wanted)

        ended = World(2, seed).run(body)
        assert {type(outcome.error) for outcome in ended.outcomes} == {error}


# -- cost and order ---------------------------------------------------------------------------------------------------


@DEPTHS
@PARTIES
def test_costs(parties: int, depth: int, seed: bytes) -> None:
    world = World(parties, seed, MascotParams(ot_tree_bits=depth), base_ots=base_ots)
    bits = 192 * (WIDE + 128) + 64 * (NARROW + 128)
    ended = world.run(both)
    found = {step: cost for step, cost in bytes_per_peer(ended).items() if step.startswith("bits.")}
    trees = {} if depth == 1 else {"bits.trees": 32 * 192 + 32 * (192 // depth) + 32}
    assert found == {
        "bits.receiver_points": 64 * 192,
        "bits.sender_points": 32 * 192,
        **trees,
        "bits.columns": bits // depth // 8,
        "bits.digests": 4128,
        **toss_bytes("bits.check", parties),
    }
    assert ended.rounds == stated_rounds(extend_bits) + (3 if depth > 1 else 2)
    assert stated_rounds(set_up_bits) == 3


@pytest.mark.parametrize(
    ("extend", "columns", "digests"), [(extend_narrow, 64, 1040), (extend_wide, 192, 3088)], ids=["narrow", "wide"]
)
def test_costs_of_one_width(extend: Any, columns: int, digests: int, seed: bytes) -> None:
    async def body(ctx: Context, links: BitLinks) -> Any:
        return await extend(ctx.child("bits"), links, Wanted(128))

    ended = World(2, seed).run(body)
    found = bytes_per_peer(ended)
    assert (found["bits.columns"], found["bits.digests"]) == (columns * 256 // 4 // 8, digests)
    assert ended.rounds == SET_UP_ROUNDS + stated_rounds(extend)


def test_every_cost_line_is_tested() -> None:
    assert functions_that_state_rounds([cot]) == {"extend_bits", "extend_narrow", "extend_wide"}


@PARTIES
def test_the_key_of_the_check_is_tossed_after_the_columns_and_digests_come_after_it(parties: int, seed: bytes) -> None:
    trace = World(parties, seed).run(both).trace
    steps = ("bits.columns", "bits.check.coins.commit", "bits.check.coins.open", "bits.digests")
    rounds = [rounds_of(trace, step) for step in steps]
    assert [len(found) for found in rounds] == [1, 1, 1, 1]
    assert rounds == sorted(rounds)
    assert len({found[0] for found in rounds}) == 4


def test_keys_of_checks_differ_between_widths_and_pairs(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[bytes] = []

    for width in (NarrowBits, WideBits):

        def spy(self: Any, coins: Any, receiver: int, sender: int, original: Any = width.check_key) -> bytes:
            keys.append(original(self, coins, receiver, sender))
            return keys[-1]

        monkeypatch.setattr(width, "check_key", spy)
    World(3, seed).run(both)
    # Once at each end.
    assert len(keys) == 2 * len(set(keys)) == 2 * 6 * 2


# -- cheats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("width", ["wide", "narrow"])
@pytest.mark.parametrize("place", ["first", "middle", "last real", "first mask", "last"])
def test_one_row_with_different_bits_in_different_columns(place: str, width: str, depth: int, seed: bytes) -> None:
    """In every other tree of one of the two extensions that travel together: 32 bits of Delta at least."""
    lengths = {"wide": (WIDE + 128) // 8, "narrow": (NARROW + 128) // 8}
    split = 192 // depth * lengths["wide"]
    length = lengths[width]
    row = {"first": 0, "middle": length // 2, "last real": -17, "first mask": -16, "last": -1}[place]

    def change(payload: bytes) -> bytes:
        parts = {"wide": bytearray(payload[:split]), "narrow": bytearray(payload[split:])}
        np.frombuffer(parts[width], np.uint8).reshape(-1, length)[::2, row] ^= 0x80
        return bytes(parts["wide"] + parts["narrow"])

    cheat = replace_payload("bits.columns", 0, change)
    ended = World(2, seed, MascotParams(ot_tree_bits=depth)).run(both, cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "bits.digests", cheater=0, blamed=0)


@pytest.mark.parametrize("place", [*POSITIONS, 193 * 16 - 1, 193 * 16])
def test_a_changed_digest(place: int | str, seed: bytes) -> None:
    cheat = flip_bytes("bits.digests", 0, [place])
    ended = World(2, seed).run(both, cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "bits.digests", cheater=0, blamed=0)


def test_towards_one_of_two_peers(seed: bytes) -> None:
    cheat = flip_bytes("bits.columns", 0, range(0, 48 * 48, 96), receiver=2)

    async def twice(ctx: Context, links: BitLinks) -> None:
        """Whoever was not lied to hears of the abort before it uses anything."""
        await both(ctx, links)
        await both(ctx, links)

    ended = World(3, seed).run(twice, cheat)
    cheat.assert_fired()
    assert type(ended.outcomes[2].error) is OtConsistencyFailed
    assert_caught(ended, OtConsistencyFailed, "bits.digests", cheater=0)


@pytest.mark.parametrize(("step", "finder"), [("bits.receiver_points", 0), ("bits.sender_points", 1)])
def test_another_valid_point_in_the_set_up(step: str, finder: int, seed: bytes) -> None:
    """The points of two base OTs change places: the ends have different keys, and the trees do not fit.

    A receiver does that to itself.
    """
    width = 64 if step == "bits.receiver_points" else 32

    def change(payload: bytes) -> bytes:
        return payload[width : 2 * width] + payload[:width] + payload[2 * width :]

    cheat, world = replace_payload(step, 0, change), World(2, seed, base_ots=base_ots)
    ended = world.run(both, cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "bits.trees", cheater=1 - finder)
    assert not world.sessions[1].domains.alive


@pytest.mark.parametrize("place", POSITIONS)
def test_wrong_trees(place: str, seed: bytes) -> None:
    """Both sums of a level, or the last bytes of the hash."""
    first = {"first": 0, "middle": 32 * 96, "last": 32 * 191}[place]
    cheat = flip_bytes("bits.trees", 0, [first, first + 16])
    ended = World(2, seed).run(both, cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "bits.trees", cheater=0, blamed=0)


# -- the end ----------------------------------------------------------------------------------------------------------


def test_what_an_abort_leaves_open_goes_with_the_links(seed: bytes) -> None:
    """The rows that a check refused, Delta, and the streams."""
    world = World(2, seed)
    cheat = flip_bytes("bits.digests", 0, ["first"])
    world.run(both, cheat)
    links, (link,) = world.links[1], world.links[1].values()
    held = [rows.columns for end in (link.sender, link.receiver) for rows in end.open_rows]
    held += [rows.choices for rows in link.receiver.open_rows]
    held += [link.sender.masks, link.sender.delta_row]
    assert len(held) == 8
    assert all(array.any() for array in held)
    links.wipe()
    assert not any(array.any() for array in held)
    with pytest.raises(UsageError, match="wiped"):
        link.receiver.extend_narrow(np.zeros(16, np.uint8), deterministic_randomness_for_tests(seed, "later"))


def test_finishing_overwrites_rows_and_choices(seed: bytes) -> None:
    world = World(3, seed)
    for extensions in world.run(both).results:
        for extension in extensions:
            rows = [*extension.received.values(), *extension.sent.values()]
            held = [each.columns for each in rows] + [each.choices for each in extension.received.values()]
            assert all(array.any() for array in held)
            extension.finish()
            assert not any(array.any() for array in held)


def test_keys_are_drawn_anew_and_pinned(seed: bytes) -> None:
    """PITFALLS 13: every bit but the lowest is balanced over many draws."""
    world, counts = World(3, seed), np.zeros((3, DELTA_BITS), int)
    for _ in range(400):
        for party, session in enumerate(world.sessions):
            deltas = draw_delta(Context(session))
            assert len({tuple(delta) for delta in deltas.values()}) == 1
            counts[party] += next(iter(deltas.values()))
    assert counts[:, 0].tolist() == [400, 0, 0]
    for count in counts[:, 1:].ravel():
        assert_probability(int(count), 400, 0.5)
