"""PITFALLS 17: in a field of 31 elements, what a coalition sees says nothing about the honest input."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.field import M5, FieldArray
from spdz.preprocessing.mascot import authenticate as authenticate_module
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.vole.copee import CopeeInputter
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.sharing.unverified import Unverified
from tests.support.dealer import ideal_links
from tests.support.interference import Recorder
from tests.support.parties import make_sessions, run
from tests.support.statistics import assert_uniform, deviation_of_uniform

REPETITIONS = 600
HONEST = 0


@pytest.fixture
def known_zero_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """All others together know how the honest party shared zero, so they can take that off its opened share."""
    monkeypatch.setattr(authenticate_module, "_with_zero_share", lambda ctx, links, value: value)


def combinations(parties: int, value: int, seed: bytes) -> list[int]:
    """What the honest party 0 opens in `authenticate` when it inputs `value` each time."""
    sessions = make_sessions(parties, M5, seed)
    links = ideal_links(sessions, seed)
    view = Recorder("authenticate.combination", HONEST)

    async def main(ctx: Context) -> None:
        own = M5.full((3,), value if ctx.party == HONEST else 1)
        for _ in range(REPETITIONS):
            scope = ctx.child("authenticate", Unverified())
            await authenticate(scope, links[ctx.party], 3, tuple(range(parties)), own)

    assert run(sessions, main, view).results == [None] * parties
    assert len(view.payloads) == REPETITIONS
    return [int.from_bytes(payload, "little") for payload in view.payloads.values()]


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("value", [0, 1, 30])
@pytest.mark.usefixtures("known_zero_shares")
def test_the_opened_combination_is_uniform_whatever_the_input(parties: int, value: int, seed: bytes) -> None:
    assert_uniform(combinations(parties, value, seed), 31)


@pytest.mark.usefixtures("known_zero_shares")
def test_without_its_mask_the_combination_would_show_the_input(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with a constant mask, an input of zero opens a constant."""
    monkeypatch.setattr(Context, "random", lambda self, shape: M5.zeros((shape,) if isinstance(shape, int) else shape))
    assert set(combinations(2, 0, seed)) == {0}


def test_of_several_honest_parties_only_the_sum_is_seen(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even without a mask, the share of one of them is uniform: a sharing of zero hides it."""
    monkeypatch.setattr(Context, "random", lambda self, shape: M5.zeros((shape,) if isinstance(shape, int) else shape))
    assert_uniform(combinations(3, 0, seed), 31)


def test_sampling_of_masks_and_coins_rejects_and_does_not_fold(seed: bytes) -> None:
    """31 is drawn once in 32 times; folded onto 0 it would make 0 twice as likely."""
    (session, _) = make_sessions(2, M5, seed)
    mask = Context(session).random(40_000).to_ints()
    coins = Coins(Context(session), seed).elements("x", (40_000,)).to_ints()
    for samples in (mask, coins):
        assert_uniform(samples, 31)
    folded = np.frombuffer(session.randomness.bytes(40_000), np.uint8) % 32 % 31
    assert deviation_of_uniform(np.bincount(folded, minlength=31).tolist()) > 20


@pytest.mark.parametrize("value", [0, 7])
def test_the_corrections_of_copee_are_uniform_whatever_the_input(value: int, seed: bytes) -> None:
    """The key holder knows one stream of each pair; the other one masks the correction."""
    randomness = deterministic_randomness_for_tests(seed, "copee")
    inputter = CopeeInputter(M5, [(randomness.bytes(16), randomness.bytes(16)) for _ in range(5)])
    message: FieldArray = inputter.extend(M5.full((2000,), value))[0]
    for block in range(5):
        assert_uniform(message.reshape(5, 2000)[block].to_ints(), 31)
