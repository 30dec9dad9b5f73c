"""Input and the multiplications with ideal material: results and MACs, for every number of parties, field and shape."""

from __future__ import annotations

from typing import Any

import pytest

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import M5, M61, M127, Field, FieldArray
from spdz.online.operations import products
from spdz.online.operations.inputs import share_input
from spdz.online.operations.matrices import matmul, matmul_by_triples
from spdz.online.operations.products import multiply, square
from spdz.protocols.output import output, output_to
from spdz.runtime.context import Context
from spdz.sharing.shares import AuthShare
from tests.support.dealer import reconstruct
from tests.support.interference import POSITIONS, add_to_element, equivocate, position
from tests.support.parties import Run, assert_caught

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
def test_an_input_of_every_party_is_shared(parties: int, field: Field, shape: tuple[int, ...], seed: bytes) -> None:
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
@pytest.mark.parametrize("least", [1, 128, 129])
def test_a_chain_of_products_in_the_memory_of_their_material(
    parties: int, field: Field, least: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operands survive, and what is opened later is still what is checked."""
    monkeypatch.setattr(products, "REUSED_ELEMENTS", least)
    ideal = Ideal(parties, field, seed)
    (x, x_shares), (y, y_shares) = ideal.secret(128), ideal.secret(128)
    first, second, squares = ideal.triples((128,)), ideal.triples((128,)), ideal.squares((128,))

    async def chain(ctx: Context) -> AuthShare:
        mine, yours = x_shares[ctx.party], y_shares[ctx.party]
        product = await multiply(ctx, mine, yours, first[ctx.party])
        assert (product.value is first[ctx.party].c.value) == (least <= 128)
        again = await multiply(ctx, product, mine, second[ctx.party])
        return again + product + await square(ctx, product, squares[ctx.party])

    assert ideal.result(chain).equals(x * y * x + x * y + x * y * x * y)
    for shares, value in ((x_shares, x), (y_shares, y)):
        assert reconstruct(ideal.dealer.alpha, shares).equals(value)


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
def test_a_product_is_output_to_all_and_to_one(parties: int, field: Field, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, field, seed)
    (x, x_shares), (y, y_shares) = ideal.secret(*shape), ideal.secret(*shape)
    triples, masks, receiver = ideal.triples(shape), ideal.masks(parties - 1, shape), parties - 1

    async def main(ctx: Context) -> tuple[FieldArray, FieldArray | None]:
        me = ctx.party
        product = await multiply(ctx, x_shares[me], y_shares[me], triples[me])
        return await output(ctx, product), await output_to(ctx, product, receiver, masks[me])

    for party, (public, private) in enumerate(ideal.run(main).results):
        assert public.equals(x * y)
        assert (private is not None) == (party == receiver)
        assert private is None or private.equals(x * y)


PLACES = pytest.mark.parametrize("place", POSITIONS)


async def product_of(ctx: Context, step: str, x: AuthShare, y: AuthShare, ideal: Ideal) -> AuthShare:
    """The operation that a step belongs to, on matrices of shape (3, 3)."""
    material = ideal.material[step][ctx.party]
    if step == "square.masked":
        return await square(ctx, x, material)
    return await (multiply if step == "multiply.masked" else matmul)(ctx, x, y, material)


class Prepared(Ideal):
    """With two secrets and the material for `product_of`."""

    def __init__(self, parties: int, field: Field, seed: bytes) -> None:
        super().__init__(parties, field, seed)
        self.x, self.y = self.secret(3, 3)[1], self.secret(3, 3)[1]
        self.material: dict[str, Any] = {
            "multiply.masked": self.triples((3, 3)),
            "square.masked": self.squares((3, 3)),
            "matmul.masked": self.matrix_triple(3, 3, 3),
        }


def opened_before(ended: Run, step: str) -> bool:
    """Whether an honest party ever took part in an opening of that step."""
    return any(event.step == step for event in ended.trace.events)


@PLACES
@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("step", ["multiply.masked", "square.masked", "matmul.masked"])
def test_a_wrong_message_anywhere_in_an_opening_is_caught_before_anything_is_output(
    parties: int, step: str, place: str, seed: bytes
) -> None:
    """PITFALLS 8: first, middle and last element. For three parties the cheater's own echo gives it away first."""
    ideal = Prepared(parties, M61, seed)

    async def main(ctx: Context) -> FieldArray:
        return await output(ctx, await product_of(ctx, step, ideal.x[ctx.party], ideal.y[ctx.party], ideal))

    cheat = add_to_element(step, 1, M61, index=place)
    ended = ideal.run(main, cheat)
    cheat.assert_fired()
    if parties == 2:
        assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=1, blamed=None)
    else:
        assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=1, blamed=None)
    assert not opened_before(ended, "output.open")


@PLACES
@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("part", ["value", "mac"])
@pytest.mark.parametrize(
    ("step", "operand"), [("multiply.masked", "x"), ("multiply.masked", "y"), ("square.masked", "x")]
)
def test_a_wrong_share_of_an_operand_is_caught_before_anything_is_output(
    parties: int, step: str, operand: str, part: str, place: str, seed: bytes
) -> None:
    """The cheater is consistent, so no echo helps: every element of every opening must be under the MAC check."""
    ideal = Prepared(parties, M61, seed)
    shares = getattr(ideal, operand)
    wrong = [0] * 9
    wrong[position(place, 9)] = 1
    delta, nothing = M61.array(wrong).reshape(3, 3), M61.zeros((3, 3))
    shares[1] += AuthShare(delta, nothing) if part == "value" else AuthShare(nothing, delta)

    async def main(ctx: Context) -> FieldArray:
        return await output(ctx, await product_of(ctx, step, ideal.x[ctx.party], ideal.y[ctx.party], ideal))

    ended = ideal.run(main)
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=1, blamed=None)
    assert not opened_before(ended, "output.open")


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
    ended = ideal.run(main, cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=1, blamed=None)
    assert opened_before(ended, "output.open") == (step == "output.open")


def test_an_input_message_that_its_sender_does_not_stand_by_is_caught(seed: bytes) -> None:
    """Another value is another input, and no cheat; but sender and receivers must compute with the same one."""
    ideal = Ideal(2, M61, seed)
    values, masks = ideal.dealer.random(3), ideal.masks(1, (3,))

    async def main(ctx: Context) -> FieldArray:
        share = await share_input(ctx, 1, values if ctx.party == 1 else None, masks[ctx.party])
        return await output(ctx, share)

    cheat = add_to_element("input.masked", 1, M61, delta=5)
    ended = ideal.run(main, cheat)
    cheat.assert_fired()
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=1, blamed=None)
