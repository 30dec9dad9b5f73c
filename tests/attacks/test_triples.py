"""Wrong products are found by the sacrifice, because its coin is tossed after everything is fixed (PITFALLS 1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spdz.errors import SacrificeFailed
from spdz.field import M61, FieldArray
from spdz.preprocessing.mascot import triples as triples_module
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.triples import (
    SACRIFICE_COINS,
    authenticate_candidates,
    enter_candidates,
    make_candidates,
    make_triples,
    sacrifice,
)
from spdz.protocols.coin_toss import Coins, toss
from spdz.protocols.commit import CommitAndOpen
from spdz.runtime.context import Context
from spdz.sharing.material import Batch
from tests.support.cheaters import cheat_at
from tests.support.dealer import IdealDealer, ideal_links, reconstruct, reconstruct_batches
from tests.support.interference import POSITIONS, add_to_element, position
from tests.support.parties import Run, assert_caught, make_sessions, run

CHECK = "sacrifice.check.sigma.open"
COUNT, COPIES = 3, 4
CHEATER = 0
PARTIES = pytest.mark.parametrize("parties", [2, 3])


@PARTIES
@pytest.mark.parametrize("place", POSITIONS)
def test_another_b_in_one_of_the_products(parties: int, place: str, seed: bytes) -> None:
    """d + 1 for all bits of one copy of one `a`: the product is wrong by a share of a."""
    element = position(place, COUNT * COPIES)
    gadget = range(element * M61.bits, (element + 1) * M61.bits)
    sessions = make_sessions(parties, M61, seed)
    links = ideal_links(sessions, seed)
    cheat = add_to_element("multiply.corrections", CHEATER, M61, index=gadget, receiver=1)
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], COUNT), cheat)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


def test_another_b_under_one_bit_fails_or_tells_that_bit_alone(seed: bytes) -> None:
    """A selective failure on one bit of one copy of `a`; the combination hides what is learned from it."""
    outcomes = set()
    for place in range(12):
        sessions = make_sessions(2, M61, seed)
        links = ideal_links(sessions, seed)
        cheat = add_to_element("multiply.corrections", CHEATER, M61, index=place)
        ended = run(sessions, lambda ctx, links=links: make_triples(ctx, links[ctx.party], 1), cheat)
        cheat.assert_fired()
        if ended.outcomes[1].error is None:
            a, b, c = reconstruct_batches(sessions, ended.results)
            assert (a * b).equals(c)
            outcomes.add("nothing happened")
        else:
            assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)
            outcomes.add("caught")
    assert outcomes == {"nothing happened", "caught"}


@PARTIES
def test_another_a_towards_one_peer_than_towards_the_check(
    parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consistent choice bits of another `a` pass the OT check; the products are wrong."""
    original = triples_module.multiply

    async def cheating(ctx: Context, links: dict[int, Link], a: FieldArray, b: FieldArray) -> FieldArray:
        return await original(ctx, links, a + 1 if ctx.party == CHEATER else a, b)

    monkeypatch.setattr(triples_module, "multiply", cheating)
    sessions = make_sessions(parties, M61, seed)
    links = ideal_links(sessions, seed)
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], COUNT))
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


Guess = Callable[[list[Coins]], FieldArray]


class Cheater:
    """Makes triples by the same steps and adds (e, t' e) to (c, c^), with t' guessed from coins it knows."""

    def __init__(self, links: list[dict[int, Link]], guess: Guess, known: list[Coins]) -> None:
        self._links = links
        self._guess = guess
        self._known = known

    async def make(self, ctx: Context, count: int) -> Batch:
        links, error = self._links[ctx.party], M61.full((count,), 17)
        made = await make_candidates(ctx, links, count)
        honest = made.candidates
        wrong = honest._replace(c=honest.c + error, c_hat=honest.c_hat + error * self._guess(self._known))
        entered = await enter_candidates(ctx, links, made._replace(candidates=wrong))
        shares = await authenticate_candidates(links, entered)
        return await sacrifice(ctx, *shares)


def attacked(parties: int, seed: bytes, guess: Guess, monkeypatch: pytest.MonkeyPatch) -> Run:
    """All make triples, party 0 as `Cheater`."""
    known: list[Coins] = []
    original = Coins.__init__

    def spy(self: Coins, ctx: Context, value: bytes) -> None:
        original(self, ctx, value)
        if ctx.party == CHEATER:
            known.append(self)

    monkeypatch.setattr(Coins, "__init__", spy)
    sessions = make_sessions(parties, M61, seed)
    links = ideal_links(sessions, seed)
    cheater = Cheater(links, guess, known)
    protocols = cheat_at(
        lambda ctx: make_triples(ctx, links[ctx.party], COUNT), lambda ctx: cheater.make(ctx, COUNT), CHEATER, parties
    )
    return run(sessions, protocols)


@PARTIES
@pytest.mark.parametrize("label", ["t", "r", "r hat", "chi"])
@pytest.mark.parametrize("toss_number", [0, 1], ids=["OT check", "combine"])
def test_an_error_fitted_to_any_coin_known_before_authentication(
    toss_number: int, label: str, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def guess(known: list[Coins]) -> FieldArray:
        assert len(known) == 2, "more coins are known than should be"
        return known[toss_number].elements(label, (1,))

    ended = attacked(parties, seed, guess, monkeypatch)
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


def test_the_attack_succeeds_where_one_pool_of_coins_serves_both(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with the sacrifice coin drawn from the pool of the combination, c is wrong by 17."""
    pool: dict[int, Coins] = {}

    async def pooled(ctx: Context, steps: CommitAndOpen, *, after: object) -> Coins:
        if steps is not SACRIFICE_COINS:
            pool[ctx.party] = await toss(ctx, steps, after=after)
        return pool[ctx.party]

    monkeypatch.setattr(triples_module, "toss", pooled)
    ended = attacked(2, seed, lambda known: known[-1].elements("t", (1,)), monkeypatch)
    a, b, c = reconstruct_batches(ended.sessions, ended.results)
    assert (a * b + 17).equals(c)


@PARTIES
@pytest.mark.parametrize("wrong", ["c", "c hat", "both"])
@pytest.mark.parametrize("place", POSITIONS)
def test_a_correctly_authenticated_wrong_product(parties: int, wrong: str, place: str, seed: bytes) -> None:
    """The sacrifice alone, on ideal shares; one wrong triple among five is enough."""
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    a, b, a_hat = dealer.random(5), dealer.random(5), dealer.random(5)
    error = M61.zeros((5,))
    error[position(place, 5)] = 1
    c = a * b + error if wrong != "c hat" else a * b
    c_hat = a_hat * b + error if wrong != "c" else a_hat * b
    arrays = [dealer.share(values) for values in (a, b, c, a_hat, c_hat)]
    reconstruct(dealer.alpha, arrays[2])
    ended = run(sessions, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)
