"""AND triples: cost, the order of everything, and every way to cheat that docs/security/bits.md speaks of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import MacCheckFailed, WordCheckFailed
from spdz.preprocessing.bits import and_candidates, buckets
from spdz.preprocessing.bits.and_candidates import Candidates, make_candidates
from spdz.preprocessing.bits.buckets import layers, make_bit_pair_triples, make_bit_triples
from spdz.preprocessing.bits.cot import NarrowBits, WideBits
from spdz.preprocessing.bits.links import BitLinks
from spdz.runtime.context import Context
from tests.preprocessing.bits.support import SET_UP_ROUNDS, World, bits_of
from tests.support.costs import bytes_per_peer, commit_bytes, functions_that_state_rounds, stated_rounds, toss_bytes
from tests.support.interference import flip_bytes
from tests.support.parties import Run, assert_caught, rounds_of

PARTIES = pytest.mark.parametrize("parties", [2, 3])
PRODUCTS = pytest.mark.parametrize("products", [1, 2], ids=["singles", "pairs"])
CHEATER = 1
SIZE = 512
FOUND = "and.word_check.sigma.open"


def candidates(products: int) -> Any:
    async def body(ctx: Context, links: BitLinks) -> Candidates:
        return await make_candidates(ctx.child("layer"), links, SIZE, products)

    return body


def products_are_right(world: World, made: list[Candidates]) -> None:
    """Words of all arrays are valid, and every product is that of its factors."""
    x = bits_of([own.x for own in made], world.delta)
    for number in range(len(made[0].ys)):
        y, z = (bits_of([getattr(own, name)[number] for own in made], world.delta) for name in ("ys", "zs"))
        assert np.array_equal(z, x & y)


def caught(ended: Run, error: Any = WordCheckFailed, step: str = FOUND) -> None:
    assert_caught(ended, error, step, cheater=CHEATER, everyone_sees=True)
    assert not any(session.domains.alive for session in ended.sessions)


@PRODUCTS
@PARTIES
def test_candidates_are_right(parties: int, products: int, seed: bytes) -> None:
    world = World(parties, seed)
    products_are_right(world, world.run(candidates(products)).results)


# -- cost and order ---------------------------------------------------------------------------------------------------


@PRODUCTS
@PARTIES
def test_costs_of_candidates(parties: int, products: int, seed: bytes) -> None:
    ended = World(parties, seed).run(candidates(products))
    found = bytes_per_peer(ended)
    expected = {
        "bits.columns": (192 * (SIZE + 128) + 64 * (products * SIZE + 128 + 128)) // 4 // 8,
        "bits.digests": 4128,
        "and.payload": 8 * products * SIZE,
        "and.word_check.bits": 16,
        **toss_bytes("bits.check", parties),
        **toss_bytes("and.word_check", parties),
        **commit_bytes("and.word_check.sigma", 16, parties),
    }
    if parties > 2:
        expected["broadcast.echo"] = 32
    assert {step: cost for step, cost in found.items() if step != "bits.trees"} == expected
    assert ended.rounds == SET_UP_ROUNDS + stated_rounds(make_candidates) + (parties > 2)


@pytest.mark.parametrize(("make", "products"), [(make_bit_triples, 1), (make_bit_pair_triples, 2)])
@PARTIES
def test_costs_of_buckets(parties: int, make: Any, products: int, seed: bytes) -> None:
    ended = World(parties, seed).run(lambda ctx, links: make(ctx, links, SIZE))
    found, depth = bytes_per_peer(ended), layers(SIZE, 60)
    assert depth == 7
    assert found["and.differences"] == (depth - 1) * products * SIZE // 8
    assert found["and.payload"] == depth * 8 * products * SIZE
    assert found["and.shift.coins.commit"] == (depth - 1) * 32
    echoes = depth + 1 if parties > 2 else 0
    assert ended.rounds == SET_UP_ROUNDS + 10 * depth + 3 * (depth - 1) + 4 + echoes
    assert found.get("broadcast.echo", 0) == 32 * echoes


def test_every_cost_line_is_tested() -> None:
    assert functions_that_state_rounds([and_candidates, buckets]) == {"make_candidates", "_make"}


@PARTIES
def test_every_layer_is_complete_and_checked_before_its_shift_is_tossed(parties: int, seed: bytes) -> None:
    """And the shift before anything of the layer is opened; the shift of one layer before the payloads of the next."""
    trace = World(parties, seed).run(lambda ctx, links: make_bit_triples(ctx, links, SIZE)).trace
    depth = layers(SIZE, 60)
    layer = (
        "bits.columns",
        "bits.check.coins.commit",
        "bits.digests",
        "and.payload",
        "and.word_check.coins.commit",
        "and.word_check.bits",
        "and.word_check.sigma.commit",
        "and.word_check.sigma.open",
    )
    shift = ("and.shift.coins.commit", "and.shift.coins.open", "and.differences")
    in_layers = {step: rounds_of(trace, step) for step in layer}
    in_joins = {step: rounds_of(trace, step) for step in shift}
    assert {len(found) for found in in_layers.values()} == {depth}
    assert {len(found) for found in in_joins.values()} == {depth - 1}
    for number in range(depth):
        order = [in_layers[step][number] for step in layer]
        if number:
            order += [in_joins[step][number - 1] for step in shift]
            assert in_joins["and.differences"][number - 1] > max(in_layers["and.word_check.sigma.open"][: number + 1])
        assert order == sorted(set(order))
    (last,) = rounds_of(trace, "mac_check.coins.commit")
    assert last > max(in_joins["and.differences"])


@pytest.mark.parametrize("make", [make_bit_triples, make_bit_pair_triples])
def test_no_two_tosses_of_a_batch_are_equal(make: Any, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    original = buckets._shift

    def spying(coin: bytes, size: int) -> int:
        seen.append(coin)
        return original(coin, size)

    monkeypatch.setattr(buckets, "_shift", spying)
    World(2, seed).run(lambda ctx, links: make(ctx, links, SIZE))
    assert len(seen) == 2 * len(set(seen)) == 2 * (layers(SIZE, 60) - 1)


@pytest.mark.parametrize("shift", [0, 1, 300, SIZE - 1])
@PRODUCTS
def test_buckets_are_right_for_any_shift(
    shift: int, products: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every candidate of a layer joins one bucket, also around the end."""
    layers_made: dict[int, list[Candidates]] = {0: [], 1: []}
    make = make_bit_triples if products == 1 else make_bit_pair_triples

    async def recording(ctx: Context, *rest: Any) -> Candidates:
        made = await make_candidates(ctx, *rest)
        copied = Candidates(made.x.copy(), [y.copy() for y in made.ys], [z.copy() for z in made.zs])
        layers_made[ctx.party].append(copied)
        return made

    monkeypatch.setattr(buckets, "make_candidates", recording)
    monkeypatch.setattr(buckets, "_shift", lambda coin, size: shift)
    world = World(2, seed)
    batches = world.run(lambda ctx, links: make(ctx, links, SIZE)).results
    first, *others = zip(layers_made[0], layers_made[1], strict=True)
    x = bits_of([own.x for own in first], world.delta)
    for layer in others:
        x = x ^ np.roll(bits_of([own.x for own in layer], world.delta), -shift)
    found = [bits_of([batch.shares[at].words for batch in batches], world.delta) for at in range(1 + 2 * products)]
    assert np.array_equal(found[0], x)
    for number in range(products):
        y = bits_of([own.ys[number] for own in first], world.delta)
        assert np.array_equal(found[1 + 2 * number], y)
        assert np.array_equal(found[2 + 2 * number], x & y)


# -- payloads ---------------------------------------------------------------------------------------------------------


@PRODUCTS
@PARTIES
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
@pytest.mark.parametrize("guess", [0, 1])
@pytest.mark.parametrize("error", [1, 1 << 63], ids=["value", "mac"])
def test_a_sender_may_guess_a_choice_and_never_makes_a_wrong_product(
    error: int, guess: int, right: bool, parties: int, products: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It adds an error to one payload. Where x_i is 1 the receiver's word is off by it: whoever thinks so corrects its
    own. A right guess passes, and the product is right; a wrong one is found. Here the test knows which it is."""
    choices, choose, payload = list[Any](), WideBits.choose, and_candidates._payload

    def watching(self: WideBits, to: int, link: Any, chosen: Any) -> Any:
        if self._session.party == 0:
            choices.append(np.unpackbits(chosen, bitorder="little"))
        return choose(self, to, link, chosen)

    def cheating(wide: WideBits, peer: int, ys: list[Any], zs: list[Any], threads: int) -> Any:
        sent = payload(wide, peer, ys, zs, threads)
        if wide._session.party == CHEATER and peer == 0:
            place = int(np.flatnonzero(choices[0] == (guess if right else 1 - guess))[9])
            sent[place, products - 1] ^= np.uint64(error)
            zs[products - 1][place] ^= np.uint64(error * guess)
        return sent

    monkeypatch.setattr(WideBits, "choose", watching)
    monkeypatch.setattr(and_candidates, "_payload", cheating)
    world = World(parties, seed)
    ended = world.run(candidates(products))
    if right:
        products_are_right(world, ended.results)
    else:
        caught(ended)


@PRODUCTS
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_payloads_that_are_all_wrong(place: str, products: int, seed: bytes) -> None:
    """In one byte of each word: some choice is one, and any of them is enough."""
    offset = {"first": 0, "middle": 4, "last": 7}[place]
    cheat = flip_bytes("and.payload", CHEATER, range(offset, 8 * products * SIZE, 8), receiver=0)
    ended = World(3, seed).run(candidates(products), cheat)
    cheat.assert_fired()
    caught(ended)


def test_another_y_in_the_payload_than_in_the_word(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A complement: its words are off by a multiple of the cheater's own key share, which is not delta."""
    payload = and_candidates._payload

    def cheating(wide: WideBits, peer: int, ys: list[Any], zs: list[Any], threads: int) -> Any:
        if wide._session.party == CHEATER:
            ys = [y ^ wide._session.bit_domain.key.share.word for y in ys]
        return payload(wide, peer, ys, zs, threads)

    monkeypatch.setattr(and_candidates, "_payload", cheating)
    caught(World(2, seed).run(candidates(1)))


# -- choices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [NarrowBits, WideBits], ids=["y", "x"])
@pytest.mark.parametrize("peer", [0, 2])
def test_other_bits_towards_one_of_two_peers(
    peer: int, width: Any, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose, fired = width.choose, []

    def other(self: Any, to: int, link: Any, choices: Any) -> Any:
        if self._session.party == CHEATER and to == peer:
            choices = choices.copy()
            choices[33] ^= 1
            fired.append(to)
        return choose(self, to, link, choices)

    monkeypatch.setattr(width, "choose", other)
    caught(World(3, seed).run(candidates(1)))
    assert fired


def test_a_receiver_that_computes_with_another_bit_than_it_chose(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lacks the other hash: its word is off by what it cannot know."""
    take = and_candidates._take

    def cheating(wide: WideBits, peer: int, own: Any, *rest: Any) -> None:
        if wide._session.party == CHEATER:
            own = own.copy()
            own[5] ^= 1
        take(wide, peer, own, *rest)

    monkeypatch.setattr(and_candidates, "_take", cheating)
    caught(World(2, seed).run(candidates(1)))


# -- buckets ----------------------------------------------------------------------------------------------------------


@PRODUCTS
@PARTIES
@pytest.mark.parametrize("layer", [0, 5])
def test_a_difference_that_the_cheater_stands_by(
    layer: int, parties: int, products: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens the complement of a bit towards everybody alike: the words do not fit what was opened."""
    make, join, turns = (make_bit_triples if products == 1 else make_bit_pair_triples), buckets._join, list[int]()

    async def cheating(ctx: Context, total: Candidates, more: Candidates, shift: int) -> None:
        if ctx.party == CHEATER:
            turns.append(shift)
            if len(turns) == layer + 1:
                more.ys[-1][100] ^= np.uint64(1)
        await join(ctx, total, more, shift)

    monkeypatch.setattr(buckets, "_join", cheating)
    ended = World(parties, seed).run(lambda ctx, links: make(ctx, links, SIZE))
    caught(ended, MacCheckFailed, "mac_check.sigma.open")
    assert len(turns) == layers(SIZE, 60) - 1


def test_what_is_not_handed_out_is_overwritten(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that have joined, buckets beyond those asked for, and the rows of the OTs."""
    held: list[Candidates] = []

    async def recording(ctx: Context, *rest: Any) -> Candidates:
        held.append(await make_candidates(ctx, *rest))
        return held[-1]

    monkeypatch.setattr(buckets, "make_candidates", recording)
    world = World(2, seed)
    world.run(lambda ctx, links: make_bit_triples(ctx, links, 300))
    for number, made in enumerate(held):
        arrays = (made.x, *made.ys, *made.zs)
        assert any(array[300:].any() for array in arrays) is False
        assert all(array[:300].any() for array in arrays) == (number < 2)
    for links in world.links.values():
        for link in links.values():
            assert not link.sender.open_rows
            assert not link.receiver.open_rows


@PRODUCTS
def test_candidates_do_not_depend_on_threads(products: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor on how they are cut into chunks."""
    found = []
    for threads, rows in ((1, and_candidates.CHUNK_ROWS), (3, 64)):
        monkeypatch.setattr(and_candidates, "CHUNK_ROWS", rows)
        world = World(2, seed)
        for session in world.sessions:
            session.threads = threads
        made = world.run(candidates(products)).results
        products_are_right(world, made)
        found.append(b"".join(array.tobytes() for own in made for array in (own.x, *own.ys, *own.zs)))
    assert found[0] == found[1]
