"""Cheats against the MAC check and the sacrifice, each in the best way that there is.

Symbols:  p the modulus, alpha the MAC key, chi the coins of a MAC check (the first is 1), t the coin of the sacrifice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spdz.errors import MacCheckFailed, SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.preprocessing.mascot import triples
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.multiply import PRODUCT_CORRECTIONS
from spdz.preprocessing.mascot.triples import sacrifice
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, output
from spdz.runtime.context import Context
from spdz.sharing.material import Batch
from spdz.sharing.shares import AuthShare
from spdz.sharing.unverified import Unverified
from spdz.wire.codec import Codec
from spdz.wire.steps import Step
from tests.support.cheaters import cheat_at, with_added
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.parties import make_sessions, run

from .trials import Attempt, unnoticed

CHEATER = 0
ERROR = 3


def forged_opening(field: Field, parties: int, values: int, wrong: int, guess: int = 0) -> Attempt:
    """Open `values` elements, one of them off by 3, with a MAC share that fits if alpha is `guess`.

    Passes iff chi_wrong (alpha - guess) = 0, and chi_wrong is 1 for the first value.
    """

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(parties, field, seed)
        dealer = IdealDealer(sessions, seed)
        shares = dealer.share(dealer.random(values))
        shares[CHEATER] = AuthShare(
            with_added(shares[CHEATER].value, wrong, ERROR), with_added(shares[CHEATER].mac, wrong, ERROR * guess)
        )

        async def main(ctx: Context) -> None:
            await partial_open(ctx, OUTPUT, shares[ctx.party])
            await check_openings(ctx)

        return unnoticed(run(sessions, main), CHEATER, MacCheckFailed)

    return attempt


def forged_output(field: Field, parties: int, guess: int) -> Attempt:
    """The same through `output` with nothing else unchecked: what a user's `reveal` of one number runs."""

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(parties, field, seed)
        dealer = IdealDealer(sessions, seed)
        value = dealer.random(1)
        shares = dealer.share(value)
        own = shares[CHEATER]
        shares[CHEATER] = AuthShare(own.value + ERROR, own.mac + ERROR * guess)
        ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]))
        passed = unnoticed(ended, CHEATER, MacCheckFailed)
        assert not passed or ended.outcomes[1].result.equals(value + ERROR)
        return passed

    return attempt


def wrong_triples(field: Field, parties: int, count: int, guess: int, key_guess: int = 0) -> Attempt:
    """The first triple is wrong by (e, t' e) on (c, c^) with t' = `guess`; all others are right.

    The cheater knows s = t e - t' e as soon as t is tossed, and corrects its MAC share of the claim sigma = 0 for the
    case that alpha is `key_guess`. Passes iff s = 0, or the coefficient of the claim is 0, or alpha is `key_guess`.
    """

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(parties, field, seed)
        dealer = IdealDealer(sessions, seed)
        a, b, a_hat = (dealer.random(count) for _ in range(3))
        wrong = _first(field, count, ERROR)
        c, c_hat = a * b + wrong, a_hat * b + wrong * guess
        arrays = [dealer.share(values) for values in (a, b, c, a_hat, c_hat)]
        # The MAC of the claim is alpha s too large; with these the cheater's shares are key_guess s smaller.
        arrays[2][CHEATER] = _less_mac(arrays[2][CHEATER], wrong * key_guess)
        arrays[4][CHEATER] = _less_mac(arrays[4][CHEATER], wrong * guess * key_guess)
        ended = run(sessions, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
        return unnoticed(ended, CHEATER, SacrificeFailed)

    return attempt


def _first(field: Field, count: int, value: int) -> FieldArray:
    return with_added(field.zeros((count,)), 0, value)


def _less_mac(share: AuthShare, less: FieldArray) -> AuthShare:
    return AuthShare(share.value, share.mac - less)


def wrong_triples_of_the_generator(field: Field, guess: int) -> Attempt:
    """As `wrong_triples`, by a cheater inside MASCOT: it changes c and c^ between combination and authentication."""

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(2, field, seed)
        links = ideal_links(sessions, seed)
        cheating = cheat_at(
            lambda ctx: triples.make_triples(ctx, links[ctx.party], 1),
            lambda ctx: _make_wrong_triple(ctx, links[ctx.party], guess),
            CHEATER,
            2,
        )
        return unnoticed(run(sessions, cheating), CHEATER, SacrificeFailed)

    return attempt


async def _make_wrong_triple(ctx: Context, links: dict[int, Link], guess: int) -> Batch:
    """`make_triples` for one triple, wrong by (3, 3 guess)."""
    made = await triples.make_candidates(ctx, links, 1)
    honest = made.candidates
    wrong = honest._replace(c=honest.c + ERROR, c_hat=honest.c_hat + ERROR * guess)
    entered = await triples.enter_candidates(ctx, links, made._replace(candidates=wrong))
    shares = await triples.authenticate_candidates(links, entered)
    return await sacrifice(ctx, *shares)


def guessed_bits_of_a(field: Field, bits: int) -> Attempt:
    """Selective failure: the cheater uses another b under the lowest `bits` bits of the victim's first `a`.

    Nothing comes of it if all of them are zero. Otherwise the two combinations of the triple are off by r e and r^ e,
    as good as a wrong triple with a random guess of the sacrifice coin.
    """

    def attempt(seed: bytes) -> bool:
        sessions = make_sessions(2, field, seed)
        links = ideal_links(sessions, seed)

        async def honest(ctx: Context) -> Batch:
            return await triples.make_triples(ctx, links[ctx.party], 1)

        async def cheating(ctx: Context) -> Batch:
            return await triples.make_triples(_GuessingContext(ctx, bits), links[ctx.party], 1)

        ended = run(sessions, cheat_at(honest, cheating, CHEATER, 2))
        return unnoticed(ended, CHEATER, SacrificeFailed)

    return attempt


class _GuessingContext(Context):
    """A context that adds one to the corrections of the first OTs of a product: those of the lowest bits."""

    def __init__(self, honest: Context, bits: int) -> None:
        super().__init__(honest.session, honest.path, honest.unverified)
        self._bits = bits

    def child(self, name: str, unverified: Unverified | None = None) -> Context:
        return _GuessingContext(super().child(name, unverified), self._bits)

    async def exchange(
        self, step: Step, sends: Mapping[int, tuple[Codec, Any]], receives: Mapping[int, Codec]
    ) -> dict[int, Any]:
        if step is PRODUCT_CORRECTIONS:
            sends = {peer: (codec, self._changed(value)) for peer, (codec, value) in sends.items()}
        return await super().exchange(step, sends, receives)

    def _changed(self, corrections: FieldArray) -> FieldArray:
        for bit in range(self._bits):
            corrections = with_added(corrections, bit, 1)
        return corrections
