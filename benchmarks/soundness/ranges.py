"""Inputs in range: the best forgery of their proof, and what verifiers see of honest ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from unittest.mock import patch

import numpy as np

from spdz.crypto.prg import Prg
from spdz.errors import RangeProofFailed
from spdz.field import M5, M7, Field, FieldArray
from spdz.online.operations import range_inputs
from spdz.online.operations.range_inputs import Digits, share_in_range
from spdz.protocols import field_proof
from spdz.protocols.mac_check import check_openings
from spdz.runtime.context import Context
from spdz.sharing.material import proof_masks
from spdz.sharing.shares import AuthShare
from tests.online.support import Ideal
from tests.support.range_forger import answers_for, digit_off

from .statistics import Samples
from .trials import Attempt, Cheat, unnoticed
from .views import P, Scenario, Tap, View, numbers, own_sums

CHEATER = 1
WIDTH = 2
"""One digit."""
ROOTS = (3, 8, 20, 30)


RUNS = {M5.name: 4000, M7.name: 6000}


def range_cheats() -> list[Cheat]:
    """Every row, in the order of the report."""
    rows = []
    for field, parties in ((M5, 2), (M5, 3), (M7, 2), (M7, 3)):
        p, keys = field.modulus, (len(ROOTS) / field.modulus) ** (parties - 1)
        rows.append(
            Cheat(
                f"range-{field.name}-{parties}",
                "digit out of range, best answer",
                field.name,
                parties,
                digit_out_of_range(field, parties),
                1 / p + (1 - 1 / p) * keys,
                "1/p + (1 - 1/p) 4/p" if parties == 2 else "1/p + (1 - 1/p) (4/p)^2",
                5 / p,
                "5/p",
                RUNS[field.name],
            )
        )
    return rows


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

    coins: list[int] = []
    with patch.object(field_proof, "_chunks", _told(coins)), ExitStack() as leak:
        if not own_covers:
            leak.enter_context(patch.object(range_inputs, "_cover_places", _one_for_all))
        ideal.run(main, tap)
    used = [AuthShare.concatenate([dealt[party].shares[0][:1] for dealt in masks]) for party in range(scenario.parties)]
    received = {**tap.elements("range.digits"), **_coefficients(scenario, tap)}
    known = own_sums(scenario, mask=used) | _guesses(scenario, ideal, tap, used, coins[:: scenario.parties])
    return View(received, known)


def _told(coins: list[int]) -> Callable[..., Iterator[tuple[slice, FieldArray]]]:
    """Coins of proofs, kept as they are expanded: by every party, proof after proof."""
    honest = field_proof._chunks

    def chunks(field: Field, stream: Prg, count: int) -> Iterator[tuple[slice, FieldArray]]:
        for part, chi in honest(field, stream, count):
            coins.extend(chi.to_ints())
            yield part, chi

    return chunks


def _coefficients(scenario: Scenario, tap: Tap) -> dict[str, Samples]:
    """The four coefficients that each member is sent; of two members also the difference of the highest ones."""
    degree, sent = Digits(WIDTH).degree, tap.elements("range.answer")
    found = {f"A{power}, {name}": each[power::degree] for name, each in sent.items() for power in range(degree)}
    if len(sent) == 2:
        one, other = (each[degree - 1 :: degree] for each in sent.values())
        found["A3 to one less A3 to the other"] = (one - other) % P
    return found


def _guesses(scenario: Scenario, ideal: Ideal, tap: Tap, used: list[AuthShare], coins: list[int]) -> dict[str, Samples]:
    """What the highest coefficient, or the difference of two, would be without covers if the digit were a guess g.

    A3 = chi e3(g, .., g - 3) v, and v = w - g alpha_j, where w is the member's MAC share of the digit.
    """
    [sent], chi = tap.elements("range.digits").values(), np.array(coins, np.int64)
    found = {}
    for guess in range(4):
        factors = [guess - m for m in range(4)]
        highest = sum(math.prod(factors[:m] + factors[m + 1 :]) for m in range(4))
        sign, total = 1, np.zeros_like(chi)
        for member in scenario.coalition:
            alpha = int(ideal.dealer.keys[member].to_ints())
            total += sign * (numbers(used[member].mac) + sent * alpha - guess * alpha)
            sign = -1
        found[f"A3 for a digit of {guess}"] = chi * highest * total % P
    return found


def _one_for_all(ctx: Context, owner: int, digits: Digits, start: int) -> Mapping[int, slice]:
    """The places of the same covers for every verifier."""
    return {party: slice(start, start + digits.degree - 1) for party in range(ctx.parties) if party != owner}
