"""Views of the online protocols and of the steps that make squares and bits, over ideal material in M5.

Every experiment takes what makes it leaky as an argument, so that the same statistics see the sound and the leaky one.
The honest inputs are made of `scenario.secret`; whatever the coalition is allowed to learn is the same for all secrets.
"""

from __future__ import annotations

import numpy as np

from spdz.field import M5, FieldArray
from spdz.online.operations.inputs import share_input
from spdz.online.operations.matrices import matmul
from spdz.online.operations.products import multiply, square
from spdz.preprocessing.mascot.squares_bits import _bits, _squares
from spdz.preprocessing.mascot.triples import sacrifice
from spdz.protocols.mac_check import check_openings
from spdz.protocols.output import output, output_to
from spdz.runtime.context import Context
from spdz.sharing.material import TRIPLES, Batch, InputMasks, Triples
from spdz.sharing.shares import AuthShare
from tests.online.support import Ideal

from .views import Scenario, Tap, View, halves, own_sums

TOTAL = 7
"""What is output where something is output."""


BIASED = 3
"""So many values of 31 are replaced by zero in a biased mask."""


def inputs(scenario: Scenario, *, reuse_mask: bool = False, biased: bool = False) -> View:
    """Every honest party inputs two values, the secret and 3. Leaky: both under one mask, or under biased ones."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    masks_of = _biased_masks if biased else Ideal.masks
    first = {owner: masks_of(ideal, owner, count) for owner in scenario.honest}
    second = first if reuse_mask else {owner: ideal.masks(owner, count) for owner in scenario.honest}

    async def main(ctx: Context) -> None:
        for masks, value in ((first, scenario.secret), (second, 3)):
            for owner in scenario.honest:
                own = M5.full(count, value) if ctx.party == owner else None
                await share_input(ctx, owner, own, masks[owner][ctx.party])
        await check_openings(ctx)

    _finish(ideal, main, tap)
    known = own_sums(scenario, mask=[masks.share for masks in first[scenario.honest[0]]])
    return View(halves(tap.elements("input.masked"), ("first", "second")), known)


def _biased_masks(ideal: Ideal, owner: int, shape: tuple[int, ...]) -> list[InputMasks]:
    """Input masks whose largest values are zero instead: one in ten is."""
    uniform = ideal.dealer.random(*shape)
    clear = M5.array([0 if value >= M5.modulus - BIASED else value for value in uniform.to_ints()])
    shares = ideal.dealer.share(clear)
    return [InputMasks(share, clear if party == owner else None) for party, share in enumerate(shares)]


def products(scenario: Scenario, *, reuse_triple: bool = False) -> View:
    """Two products, x y and 1 y, with x and y made of the secret. Leaky: both with one triple."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    x, y, one = (_constant(ideal, count, value) for value in (scenario.secret, 2 * scenario.secret + 1, 1))
    triples = ideal.triples(count)
    others = triples if reuse_triple else ideal.triples(count)

    async def main(ctx: Context) -> None:
        await multiply(ctx, x[ctx.party], y[ctx.party], triples[ctx.party])
        await multiply(ctx, one[ctx.party], y[ctx.party], others[ctx.party])
        await check_openings(ctx)

    _finish(ideal, main, tap)
    known = own_sums(scenario, x=x, y=y, a=[t.a for t in triples], b=[t.b for t in triples], c=[t.c for t in triples])
    return View(halves(tap.opened("multiply.masked"), ("epsilon", "delta", "epsilon'", "delta'")), known)


def squared(scenario: Scenario) -> View:
    """One square of the secret."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    x, squares = _constant(ideal, count, scenario.secret), ideal.squares(count)

    async def main(ctx: Context) -> None:
        await square(ctx, x[ctx.party], squares[ctx.party])
        await check_openings(ctx)

    _finish(ideal, main, tap)
    known = own_sums(scenario, x=x, a=[s.a for s in squares], b=[s.b for s in squares])
    return View(tap.opened("square.masked"), known)


def matrix_products(scenario: Scenario) -> View:
    """A product of two square matrices full of the secret; every entry is a repetition."""
    ideal, tap, side = _ideal(scenario), Tap(scenario), int(scenario.repetitions**0.5)
    x, y = _constant(ideal, (side, side), scenario.secret), _constant(ideal, (side, side), 1 - scenario.secret)
    triple = ideal.matrix_triple(side, side, side)

    async def main(ctx: Context) -> None:
        await matmul(ctx, x[ctx.party], y[ctx.party], triple[ctx.party])
        await check_openings(ctx)

    _finish(ideal, main, tap)
    known = own_sums(scenario, x=x, y=y, a=[t.a for t in triple], b=[t.b for t in triple], c=[t.c for t in triple])
    return View(halves(tap.opened("matmul.masked"), ("epsilon", "delta")), known)


def outputs(scenario: Scenario, *, reshare: bool = True) -> View:
    """Honest parties input parts that are made of the secret and sum up to 7; the sum is output.

    Leaky: the owner of a mask holds all of it and the others hold zero, as if masks were not shared out.
    """
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    masks = [_input_masks(ideal, scenario, owner, reshare) for owner in _owners(scenario)]

    async def main(ctx: Context) -> FieldArray:
        shares = []
        for owner, value, own in zip(_owners(scenario), _parts(scenario), masks, strict=True):
            values = M5.full(count, value) if ctx.party == owner else None
            shares.append(await share_input(ctx, owner, values, own[ctx.party]))
        return await output(ctx, shares[0] + shares[1])

    (result, *_) = _finish(ideal, main, tap)
    assert result.equals(M5.full(count, TOTAL))
    received = tap.opened("output.open")
    masked = tap.elements("input.masked")
    if len(scenario.honest) == 1:
        masked = halves(masked, ("first", "second"))
    return View({**received, **masked}, own_sums(scenario, mask=[own.share for own in masks[0]]))


def private_outputs(scenario: Scenario, *, masked: bool = True) -> View:
    """The secret is output to an honest party. Leaky: with a mask of zero."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    x, receiver = _constant(ideal, count, scenario.secret), scenario.honest[0]
    if masked:
        masks = ideal.masks(receiver, count)
    else:
        masks = [InputMasks(share, M5.zeros(count)) for share in _constant(ideal, count, 0)]
    results = _finish(ideal, lambda ctx: output_to(ctx, x[ctx.party], receiver, masks[ctx.party]), tap)
    assert results[receiver].equals(M5.full(count, scenario.secret))
    return View(tap.opened("output.open"), own_sums(scenario, x=x, mask=[own.share for own in masks]))


def sacrifices(scenario: Scenario, *, masked: bool = True) -> View:
    """a and b of the triple are made of the secret. Leaky: a^ is zero, so rho = t a."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    a, b = M5.full(count, scenario.secret), M5.full(count, (3 * scenario.secret + 1) % M5.modulus)
    a_hat = ideal.dealer.random(*count) if masked else M5.zeros(count)
    arrays = [ideal.dealer.share(values) for values in (a, b, a * b, a_hat, a_hat * b)]
    _finish(ideal, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)), tap)
    names = dict(zip(("a", "b", "c", "a_hat", "c_hat"), arrays, strict=True))
    return View(tap.opened("sacrifice.rho"), own_sums(scenario, **names))


def squares_from_triples(scenario: Scenario, *, masked: bool = True) -> View:
    """The square that is made is that of the secret. Leaky: b is zero, so the difference is a."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    a = M5.full(count, scenario.secret)
    triples = _triples(ideal, a, ideal.dealer.random(*count) if masked else M5.zeros(count))

    async def main(ctx: Context) -> None:
        await _squares(ctx, Batch(TRIPLES, tuple(triples[ctx.party])))
        await check_openings(ctx)

    _finish(ideal, main, tap)
    return View(tap.opened("squares.difference"), _own_triples(scenario, triples))


def random_bits(scenario: Scenario) -> View:
    """The bits are 1 for an even secret and 0 for an odd one: a is a canonical root, or minus one."""
    ideal, tap, count = _ideal(scenario), Tap(scenario), (scenario.repetitions,)
    nonzero = np.maximum(np.array(ideal.dealer.random(*count).to_ints()), 1)
    numbers = M5.array(nonzero.tolist())
    root = (numbers * numbers).sqrt()
    triples = _triples(ideal, -root if scenario.secret % 2 else root, ideal.dealer.random(*count))
    _finish(ideal, lambda ctx: _bits(ctx, Batch(TRIPLES, tuple(triples[ctx.party]))), tap)
    received = {**tap.opened("squares.difference"), **tap.opened("bits.square")}
    return View(received, _own_triples(scenario, triples))


def _ideal(scenario: Scenario) -> Ideal:
    return Ideal(scenario.parties, M5, scenario.seed)


def _finish(ideal: Ideal, main, tap: Tap) -> list:  # type: ignore[no-untyped-def, type-arg]
    return ideal.run(main, tap).results


def _constant(ideal: Ideal, shape: tuple[int, ...], value: int) -> list[AuthShare]:
    return ideal.dealer.share(M5.full(shape, value % M5.modulus))


def _owners(scenario: Scenario) -> tuple[int, int]:
    return scenario.honest[0], scenario.honest[-1]


def _parts(scenario: Scenario) -> tuple[int, int]:
    return scenario.secret, (TOTAL - scenario.secret) % M5.modulus


def _input_masks(ideal: Ideal, scenario: Scenario, owner: int, reshare: bool) -> list[InputMasks]:
    masks = ideal.masks(owner, (scenario.repetitions,))
    clear = masks[owner].clear
    if reshare or clear is None:
        return masks
    return [
        InputMasks(AuthShare(clear if party == owner else M5.zeros(clear.shape), own.share.mac), own.clear)
        for party, own in enumerate(masks)
    ]


def _triples(ideal: Ideal, a: FieldArray, b: FieldArray) -> list[Triples]:
    return [Triples(*parts) for parts in zip(*map(ideal.dealer.share, (a, b, a * b)), strict=True)]


def _own_triples(scenario: Scenario, triples: list[Triples]) -> dict:  # type: ignore[type-arg]
    return own_sums(scenario, a=[t.a for t in triples], b=[t.b for t in triples], c=[t.c for t in triples])
