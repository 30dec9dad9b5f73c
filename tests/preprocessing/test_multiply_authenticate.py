"""Multiply and authenticate over ideal base OTs: the shares add up to the products, the MACs fit the values."""

from __future__ import annotations

import pytest

from spdz.field import M5, M13, M61, M127, Field, FieldArray
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.masks import make_input_masks, make_random_shares
from spdz.preprocessing.mascot.multiply import multiply
from spdz.runtime.context import Context
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links, mac_key_of, reconstruct, reconstruct_batches
from tests.support.ot import DEPTHS
from tests.support.parties import make_sessions, run
from tests.support.vole import AUTHENTICATIONS, links_for


def total(parts: list[FieldArray]) -> FieldArray:
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


CASES = [
    (2, M61, 1, 4),
    (2, M61, 127, 1),
    (2, M61, 128, 1),
    (2, M61, 129, 1),
    (2, M127, 43, 3),
    (3, M61, 5, 4),
    (3, M127, 1, 3),
    (3, M5, 129, 26),
    (5, M13, 10, 3),
    (2, M5, 0, 26),
]


@pytest.mark.parametrize(("parties", "field", "count", "copies"), CASES, ids=str)
def test_products_of_all_copies(parties: int, field: Field, count: int, copies: int, seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> list[FieldArray]:
        a, b = ctx.random((count, copies)), ctx.random(count)
        return [a, b, await multiply(ctx, links[ctx.party], a, b)]

    a, b, c = (total(list(parts)) for parts in zip(*run(sessions, main).results, strict=True))
    assert c.shape == (count, copies)
    assert c.equals(a * b.reshape(count, 1))


@DEPTHS
@pytest.mark.parametrize("parties", [2, 3])
def test_products_with_trees_of_any_size(parties: int, depth: int, seed: bytes) -> None:
    """Several extensions under one correlation."""
    sessions = make_sessions(parties, M61, seed)
    links = ideal_links(sessions, seed, ot_tree_bits=depth)

    async def main(ctx: Context) -> list[FieldArray]:
        results = []
        for count in (1, 129, 2):
            a, b = ctx.random((count, 2)), ctx.random(count)
            results += [a, b, await multiply(ctx.child("multiply"), links[ctx.party], a, b)]
        return results

    shares = [total(list(parts)) for parts in zip(*run(sessions, main).results, strict=True)]
    for a, b, c in zip(shares[::3], shares[1::3], shares[2::3], strict=True):
        assert c.equals(a * b.reshape(-1, 1))


def test_chunks_of_any_size_give_the_products(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spdz.preprocessing.mascot.multiply.CHUNK_ROWS", 1)
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> list[FieldArray]:
        a, b = ctx.random((130, 1)), ctx.random(130)
        return [a, b, await multiply(ctx, links[ctx.party], a, b)]

    a, b, c = (total(list(parts)) for parts in zip(*run(sessions, main).results, strict=True))
    assert c.equals(a * b.reshape(130, 1))


@AUTHENTICATIONS
@pytest.mark.parametrize(("parties", "field"), [(2, M5), (2, M127), (3, M61), (5, M61)], ids=str)
@pytest.mark.parametrize("count", [0, 1, 127, 128, 129])
def test_mac_shares_of_values_of_everybody(
    parties: int, field: Field, count: int, authentication: str, seed: bytes
) -> None:
    sessions = make_sessions(parties, field, seed)
    links = links_for(authentication, sessions, seed)

    async def main(ctx: Context) -> AuthShare:
        value = ctx.random(count)
        macs = await authenticate(ctx, links[ctx.party], count, tuple(range(ctx.parties)), value)
        return AuthShare(value, macs)

    reconstruct(mac_key_of(sessions), run(sessions, main).results)


@AUTHENTICATIONS
@pytest.mark.parametrize("contributors", [(0,), (2,), (0, 2), (0, 1, 2)], ids=str)
def test_any_set_of_contributors(contributors: tuple[int, ...], authentication: str, seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = links_for(authentication, sessions, seed)

    async def main(ctx: Context) -> AuthShare:
        value = M61.array([10 * ctx.party + 1, 5]) if ctx.party in contributors else None
        macs = await authenticate(ctx, links[ctx.party], 2, contributors, value)
        return AuthShare(M61.zeros((2,)) if value is None else value, macs)

    opened = reconstruct(mac_key_of(sessions), run(sessions, main).results)
    assert opened.to_ints() == [sum(10 * party + 1 for party in contributors), 5 * len(contributors)]


@AUTHENTICATIONS
@pytest.mark.parametrize("parties", [2, 3])
def test_masks_are_known_to_their_owner_and_to_nobody_else(parties: int, authentication: str, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    links = links_for(authentication, sessions, seed)
    for owner in range(parties):
        batches = run(sessions, lambda ctx, owner=owner: make_input_masks(ctx, links[ctx.party], owner, 9)).results
        (value,) = reconstruct_batches(sessions, batches)
        assert batches[owner].clear is not None
        assert batches[owner].clear.equals(value)
        for party, batch in enumerate(batches):
            assert (batch.clear is None) == (party != owner)
            assert not batch.shares[0].value.equals(value)


@AUTHENTICATIONS
def test_random_shares_are_new_each_time(authentication: str, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = links_for(authentication, sessions, seed)
    seen: list[int] = []
    for _ in range(2):
        batches = run(sessions, lambda ctx: make_random_shares(ctx, links[ctx.party], 20)).results
        seen += reconstruct_batches(sessions, batches)[0].to_ints()
    assert len(set(seen)) == 40
