"""A new sharing domain is one class beside the field: shared, opened, checked and output by the code that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from spdz.errors import BroadcastMismatch, InternalError, MacCheckFailed, MalformedMessage, UsageError
from spdz.field import M61
from spdz.protocols import mac_check
from spdz.protocols.mac_check import check_openings, checked
from spdz.protocols.opening import claim_zero, open_masked, partial_open
from spdz.protocols.output import output
from spdz.runtime.context import Context, SessionState
from spdz.sharing.field_domain import FIELD
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, Step
from tests.house.bits import BITS, BitDealer, BitDomain, BitShare
from tests.support.cheaters import with_added
from tests.support.dealer import IdealDealer
from tests.support.interference import equivocate
from tests.support.parties import Run, assert_caught, make_sessions, run

Declare = Callable[..., Step]
PARTIES = pytest.mark.parametrize("parties", [2, 3])
DOMAINS = pytest.mark.parametrize("domain", [FIELD, BITS])
CHEATER = 1
SIGMA = "mac_check.sigma.open"


@dataclass
class World:
    """Sessions with both domains, and shares of the same things in each, by party."""

    sessions: list[SessionState]
    step: Step
    numbers: list[AuthShare]
    masks: list[AuthShare]
    bits: list[BitShare]
    others: list[BitShare]

    def disturb(self, domain: str, place: int) -> None:
        """The cheater's share becomes one of something else."""
        if domain == FIELD:
            share = self.numbers[CHEATER]
            self.numbers[CHEATER] = AuthShare(with_added(share.value, place, 1), share.mac)
        else:
            words = self.bits[CHEATER].words.copy()
            words[place] ^= np.uint64(1)
            self.bits[CHEATER] = BitShare(words)

    def run(self, protocol: Any, cheat: Any = None) -> Run:
        return run(self.sessions, protocol, cheat)


@pytest.fixture
def world(seed: bytes, declare_step: Declare) -> Callable[[int], World]:
    step = declare_step("test.opening", Delivery.BROADCAST, payload=Payload.ELEMENTS)

    def make(parties: int) -> World:
        sessions = make_sessions(parties, M61, seed)
        field, bits = IdealDealer(sessions, seed), BitDealer(sessions, seed)
        numbers, masks = field.share([7, 8, 9]), field.share([1, 2, 3])
        return World(sessions, step, numbers, masks, bits.share([1, 0, 1, 1]), bits.share([1, 1, 0, 0]))

    return make


@PARTIES
def test_both_domains_are_opened_checked_and_output_side_by_side(parties: int, world: Callable[[int], World]) -> None:
    here = world(parties)

    async def main(ctx: Context) -> list[list[int]]:
        i = ctx.party
        domain = ctx.session.domains[BITS]
        number = await partial_open(ctx, here.step, here.numbers[i])
        bit = await partial_open(ctx, here.step, here.bits[i])
        [difference] = await open_masked(ctx, here.step, (here.numbers[i], here.masks[i]))
        exclusive, same = await open_masked(
            ctx, here.step, (here.bits[i], here.others[i]), (here.bits[i], domain.public(np.ones(4, np.uint8)))
        )
        claim_zero(ctx, here.numbers[i] - ctx.public(number))
        claim_zero(ctx, here.bits[i] ^ domain.public(bit))
        released = await output(ctx, here.others[i])
        ctx.unverified.require_empty()
        arrays = (number.to_ints(), bit, difference.to_ints(), exclusive, same, released)
        return [[int(entry) for entry in array] for array in arrays]

    ended = here.run(main)
    expected = [[7, 8, 9], [1, 0, 1, 1], [6, 6, 6], [0, 1, 1, 1], [0, 1, 0, 0], [1, 1, 0, 0]]
    assert ended.results == [expected] * parties
    assert all(session.domains.alive for session in here.sessions)


@PARTIES
def test_one_check_covers_both_domains_at_the_price_of_one(parties: int, world: Callable[[int], World]) -> None:
    here = world(parties)

    async def main(ctx: Context) -> None:
        await partial_open(ctx, here.step, here.bits[ctx.party])
        await partial_open(ctx, here.step, here.numbers[ctx.party])
        await check_openings(ctx)

    ended = here.run(main)
    assert ended.results == [None] * parties
    assert ended.rounds == 2 + 4 + (parties > 2)
    for step in ("mac_check.coins.commit", "mac_check.coins.open", "mac_check.sigma.commit", SIGMA):
        assert ended.trace.steps[step].exchanges == 1


@PARTIES
@DOMAINS
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_wrong_opening_in_either_domain_fails_and_kills_both_keys(
    parties: int, domain: str, place: int, world: Callable[[int], World]
) -> None:
    here = world(parties)
    here.disturb(domain, place)

    async def main(ctx: Context) -> None:
        await partial_open(ctx, here.step, here.numbers[ctx.party])
        await partial_open(ctx, here.step, here.bits[ctx.party])
        await check_openings(ctx)

    _assert_failed(here, here.run(main), MacCheckFailed, SIGMA)


@PARTIES
@DOMAINS
def test_a_wrong_masked_opening_or_output_in_either_domain(
    parties: int, domain: str, world: Callable[[int], World]
) -> None:
    for reveal in (False, True):
        here = world(parties)
        here.disturb(domain, 1)

        async def main(ctx: Context, here: World = here, reveal: bool = reveal) -> None:
            i = ctx.party
            if reveal:
                await output(ctx, here.bits[i])
                await output(ctx, here.numbers[i])
            else:
                await open_masked(ctx, here.step, (here.numbers[i], here.masks[i]))
                await open_masked(ctx, here.step, (here.bits[i], here.others[i]))
                await check_openings(ctx)

        _assert_failed(here, here.run(main), MacCheckFailed, SIGMA)


@PARTIES
@DOMAINS
def test_a_false_claim_of_zero_in_either_domain_fails(parties: int, domain: str, world: Callable[[int], World]) -> None:
    here = world(parties)

    async def main(ctx: Context) -> None:
        def claims(scope: Context) -> None:
            share = here.numbers[scope.party]
            claim_zero(scope, share if domain == FIELD else share - share)
            bits = here.bits[scope.party]
            claim_zero(scope, bits if domain == BITS else bits ^ bits)

        async def body(scope: Context) -> None:
            claims(scope)

        await checked(ctx, "claims", body)

    ended = here.run(main)
    assert {type(outcome.error) for outcome in ended.outcomes} == {MacCheckFailed}
    _assert_failed(here, ended, MacCheckFailed, SIGMA)


@DOMAINS
def test_different_openings_to_different_parties_are_found_in_either_domain(
    domain: str, world: Callable[[int], World]
) -> None:
    here = world(3)
    cheat = equivocate("test.opening", CHEATER, 0)

    async def main(ctx: Context) -> None:
        shares: Any = here.numbers if domain == FIELD else here.bits
        await partial_open(ctx, here.step, shares[ctx.party])
        await check_openings(ctx)

    # A flipped lowest bit of a byte is another bit; in the field it is another element.
    _assert_failed(here, here.run(main, cheat), BroadcastMismatch, "broadcast.echo")


@PARTIES
def test_what_is_no_sigma_of_one_domain_is_named(
    parties: int, world: Callable[[int], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sigma of both travel in one commitment; each is read from its own place."""
    here, honest = world(parties), mac_check._sigma

    def cheating(ctx: Context, name: str, *more: Any) -> bytes:
        sigma = honest(ctx, name, *more)
        return b"\xff" * len(sigma) if ctx.party == CHEATER and name == FIELD else sigma

    monkeypatch.setattr(mac_check, "_sigma", cheating)

    async def main(ctx: Context) -> None:
        await partial_open(ctx, here.step, here.numbers[ctx.party])
        await partial_open(ctx, here.step, here.bits[ctx.party])
        await check_openings(ctx)

    ended = here.run(main)
    _assert_failed(here, ended, MalformedMessage, SIGMA)
    assert "sharing domain field" in str(ended.outcomes[0].error)


@DOMAINS
def test_two_checks_at_once_in_different_domains_are_refused(domain: str, world: Callable[[int], World]) -> None:
    """One check at a time under either key: what a stalled one shows would help to forge in the other domain."""
    here = world(2)

    async def main(ctx: Context) -> None:
        async def numbers(scope: Context) -> None:
            await partial_open(scope, here.step, here.numbers[scope.party])

        async def bits(scope: Context) -> None:
            await partial_open(scope, here.step, here.bits[scope.party])

        bodies = (numbers, bits) if domain == FIELD else (bits, numbers)
        await ctx.gather(*(checked(ctx, "scope", body) for body in bodies))

    ended = here.run(main)
    for session, outcome in zip(here.sessions, ended.outcomes, strict=True):
        assert type(outcome.error) is InternalError
        assert not session.domains.alive


@pytest.fixture
def session(seed: bytes) -> SessionState:
    """A party's session with both domains, driven by nobody."""
    sessions = make_sessions(2, M61, seed)
    IdealDealer(sessions, seed)
    BitDealer(sessions, seed)
    return sessions[0]


@pytest.mark.parametrize("reason", [MacCheckFailed("no"), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_whatever_interrupts_a_check_destroys_both_keys(session: SessionState, reason: BaseException) -> None:
    field, bits = session.key.share, session.domains[BITS].key.share
    with pytest.raises(type(reason)), session.domains.checking():
        raise reason
    assert not session.domains.alive
    assert (field.to_ints(), bits.word) == (0, 0)


@DOMAINS
def test_a_check_that_is_refused_under_one_key_destroys_the_other(session: SessionState, domain: str) -> None:
    session.domains[domain].key.destroy()
    with pytest.raises(UsageError, match="destroyed"), session.domains.checking():
        pytest.fail("a check began under a dead key")
    assert not session.domains.alive


def test_a_second_check_at_the_same_time_destroys_both_keys_at_once(session: SessionState) -> None:
    first = session.domains.checking()
    first.__enter__()
    with pytest.raises(InternalError, match="two MAC checks"), session.domains.checking():
        pytest.fail("two checks ran at once")
    assert not session.domains.alive
    first.__exit__(None, None, None)
    assert not session.domains.alive


def test_the_keys_are_destroyed_together(session: SessionState) -> None:
    session.domains.destroy()
    assert not session.domains.alive


def test_no_check_begins_before_a_key_is_made(seed: bytes) -> None:
    session = make_sessions(2, M61, seed)[0]
    with pytest.raises(InternalError, match="before set-up"), session.domains.checking():
        pytest.fail("a check began without a key")


def test_an_error_outside_of_any_check_kills_both_keys(world: Callable[[int], World]) -> None:
    here = world(2)

    async def main(ctx: Context) -> None:
        await partial_open(ctx, here.step, here.bits[ctx.party])
        raise UsageError("something else")

    assert {type(outcome.error) for outcome in here.run(main).outcomes} == {UsageError}
    assert not any(session.domains.alive for session in here.sessions)


def test_a_dead_key_of_one_domain_stops_both(world: Callable[[int], World]) -> None:
    here = world(2)
    for session in here.sessions:
        session.domains[BITS].key.destroy()

    async def main(ctx: Context) -> None:
        await partial_open(ctx, here.step, here.numbers[ctx.party])
        await check_openings(ctx)

    for session, outcome in zip(here.sessions, here.run(main).outcomes, strict=True):
        assert type(outcome.error) is UsageError
        assert not session.key.alive


def test_a_domain_without_its_key_does_not_hinder_the_others_but_opens_nothing(
    seed: bytes, declare_step: Declare
) -> None:
    """Set-up of a second domain needs checks in the first."""
    step = declare_step("test.opening", Delivery.BROADCAST, payload=Payload.ELEMENTS)
    for domain in (FIELD, BITS):
        sessions = make_sessions(2, M61, seed)
        numbers = IdealDealer(sessions, seed).share([7])
        for session in sessions:
            session.domains.add(BitDomain())
        shares: Any = numbers if domain == FIELD else [BitShare(np.zeros(1, np.uint64))] * 2

        async def main(ctx: Context, shares: Any = shares) -> None:
            await partial_open(ctx, step, shares[ctx.party])
            await check_openings(ctx)

        expected = type(None) if domain == FIELD else InternalError
        assert {type(outcome.error) for outcome in run(sessions, main).outcomes} == {expected}


def test_names_and_labels_are_taken_once_and_a_share_has_one_home(seed: bytes) -> None:
    (session, _) = make_sessions(2, M61, seed)
    share = BitShare(np.zeros(1, np.uint64))
    with pytest.raises(InternalError, match="belongs to 0 sharing domains"):
        session.domains.of(share)
    with pytest.raises(InternalError, match="no sharing domain named toy bits"):
        session.domains[BITS]
    session.domains.add(BitDomain())
    assert session.domains.of(share).name == BITS
    with pytest.raises(InternalError, match="named toy bits already"):
        session.domains.add(BitDomain())
    twin = BitDomain()
    twin.name = "twin"
    with pytest.raises(InternalError, match="under the label chi of bits"):
        session.domains.add(twin)
    twin.coins_label = "twin"
    session.domains.add(twin)
    with pytest.raises(InternalError, match="belongs to 2 sharing domains"):
        session.domains.of(share)


def _assert_failed(here: World, ended: Run, error: Any, step: str) -> None:
    assert_caught(ended, error, step, cheater=CHEATER)
    for party, session in enumerate(here.sessions):
        assert party == CHEATER or not session.domains.alive
