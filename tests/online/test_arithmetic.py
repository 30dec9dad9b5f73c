"""Input and the multiplications with ideal material: results and MACs, for every number of parties, field and shape."""

from __future__ import annotations

import pytest

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import M5, M61, M127, Field, FieldArray
from spdz.online.arithmetic import matmul, matmul_by_triples, multiply, share_input, square
from spdz.protocols.mac_check import check_openings
from spdz.protocols.output import output, output_to
from spdz.runtime.context import Context
from tests.support.interference import POSITIONS, add_to_element, equivocate
from tests.support.parties import assert_caught

from .support import SHAPES, Ideal

PARTIES = pytest.mark.parametrize("parties", [2, 3, 5])
FIELDS = pytest.mark.parametrize("field", [M5, M61, M127], ids=str)
ALL_SHAPES = pytest.mark.parametrize("shape", SHAPES, ids=str)
DIMS = pytest.mark.parametrize(
    "dims", [(1, 1, 1), (2, 3, 4), (1, 129, 1), (127, 1, 2), (4, 3, 128), (0, 2, 3), (2, 3, 0), (2, 0, 3)], ids=str
)


@PARTIES
@FIELDS
@ALL_SHAPES
def test_an_input_of_every_party_is_shared(
    parties: int, field: Field, shape: tuple[int, ...], seed: bytes
) -> None:
    ideal = Ideal(parties, field, seed)
    for owner in range(parties):
        values, masks = ideal.dealer.random(*shape), ideal.masks(owner, shape)
        shared = ideal.result(
            lambda ctx, owner=owner, values=values, masks=masks: share_input(  # type: ignore[misc]
                ctx, owner, values if ctx.party == owner else None, masks[ctx.party]
            )
        )
        assert shared.shape == shape
        assert shared.equals(values)


@PARTIES
@FIELDS
@ALL_SHAPES
def test_products_and_squares(parties: int, field: Field, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, field, seed)
    (x, x_shares), (y, y_shares) = ideal.secret(*shape), ideal.secret(*shape)
    triples, squares = ideal.triples(shape), ideal.squares(shape)
    product = ideal.result(lambda ctx: multiply(ctx, x_shares[ctx.party], y_shares[ctx.party], triples[ctx.party]))
    assert product.shape == shape
    assert product.equals(x * y)
    assert ideal.result(lambda ctx: square(ctx, x_shares[ctx.party], squares[ctx.party])).equals(x * x)


@PARTIES
@FIELDS
@DIMS
def test_matrix_products_with_a_matrix_triple_and_with_plain_triples(
    parties: int, field: Field, dims: tuple[int, int, int], seed: bytes
) -> None:
    m, inner, n = dims
    ideal = Ideal(parties, field, seed)
    (x, x_shares), (y, y_shares) = ideal.secret(m, inner), ideal.secret(inner, n)
    whole, single = ideal.matrix_triple(*dims), ideal.triples(dims)
    by_matrix = ideal.result(lambda ctx: matmul(ctx, x_shares[ctx.party], y_shares[ctx.party], whole[ctx.party]))
    by_single = ideal.result(
        lambda ctx: matmul_by_triples(ctx, x_shares[ctx.party], y_shares[ctx.party], single[ctx.party])
    )
    assert by_matrix.equals(x @ y)
    assert by_single.equals(x @ y)


@PARTIES
@FIELDS
@ALL_SHAPES
def test_a_product_is_output_to_all_and_to_one(
    parties: int, field: Field, shape: tuple[int, ...], seed: bytes
) -> None:
    ideal = Ideal(parties, field, seed)
    (x, x_shares), (y, y_shares) = ideal.secret(*shape), ideal.secret(*shape)
    triples, masks, receiver = ideal.triples(shape), ideal.masks(parties - 1, shape), parties - 1

    async def main(ctx: Context) -> tuple[FieldArray, FieldArray | None]:
        me = ctx.party
        product = await multiply(ctx, x_shares[me], y_shares[me], triples[me])
        return await output(ctx, product), await output_to(ctx, product, receiver, masks[me])

    for party, (public, private) in enumerate(ideal.run(main).results):  # type: ignore[arg-type]
        assert public.equals(x * y)
        assert (private is not None) == (party == receiver)
        assert private is None or private.equals(x * y)


STEPS = {"multiply.masked": multiply, "square.masked": square, "matmul.masked": matmul}


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("place", POSITIONS)
def test_a_wrong_share_anywhere_in_an_opening_is_caught_before_anything_is_output(
    parties: int, step: str, place: str, seed: bytes
) -> None:
    """PITFALLS 8: first, middle and last element of every opening of the online phase."""
    ideal = Ideal(parties, M61, seed)
    shape = (3, 3)
    (_, x), (_, y) = ideal.secret(*shape), ideal.secret(*shape)
    triples, squares, whole = ideal.triples(shape), ideal.squares(shape), ideal.matrix_triple(3, 3, 3)

    async def main(ctx: Context) -> FieldArray:
        me = ctx.party
        if step == "square.masked":
            result = await square(ctx, x[me], squares[me])
        elif step == "matmul.masked":
            result = await matmul(ctx, x[me], y[me], whole[me])
        else:
            result = await multiply(ctx, x[me], y[me], triples[me])
        return await output(ctx, result)

    cheat = add_to_element(step, 1, M61, index=place)
    ended = ideal.run(main, cheat)  # type: ignore[arg-type]
    cheat.assert_fired()
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=1, blamed=None)
    assert not [event for event in ended.trace.events if event.step == "output.open"], "nothing may be opened"


@pytest.mark.parametrize("step", ["input.masked", "multiply.masked", "square.masked", "matmul.masked", "output.open"])
def test_different_words_to_different_parties_are_caught(step: str, seed: bytes) -> None:
    """PITFALLS 15, for every broadcast of the online phase."""
    ideal = Ideal(3, M61, seed)
    (_, x), masks = ideal.secret(2, 2), ideal.masks(1, (2, 2))
    triples, squares, whole = ideal.triples((2, 2)), ideal.squares((2, 2)), ideal.matrix_triple(2, 2, 2)
    values = ideal.dealer.random(2, 2)

    async def main(ctx: Context) -> FieldArray:
        me = ctx.party
        y = await share_input(ctx, 1, values if me == 1 else None, masks[me])
        product = await multiply(ctx, x[me], y, triples[me])
        product = await matmul(ctx, await square(ctx, product, squares[me]), y, whole[me])
        return await output(ctx, product)

    cheat = equivocate(step, 1, 2)
    ended = ideal.run(main, cheat)  # type: ignore[arg-type]
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=1, blamed=None)
    opened = [event.step for event in ended.trace.events].count("output.open")
    assert opened == (step == "output.open")


def test_a_changed_input_of_two_parties_is_only_another_input(seed: bytes) -> None:
    """The declared outcome: whoever owns an input may choose it."""
    ideal = Ideal(2, M61, seed)
    values, masks = ideal.dealer.random(3), ideal.masks(1, (3,))

    async def main(ctx: Context) -> FieldArray:
        share = await share_input(ctx, 1, values if ctx.party == 1 else None, masks[ctx.party])
        opened = await output(ctx, share)
        await check_openings(ctx)
        return opened

    cheat = add_to_element("input.masked", 1, M61, delta=5)
    ended = ideal.run(main, cheat)  # type: ignore[arg-type]
    cheat.assert_fired()
    # Party 1's own share of it does not fit what it said, so in this simulation it contradicts itself: an abort, too.
    assert {type(outcome.error) for outcome in ended.outcomes} == {MacCheckFailed}
