"""Broadcast, commit-and-open, coins, openings, the MAC check and output among honest parties."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spdz.errors import InternalError
from spdz.field import M5, M61, M127, Field
from spdz.preprocessing.mascot.triples import SACRIFICE_COINS
from spdz.protocols.broadcast import broadcast, broadcast_from, echo
from spdz.protocols.coin_toss import toss
from spdz.protocols.commit import CommitAndOpen, commit_and_open
from spdz.protocols.mac_check import OPENING_CHECK, check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, output, output_to
from spdz.runtime.context import Context
from spdz.sharing.unverified import Unverified
from spdz.wire.codec import Blob
from spdz.wire.steps import Delivery, Step
from tests.support.dealer import IdealDealer
from tests.support.parties import make_sessions, rounds_of, run

Declare = Callable[..., Step]
PARTIES = pytest.mark.parametrize("parties", [2, 3, 5])
FIELDS = pytest.mark.parametrize("field", [M5, M61, M127], ids=str)


@PARTIES
def test_broadcasts_arrive_and_survive_the_echo(parties: int, declare_step: Declare, seed: bytes) -> None:
    step, single = declare_step("test.said", Delivery.BROADCAST), declare_step("test.from", Delivery.BROADCAST)

    async def main(ctx: Context) -> list[bytes]:
        values = [bytes(value) for value in await broadcast(ctx, step, Blob(1), bytes([ctx.party]))]
        for sender in range(ctx.parties):
            values.append(bytes(await broadcast_from(ctx, single, Blob(1), sender, bytes([100 + ctx.party]))))
        assert ctx.unverified.is_empty == (parties == 2)
        await echo(ctx)
        ctx.unverified.require_empty()
        return values

    expected = [bytes([party]) for party in range(parties)] + [bytes([100 + party]) for party in range(parties)]
    assert run(make_sessions(parties, M61, seed), main).results == [expected] * parties


def test_a_step_that_is_not_declared_as_a_broadcast_cannot_be_one(declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.direct")
    with pytest.raises(AssertionError, match=r"test\.direct"):
        run(make_sessions(2, M61, seed), lambda ctx: broadcast(ctx, step, Blob(1), b"x"))


@PARTIES
def test_commit_and_open_gives_everyone_all_payloads(parties: int, declare_step: Declare, seed: bytes) -> None:
    steps = CommitAndOpen(declare_step("test.commit"), declare_step("test.open"))
    ended = run(make_sessions(parties, M61, seed), lambda ctx: commit_and_open(ctx, steps, bytes([ctx.party] * 3)))
    assert ended.results == [[bytes([party] * 3) for party in range(parties)]] * parties
    assert rounds_of(ended.trace, "test.commit") == [1]
    assert rounds_of(ended.trace, "test.open") == [2]


async def two_tosses(ctx: Context) -> tuple[bytes, bytes, bytes, bytes]:
    first = await toss(ctx, OPENING_CHECK.coins, after=None)
    second = await toss(ctx, SACRIFICE_COINS, after=None)
    return first.key("a"), first.key("b"), second.key("a"), second.key("b")


@PARTIES
def test_all_parties_see_the_same_coins_and_no_two_uses_do(parties: int, seed: bytes) -> None:
    results = run(make_sessions(parties, M61, seed), two_tosses).results
    assert results == [results[0]] * parties
    assert len(set(results[0])) == 4


def test_equal_contributions_give_other_coins_in_another_place_and_session(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The purpose and the session are in the expansion: a pool of coins cannot serve twice (PITFALLS 1)."""

    async def constant(ctx: Context, steps: CommitAndOpen, payload: bytes) -> list[bytes]:
        return [bytes(32)] * ctx.parties

    monkeypatch.setattr("spdz.protocols.coin_toss.commit_and_open", constant)
    one = run(make_sessions(2, M61, seed), two_tosses).results[0]
    same = run(make_sessions(2, M61, seed), two_tosses).results[0]
    other = run(make_sessions(2, M61, seed, b"another session"), two_tosses).results[0]
    assert one == same
    assert len({*one, *other}) == 8


@pytest.mark.parametrize("party", [0, 1, 2])
def test_the_coins_depend_on_the_contribution_of_every_party(
    party: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One honest contribution makes them uniform, whoever is the honest one."""
    contributions = [bytes([number]) * 32 for number in range(3)]

    async def given(ctx: Context, steps: CommitAndOpen, payload: bytes) -> list[bytes]:
        assert len(payload) == 32
        return contributions

    monkeypatch.setattr("spdz.protocols.coin_toss.commit_and_open", given)
    before = run(make_sessions(3, M61, seed), two_tosses).results[0]
    for place in (0, 31):
        contributions[party] = bytes(contributions[party][:place]) + b"\xaa" + contributions[party][place + 1 :]
        after = run(make_sessions(3, M61, seed), two_tosses).results[0]
        assert not set(before) & set(after)
        before = after


@FIELDS
def test_coins_are_uniform_elements_and_depend_on_the_label(field: Field, seed: bytes) -> None:
    async def main(ctx: Context) -> tuple[list[int], list[int]]:
        coins = await toss(ctx, OPENING_CHECK.coins, after=None)
        return coins.elements("x", (4, 5)).to_ints(), coins.elements("y", (4, 5)).to_ints()

    first, second = run(make_sessions(2, field, seed), main).results
    assert first == second
    assert first[0] != first[1]


@PARTIES
@FIELDS
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)], ids=str)
def test_output_reveals_what_was_shared(parties: int, field: Field, shape: tuple[int, ...], seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    dealer = IdealDealer(sessions, seed)
    value = dealer.random(*shape)
    shares = dealer.share(value)
    for opened in run(sessions, lambda ctx: output(ctx, shares[ctx.party])).results:
        assert opened.equals(value)
    assert all(session.key.alive for session in sessions)


@PARTIES
@FIELDS
def test_the_mac_check_passes_over_several_openings_of_any_shape(parties: int, field: Field, seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    dealer = IdealDealer(sessions, seed)
    values = [dealer.random(*shape) for shape in ((), (3,), (2, 2), (0,), (40,))]
    shares = [dealer.share(value) for value in values]

    async def main(ctx: Context) -> bool:
        children = [partial_open(ctx.child("open"), OUTPUT, share[ctx.party]) for share in shares]
        opened = await ctx.gather(*children)
        await check_openings(ctx)
        ctx.unverified.require_empty()
        return all(left.equals(right) for left, right in zip(opened, values, strict=True))

    ended = run(sessions, main)
    assert ended.results == [True] * parties
    assert set(rounds_of(ended.trace, "output.open")) == {1}, "independent openings share a round"
    assert min(rounds_of(ended.trace, "mac_check.coins.commit")) > 1


@pytest.mark.parametrize("parties", [2, 3])
def test_only_the_receiver_learns_a_private_output(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M127, seed)
    dealer = IdealDealer(sessions, seed)
    shares, masks = dealer.share([5, 6]), dealer.masks(1, 2)
    results = run(sessions, lambda ctx: output_to(ctx, shares[ctx.party], 1, masks[ctx.party])).results
    assert results[1].to_ints() == [5, 6]
    assert results[0] is None
    assert results[2:] == [None] * (parties - 2)


def test_two_checks_toss_different_coins_after_their_openings(seed: bytes) -> None:
    """PITFALLS 2."""
    sessions = make_sessions(2, M61, seed)
    dealer = IdealDealer(sessions, seed)
    shares = [dealer.share([1, 2]) for _ in range(2)]

    async def main(ctx: Context) -> None:
        for share in shares:
            await output(ctx, share[ctx.party])

    trace = run(sessions, main).trace
    openings, tosses = rounds_of(trace, "output.open"), rounds_of(trace, "mac_check.coins.commit")
    assert len(openings) == len(tosses) == 2
    assert openings[0] < tosses[0] < openings[1] < tosses[1]


def test_an_opening_in_a_scope_of_its_own_is_not_covered_by_the_check_of_another(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    async def main(ctx: Context) -> None:
        scope = ctx.child("scope", Unverified())
        await partial_open(scope, OUTPUT, shares[ctx.party])
        await check_openings(ctx)
        scope.unverified.require_empty()

    for outcome in run(sessions, main).outcomes:
        assert type(outcome.error) is InternalError
