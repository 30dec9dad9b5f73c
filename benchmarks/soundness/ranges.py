"""Inputs in range: the best forgery of their proof, and what verifiers see of honest ones."""

from __future__ import annotations

from collections.abc import Mapping
from unittest.mock import patch

import numpy as np

from spdz.errors import RangeProofFailed
from spdz.field import M5, Field
from spdz.online.operations import range_inputs
from spdz.online.operations.range_inputs import Digits, share_in_range
from spdz.protocols.mac_check import check_openings
from spdz.runtime.context import Context
from spdz.sharing.material import proof_masks
from spdz.sharing.shares import AuthShare
from tests.online.support import Ideal
from tests.support.range_forger import answers_for, digit_off

from .trials import Attempt, unnoticed
from .views import Scenario, Tap, View, own_sums

CHEATER = 1
WIDTH = 2
"""One digit."""
ROOTS = (3, 8, 20, 30)


def digit_out_of_range(field: Field, parties: int) -> Attempt:
    """The digit 4, and the answer that four keys of each verifier believe.

    Passes iff the coin makes the claim true, or the key share of the only verifier, or of both, is one of the four.
    """

    def attempt(seed: bytes) -> bool:
        ideal = Ideal(parties, field, seed)
        masks = ideal.dealer.deal(proof_masks(CHEATER), 1 + Digits(WIDTH).covers(parties))

        async def main(ctx: Context) -> None:
            mine = field.signed(np.array([-2])) if ctx.party == CHEATER else None
            begun = await share_in_range(ctx.child("input"), CHEATER, mine, WIDTH, masks[ctx.party], (1,))
            await begun.rest(ctx.child("rest"))
            await check_openings(ctx.child("check"))

        with digit_off(0, 4), answers_for(ROOTS):
            return unnoticed(ideal.run(main), CHEATER, RangeProofFailed)

    return attempt


def proofs(scenario: Scenario, *, own_covers: bool = True) -> View:
    """An honest party inputs the secret again and again. Leaky (n = 3): both verifiers have the same cover."""
    ideal, tap, owner = Ideal(scenario.parties, M5, scenario.seed), Tap(scenario), scenario.honest[0]
    count = 1 + Digits(WIDTH).covers(scenario.parties)
    masks = [ideal.dealer.deal(proof_masks(owner), count) for _ in range(scenario.repetitions)]
    value = (scenario.secret + 1) % M5.modulus - 2

    async def main(ctx: Context) -> None:
        for number, dealt in enumerate(masks):
            own, mine = ctx.child(f"input {number}"), M5.signed(np.array([value])) if ctx.party == owner else None
            begun = await share_in_range(own, owner, mine, WIDTH, dealt[ctx.party], (1,))
            await begun.rest(own.child("rest"))
        await check_openings(ctx)

    if own_covers:
        ideal.run(main, tap)
    else:
        with patch.object(range_inputs, "_cover_places", _one_for_all):
            ideal.run(main, tap)
    degree = Digits(WIDTH).degree
    answers = {
        f"A{power}, {name}": numbers[power::degree]
        for name, numbers in tap.elements("range.answer").items()
        for power in range(degree)
    }
    used = [AuthShare.concatenate([dealt[party].shares[0][:1] for dealt in masks]) for party in range(scenario.parties)]
    return View({**tap.elements("range.digits"), **answers}, own_sums(scenario, mask=used))


def _one_for_all(ctx: Context, owner: int, digits: Digits, start: int) -> Mapping[int, slice]:
    """The places of the same covers for every verifier."""
    return {party: slice(start, start + digits.degree - 1) for party in range(ctx.parties) if party != owner}
