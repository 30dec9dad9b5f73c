"""Soundness errors that can be seen: in a field of 31 elements a cheater gets away as often as the proof says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from spdz.errors import MacCheckFailed, SacrificeFailed
from spdz.field import M5
from spdz.preprocessing.mascot.triples import sacrifice
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT
from spdz.runtime.context import Context
from spdz.sharing.shares import AuthShare
from tests.support.cheaters import with_added
from tests.support.dealer import IdealDealer
from tests.support.parties import Run, make_sessions, run
from tests.support.statistics import assert_probability

P = M5.modulus
TRIALS = 2000


def successes(seed: bytes, attempt: Callable[[bytes], Run], error: type[Exception]) -> int:
    """How often the honest party notices nothing; where it notices, it is `error`."""
    count = 0
    for trial in range(TRIALS):
        ended = attempt(hashlib.sha256(seed + trial.to_bytes(4, "little")).digest())
        outcome = ended.outcomes[1]
        assert outcome.error is None or type(outcome.error) is error
        assert ended.sessions[1].key.alive == (outcome.error is None)
        count += outcome.error is None
    return count


def wrong_opening(values: int, wrong: int, seed: bytes, *, guess: int | None = None) -> Run:
    """Open `values` elements, one of them off by 3; the cheater may have guessed the MAC key."""
    sessions = make_sessions(2, M5, seed)
    dealer = IdealDealer(sessions, seed)
    shares = dealer.share(dealer.random(values))
    mac = shares[0].mac if guess is None else with_added(shares[0].mac, wrong, 3 * guess)
    shares[0] = AuthShare(with_added(shares[0].value, wrong, 3), mac)

    async def main(ctx: Context) -> bool:
        await partial_open(ctx, OUTPUT, shares[ctx.party])
        await check_openings(ctx)
        return True

    return run(sessions, main)


def test_one_wrong_value_alone_passes_with_probability_1_in_p(seed: bytes) -> None:
    """Only if alpha is zero: the first coefficient is 1, so the coins do not help the cheater."""
    assert_probability(successes(seed, lambda own: wrong_opening(1, 0, own), MacCheckFailed), TRIALS, 1 / P)


def test_one_wrong_value_with_a_guess_of_the_key_passes_with_probability_1_in_p(seed: bytes) -> None:
    attempt: Callable[[bytes], Run] = lambda own: wrong_opening(1, 0, own, guess=7)  # noqa: E731
    assert_probability(successes(seed, attempt, MacCheckFailed), TRIALS, 1 / P)


def test_a_wrong_second_value_passes_with_probability_2_in_p(seed: bytes) -> None:
    """If alpha or its coefficient is zero: 2/p - 1/p^2, the bound of the paper."""
    count = successes(seed, lambda own: wrong_opening(2, 1, own), MacCheckFailed)
    assert_probability(count, TRIALS, 2 / P - 1 / P**2)


@pytest.mark.parametrize("guess", [0, 5])
def test_a_wrong_triple_passes_the_sacrifice_with_probability_3_in_p(guess: int, seed: bytes) -> None:
    """(e, t' e) on (c, c^), if the coin is t', or alpha or the coefficient of the claim is zero: 1 - (1 - 1/p)^3."""

    def attempt(own: bytes) -> Run:
        sessions = make_sessions(2, M5, own)
        dealer = IdealDealer(sessions, own)
        a, b, a_hat = dealer.random(1), dealer.random(1), dealer.random(1)
        arrays = [dealer.share(values) for values in (a, b, a * b + 2, a_hat, a_hat * b + 2 * guess)]
        return run(sessions, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)))

    assert_probability(successes(seed, attempt, SacrificeFailed), TRIALS, 1 - (1 - 1 / P) ** 3)
