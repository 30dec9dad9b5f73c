"""Views of what is opened about bits: masked numbers, products, buckets, sums of masks, chains; in M5.

As in `privacy_online`, arguments make the leaky variants. Honest numbers are the secret, honest bits its lowest bit: 0,
1 and 0 for the secrets 0, 1 and 30.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from spdz.field import M5, FieldArray
from spdz.online.operations.compare import SIGN
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.logic import AND
from spdz.online.operations.registry import Operation
from spdz.online.operations.select import SELECT
from spdz.preprocessing.bits import bf_items, buckets, masks
from spdz.preprocessing.bits.and_candidates import Candidates
from spdz.preprocessing.bits.chains import make_dabits
from spdz.preprocessing.bits.cot import Wanted, WideBits, extend_wide
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.masks import make_masks
from spdz.protocols.mac_check import check_openings
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits
from spdz.sharing.material import BIT_TRIPLES, DABITS, DEALT, Kind, compare_masks, mux_triples
from spdz.sharing.material.bit_kinds import low_bits
from tests.online.bits.support import Case
from tests.online.support import Ideal

from .cheats_bits import SMALLEST, BitWorld, dealt_candidates
from .views import Scenario, Tap, View

WIDTH = 3
"""Bits of a signed number: what is compared may be out of range, and is hidden all the same."""


def comparisons(scenario: Scenario, *, masked: bool = True) -> View:
    """The sign of the secret. Leaky: the masks are zero."""
    x = M5.full((scenario.repetitions,), scenario.secret)
    tap = _operation(scenario, SIGN, x, zero=None if masked else compare_masks(5), width=WIDTH, slack=DEALT)
    return View({**tap.opened("compare.masked"), **tap.opened_bits("compare.level", scenario.repetitions)})


def conjunctions(scenario: Scenario, *, masked: bool = True) -> View:
    """The AND of the secret bit with itself. Leaky: the triples are zero."""
    bits = _secret_bits(scenario)
    tap = _operation(scenario, AND, bits, bits, zero=None if masked else BIT_TRIPLES)
    return View(tap.opened_bits("and.masked", scenario.repetitions))


def conversions(scenario: Scenario, *, masked: bool = True) -> View:
    """The secret bit as an element. Leaky: the daBits are zero."""
    tap = _operation(scenario, CONVERT, _secret_bits(scenario), zero=None if masked else DABITS)
    return View(tap.opened_bits("convert.masked", scenario.repetitions))


def selections(scenario: Scenario, *, masked: bool = True) -> View:
    """The secret if the secret bit is one. Leaky: bits and elements of the switches are zero."""
    x, zero = M5.full((scenario.repetitions,), scenario.secret), None if masked else mux_triples(1)
    tap = _operation(scenario, SELECT, _secret_bits(scenario), x, zero=zero, width=None)
    return View({**tap.opened("select.masked"), **tap.opened_bits("select.bit", scenario.repetitions)})


def _secret_bits(scenario: Scenario) -> Bits:
    return np.full(scenario.repetitions, scenario.secret & 1, np.uint8)


def _operation(scenario: Scenario, operation: Operation, *operands: Any, zero: Kind | None, **parameters: Any) -> Tap:
    """Runs an operation on ideal shares; with material that is zero, if one kind is named."""
    ideal, tap, material = Ideal(scenario.parties, M5, scenario.seed), Tap(scenario), []
    if zero is not None:
        values = [
            M5.zeros((scenario.repetitions, *shape))
            if array.domain == "field"
            else np.zeros((scenario.repetitions, *shape), np.uint8)
            for array, shape in zip(zero.declaration.arrays, zero.shapes, strict=True)
        ]
        material.append(ideal.dealer.batches(zero, values))
    case = Case(ideal, operation, *operands, material=material, **parameters)

    async def main(ctx: Context) -> None:
        await case.part(ctx)
        await check_openings(ctx)

    assert ideal.run(main, tap).results == [None] * scenario.parties
    return tap


# -- preprocessing ----------------------------------------------------------------------------------------------------


def differences(scenario: Scenario, *, masked: bool = True) -> View:
    """y of all buckets is the secret bit; what joins has y of its own. Leaky: that is zero."""
    world, tap = BitWorld.of(scenario.parties, M5, scenario.seed), Tap(scenario)
    dealt: list[list[Candidates]] = [[] for _ in world.sessions]
    layers = [_secret_bits(scenario), world.dealer.random(scenario.repetitions)]
    if not masked:
        layers[1][:] = 0
    for y in layers:
        for own, made in zip(dealt, dealt_candidates(world.dealer, scenario.repetitions, y), strict=True):
            own.append(made)

    async def ideal(ctx: Context, *_: Any) -> Candidates:
        return dealt[ctx.party].pop(0)

    with ExitStack() as stack:
        for name, value in (
            ("make_candidates", ideal),
            ("batch_candidates", lambda *_: scenario.repetitions),
            ("layers", lambda *_: 2),
        ):
            stack.enter_context(patch.object(buckets, name, value))
        ended = world.run(lambda ctx, _, links: buckets.make_bit_triples(ctx, links, scenario.repetitions), tap)
    assert len(ended.results) == scenario.parties
    return View(tap.opened_bits("and.differences", scenario.repetitions))


def mask_sums(scenario: Scenario, *, masked: bool = True) -> View:
    """The targets of honest parties are the secret: U of each. Leaky: their sacrifices are zero."""
    plan = replace(SMALLEST, masks=scenario.repetitions)
    world, tap, draw = BitWorld.of(scenario.parties, M5, scenario.seed, plan), Tap(scenario), masks._draw

    def drawn(ctx: Context, shape: tuple[int, int, int]) -> tuple[FieldArray, Bits]:
        own, planes = draw(ctx, shape)
        count, bits, size = shape
        if ctx.party in scenario.honest:
            own[:size] = M5.full((size,), scenario.secret)
            if not masked:
                own[size:] = M5.zeros((count - 1) * size)
            rows = low_bits(own, bits).reshape(count, size, bits)
            planes = rows.transpose(0, 2, 1).copy().reshape(-1)
        return own, planes

    with patch.object(masks, "_draw", drawn):
        ended = world.run(lambda ctx, links, bits: make_masks(ctx, links, bits, M5.bits, plan.masks), tap)
    assert len(ended.results) == scenario.parties
    return View(tap.elements("masks.sum"))


def chains(scenario: Scenario, *, masked: bool = True) -> View:
    """All bits of honest items are the secret bit: V - w of daBits. Leaky: w is zero."""
    world, tap = BitWorld.of(scenario.parties, M5, scenario.seed), Tap(scenario)

    async def chosen(ctx: Context, links: BitLinks, wanted: Wanted) -> WideBits:
        if ctx.party in scenario.honest:
            wanted = wanted._replace(choices=np.full(wanted.rows // 8, 255 * (scenario.secret & 1), np.uint8))
        return await extend_wide(ctx, links, wanted)

    with ExitStack() as stack:
        stack.enter_context(patch.object(bf_items, "extend_wide", chosen))
        if not masked:
            stack.enter_context(patch.object(Context, "random", lambda ctx, shape: ctx.field.zeros(shape)))
        ended = world.run(lambda ctx, links, bits: make_dabits(ctx, links, bits, scenario.repetitions), tap)
    assert len(ended.results) == scenario.parties
    return View(tap.opened("chain.opening"))
