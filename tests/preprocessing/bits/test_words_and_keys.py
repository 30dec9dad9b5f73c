"""The word check in detail: any bit of any word, z and sigma, other bits and keys towards peers, cost, order, turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from spdz.errors import BroadcastMismatch, CommitmentMismatch, InternalError, WordCheckFailed
from spdz.preprocessing.bits import word_check as module
from spdz.preprocessing.bits.cot import NarrowBits, Wanted, extend_narrow
from spdz.preprocessing.bits.links import BitLinks, Deltas, draw_delta
from spdz.preprocessing.bits.word_check import KEY_CHECK, MASK_BITS, check_bit_keys, word_check
from spdz.preprocessing.ot.extension import ROW_UNIT
from spdz.protocols.broadcast import broadcast
from spdz.protocols.commit import commit_and_open
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BitKey
from spdz.sharing.bit_share import BitShare
from spdz.sharing.domain import Domains
from spdz.sharing.mac_key import MacKey
from tests.preprocessing.bits.support import SET_UP_ROUNDS, World
from tests.support.costs import (
    bytes_per_peer,
    commit_bytes,
    functions_that_state_rounds,
    stated_rounds,
    toss_bytes,
)
from tests.support.interference import equivocate, flip_bytes
from tests.support.parties import Run, assert_caught, rounds_of
from tests.support.statistics import assert_probability

PARTIES = pytest.mark.parametrize("parties", [2, 3])
CHEATER = 1
FOUND = "bits.key_check.sigma.open"
SIZES = (1, 2, 63, 500)


def pieces(words: Any) -> list[BitShare]:
    """Arrays of awkward lengths and shapes, one after the other."""
    found, start = [], 0
    for size in SIZES:
        found.append(BitShare(words[start : start + size].copy()))
        start += size
    found[-1] = found[-1].reshape(20, 25)
    return found


def checking(change: Callable[[Context, list[BitShare]], None] | None = None) -> Any:
    """A body that checks words of shared random bits, which `change` may alter before."""

    async def body(ctx: Context, links: BitLinks) -> str:
        rows = -(-(sum(SIZES) + MASK_BITS) // ROW_UNIT) * ROW_UNIT
        words = (await extend_narrow(ctx.child("bits"), links, Wanted(rows))).share().words
        parts = pieces(words)
        if change is not None:
            change(ctx, parts)
        await word_check(ctx, KEY_CHECK, parts, BitShare(words[-MASK_BITS:]))
        return "passed"

    return body


def caught(ended: Run, error: Any = WordCheckFailed, step: str = FOUND) -> None:
    """Everybody ends in the same way, and no key of either domain is left."""
    assert_caught(ended, error, step, cheater=CHEATER, everyone_sees=True)
    assert not any(session.domains.alive for session in ended.sessions)


@PARTIES
def test_honest_words_pass(parties: int, seed: bytes) -> None:
    world = World(parties, seed)
    assert world.run(checking()).results == ["passed"] * parties
    assert all(session.bit_domain.key.alive for session in world.sessions)


@PARTIES
@pytest.mark.parametrize("place", [(0, 0), (1, 1), (2, 62), (3, (0, 0)), (3, (19, 24))], ids=str)
@pytest.mark.parametrize("bit", [0, 1, 63])
def test_a_changed_word(bit: int, place: tuple[int, Any], parties: int, seed: bytes) -> None:
    """Any bit of any word of any array: the first, one without a partner in its array, the last."""

    def change(ctx: Context, parts: list[BitShare]) -> None:
        if ctx.party == CHEATER:
            parts[place[0]].words[place[1]] ^= np.uint64(1) << np.uint64(bit)

    caught(World(parties, seed).run(checking(change)))


@PARTIES
def test_an_error_that_is_a_multiple_of_the_own_key_only(parties: int, seed: bytes) -> None:
    """delta_i of one party is no multiple of delta: as good as any other error."""

    def change(ctx: Context, parts: list[BitShare]) -> None:
        if ctx.party == CHEATER:
            parts[3].words[0, 0] ^= ctx.session.bit_domain.key.share.word

    caught(World(parties, seed).run(checking(change)))


def test_an_error_of_delta_passes_and_flips_the_bit(seed: bytes) -> None:
    """The control: whoever knows delta needs no luck. So the check is not stricter than words are."""
    world = World(2, seed)

    def change(ctx: Context, parts: list[BitShare]) -> None:
        if ctx.party == CHEATER:
            parts[2].words[5] ^= world.delta

    assert world.run(checking(change)).results == ["passed"] * 2


def test_two_errors_that_would_cancel_in_a_sum_without_coins(seed: bytes) -> None:
    def change(ctx: Context, parts: list[BitShare]) -> None:
        if ctx.party == CHEATER:
            parts[3].words[[0, 1], [0, 0]] ^= np.uint64(0xABCDE)
            parts[3].words[[2, 2], [0, 2]] ^= np.uint64(0xABCDE)

    caught(World(2, seed).run(checking(change)))


# -- z and sigma ------------------------------------------------------------------------------------------------------


def test_a_lie_about_z_between_two_parties(seed: bytes) -> None:
    cheat = flip_bytes("bits.key_check.bits", CHEATER, ["first"])
    ended = World(2, seed).run(checking(), cheat)
    cheat.assert_fired()
    caught(ended)


@PARTIES
def test_a_lie_about_z_that_the_liar_believes(parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Towards everybody the same: no echo finds it, and the error is a multiple of delta."""

    async def lying(ctx: Context, step: Any, codec: Any, value: bytes) -> Any:
        return await broadcast(ctx, step, codec, bytes([value[0] ^ 1]) + value[1:] if ctx.party == CHEATER else value)

    monkeypatch.setattr(module, "broadcast", lying)
    caught(World(parties, seed).run(checking()))


@pytest.mark.parametrize("receiver", [0, 2])
def test_different_z_to_different_parties_is_found_before_anybody_commits(receiver: int, seed: bytes) -> None:
    """With two z a cheater would learn a multiple of one honest delta, and could fit its sigma to the other."""
    cheat = equivocate("bits.key_check.bits", CHEATER, receiver)
    ended = World(3, seed).run(checking(), cheat)
    cheat.assert_fired()
    caught(ended, BroadcastMismatch, "broadcast.echo")
    for outcome in ended.outcomes:
        assert "bits.key_check.sigma.commit" not in outcome.trace.steps


@PARTIES
def test_another_sigma(parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lying(ctx: Context, steps: Any, payload: bytes) -> Any:
        if steps is KEY_CHECK.sigma and ctx.party == CHEATER:
            payload = payload[:-1] + bytes([payload[-1] ^ 0x80])
        return await commit_and_open(ctx, steps, payload)

    monkeypatch.setattr(module, "commit_and_open", lying)
    caught(World(parties, seed).run(checking()))


@pytest.mark.parametrize("step", ["commit", "open"])
def test_a_sigma_that_was_not_committed_to(step: str, seed: bytes) -> None:
    cheat = flip_bytes(f"bits.key_check.sigma.{step}", CHEATER, ["last"])
    ended = World(2, seed).run(checking(), cheat)
    cheat.assert_fired()
    assert_caught(ended, CommitmentMismatch, FOUND, cheater=CHEATER, blamed=CHEATER)


def test_z_is_uniform_whatever_the_words_are(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mask: without its 128 bits z would be a combination of the products. Here all words are zero."""
    opened: list[int] = []

    async def recording(ctx: Context, step: Any, codec: Any, value: bytes) -> Any:
        values = await broadcast(ctx, step, codec, value)
        opened.append(int.from_bytes(values[0], "little") ^ int.from_bytes(values[1], "little"))
        return values

    def zero(ctx: Context, parts: list[BitShare]) -> None:
        for part in parts:
            part.wipe()

    async def often(ctx: Context, links: BitLinks) -> None:
        for turn in range(100):
            await checking(zero)(ctx.child(f"turn{turn}"), links)

    monkeypatch.setattr(module, "broadcast", recording)
    World(2, seed).run(often)
    found = opened[::2]
    assert len(set(found)) == 100
    for bit in range(128):
        assert_probability(sum(z >> bit & 1 for z in found), 100, 0.5)


def test_a_mask_bit_that_is_wrong_is_an_error_like_any_other(seed: bytes) -> None:
    async def body(ctx: Context, links: BitLinks) -> None:
        words = (await extend_narrow(ctx.child("bits"), links, Wanted(256))).share().words
        if ctx.party == CHEATER:
            words[-1] ^= np.uint64(4)
        await word_check(ctx, KEY_CHECK, [BitShare(words[:128])], BitShare(words[128:]))

    caught(World(2, seed).run(body))


# -- other bits, other keys -------------------------------------------------------------------------------------------


def flip_towards(peer: int, byte: int, patch: pytest.MonkeyPatch) -> list[int]:
    """The cheater chooses another bit towards one peer, in all columns alike."""
    fired, choose = list[int](), NarrowBits.choose

    def other(self: NarrowBits, to: int, link: Any, choices: Any) -> Any:
        if self._session.party == CHEATER and to == peer:
            choices = choices.copy()
            choices[byte] ^= 1
            fired.append(to)
        return choose(self, to, link, choices)

    patch.setattr(NarrowBits, "choose", other)
    return fired


@pytest.mark.parametrize("peer", [0, 2])
@pytest.mark.parametrize("byte", [0, 30, 47])
def test_other_bits_towards_one_of_two_peers(
    byte: int, peer: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also among the bits of the mask; the check of the OTs is pairwise and passes."""
    fired = flip_towards(peer, byte, monkeypatch)
    ended = World(3, seed).run(lambda ctx, links: check_bit_keys(ctx, links))
    assert fired
    # Bits beyond those of the check are not used.
    if byte < (192 + 128) // 8:
        caught(ended)
    else:
        assert ended.results == [None] * 3


@PARTIES
def test_honest_keys_pass(parties: int, seed: bytes) -> None:
    assert World(parties, seed).run(check_bit_keys).results == [None] * parties


def drawing(change: Callable[[int, list[int]], list[int]], *, store: bool) -> Callable[[Context], Deltas]:
    """Draw Delta_i and use `change(peer, Delta_i)`; with `store` the key share is that towards the first peer."""

    def draw(ctx: Context) -> Deltas:
        deltas = {peer: change(peer, list(delta)) for peer, delta in draw_delta(ctx).items()}
        if store:
            word = sum(bit << place for place, bit in enumerate(next(iter(deltas.values()))[:64]))
            ctx.session.bit_domain.install(MacKey(BitKey(word)))
        return deltas

    return draw


def with_bit(place: int) -> Callable[[int, list[int]], list[int]]:
    return lambda peer, delta: [bit ^ (at == place) for at, bit in enumerate(delta)]


@PARTIES
@pytest.mark.parametrize("cheater", [0, 1])
def test_a_party_that_flips_its_pinned_bit(cheater: int, parties: int, seed: bytes) -> None:
    """The lowest bit of delta would be zero, and every opening as well."""
    world = World(parties, seed, draws={cheater: drawing(with_bit(0), store=True)})
    ended = world.run(check_bit_keys)
    assert_caught(ended, WordCheckFailed, FOUND, cheater=cheater, everyone_sees=True)


@PARTIES
@pytest.mark.parametrize("place", [0, 1, 40, 63])
def test_a_party_that_computes_with_another_key_than_it_used(place: int, parties: int, seed: bytes) -> None:
    world = World(parties, seed, draws={CHEATER: drawing(with_bit(place), store=False)})
    caught(world.run(check_bit_keys))


@pytest.mark.parametrize("place", [0, 1, 40, 63])
@pytest.mark.parametrize("peer", [0, 2])
def test_different_keys_towards_two_peers(peer: int, place: int, seed: bytes) -> None:
    """Neither of the two honest parties can see it alone."""

    def change(to: int, delta: list[int]) -> list[int]:
        return with_bit(place)(to, delta) if to == peer else delta

    caught(World(3, seed, draws={CHEATER: drawing(change, store=False)}).run(check_bit_keys))


def test_a_hashed_bit_that_differs_is_no_matter_of_keys(seed: bytes) -> None:
    """Which hash key a sender uses towards whom is its own affair: it can only spoil its own payloads."""

    def change(to: int, delta: list[int]) -> list[int]:
        return with_bit(100)(to, delta) if to == 2 else delta

    assert World(3, seed, draws={CHEATER: drawing(change, store=False)}).run(check_bit_keys).results == [None] * 3


# -- cost, order, turns -----------------------------------------------------------------------------------------------


@PARTIES
def test_costs(parties: int, seed: bytes) -> None:
    ended = World(parties, seed).run(check_bit_keys)
    expected = {
        "bits.columns": 64 * (384 + 128) // 4 // 8,
        "bits.digests": 1040,
        **toss_bytes("bits.check", parties),
        **toss_bytes("bits.key_check", parties),
        "bits.key_check.bits": 16,
        **commit_bytes("bits.key_check.sigma", 16, parties),
    }
    if parties > 2:
        expected["broadcast.echo"] = 32
    found = bytes_per_peer(ended)
    assert {step: cost for step, cost in found.items() if step != "bits.trees"} == expected
    echo = parties > 2
    assert ended.rounds == SET_UP_ROUNDS + stated_rounds(check_bit_keys) + echo
    assert stated_rounds(check_bit_keys) == 4 + stated_rounds(word_check)
    assert functions_that_state_rounds([module]) == {"word_check", "check_bit_keys"}


@PARTIES
def test_everything_comes_after_what_it_must_not_be_known_before(parties: int, seed: bytes) -> None:
    trace = World(parties, seed).run(check_bit_keys).trace
    steps = [
        "bits.digests",
        "bits.key_check.coins.commit",
        "bits.key_check.coins.open",
        "bits.key_check.bits",
        *(["broadcast.echo"] if parties > 2 else []),
        "bits.key_check.sigma.commit",
        "bits.key_check.sigma.open",
    ]
    rounds = [rounds_of(trace, step) for step in steps]
    assert all(len(found) == 1 for found in rounds)
    assert rounds == sorted(rounds)
    assert len({found[0] for found in rounds}) == len(steps)


@PARTIES
def test_the_check_holds_the_keys_of_all_domains(parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """No two checks at once, under whichever key: sigma is committed to and opened inside."""
    inside, events, original = [0], list[str](), Domains.checking

    @contextmanager
    def spying(self: Domains) -> Iterator[None]:
        with original(self):
            inside[0] += 1
            yield
            inside[0] -= 1

    async def recording(ctx: Context, steps: Any, payload: bytes) -> Any:
        if steps is KEY_CHECK.sigma:
            assert inside[0] > 0
            with pytest.raises(InternalError, match="two MAC checks"), MacKey.checking(ctx.session.bit_domain.key):
                raise AssertionError
            events.append("refused")
        return await commit_and_open(ctx, steps, payload)

    monkeypatch.setattr(Domains, "checking", spying)
    monkeypatch.setattr(module, "commit_and_open", recording)
    World(parties, seed).run(check_bit_keys)
    assert events == ["refused"] * parties
