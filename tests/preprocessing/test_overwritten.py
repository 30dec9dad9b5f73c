"""Working memory that depends on secrets is overwritten as soon as it has served (PITFALLS 13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.crypto import ggm
from spdz.field import M61, FieldArray
from spdz.preprocessing.mascot import triples, vole_extend
from spdz.preprocessing.mascot.multiply import _in_chunks
from spdz.preprocessing.mascot.vole_extend import make_base, stretch
from spdz.preprocessing.ot.extension import OtReceiver, ReceiverRows, SenderRows
from spdz.preprocessing.ot.rows import RowBuffers
from spdz.preprocessing.vole.code import LpnParams
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from tests.support.dealer import ideal_links
from tests.support.ot import OtPair
from tests.support.parties import make_sessions, run
from tests.support.vole import with_vole

Arrays = list[np.ndarray]


def remember(patch: pytest.MonkeyPatch, owner: Any, name: str, held: Arrays, which: Callable[..., Arrays]) -> None:
    """Note `which(arguments, result)` of every call."""
    original = getattr(owner, name)

    def spy(*arguments: Any) -> Any:
        result = original(*arguments)
        noted = which(arguments, result)
        assert all(array.any() for array in noted), name
        held.extend(noted)
        return result

    patch.setattr(owner, name, spy)


def test_trees_and_hashes_of_silent_vole(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roots, leaves, rows and hashes of either end: with the messages they give the noise or the key away."""
    held: Arrays = []
    remember(monkeypatch, ggm, "expand", held, lambda given, made: [given[0], made[0]])
    remember(monkeypatch, ggm, "reconstruct", held, lambda given, made: [given[1], made])
    remember(monkeypatch, SenderRows, "hashed", held, lambda given, _: [given[3], *given[4]])
    remember(monkeypatch, ReceiverRows, "hashed", held, lambda given, _: [given[3], given[4]])
    sessions, params = make_sessions(2, M61, seed), LpnParams(5, 3, 4)
    links = with_vole(ideal_links(sessions, seed))

    async def main(ctx: Context) -> None:
        base = await make_base(ctx.child("base"), links[ctx.party], (0, 1), params.base)
        await stretch(ctx.child("only"), links[ctx.party], (0, 1), params, "only", base)

    assert run(sessions, main).results == [None, None]
    assert len(held) == 2 * (2 + 2 + 3 + 2)
    assert not any(array.any() for array in held)


def test_places_of_noise(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    held: Arrays = []
    remember(monkeypatch, vole_extend, "random_paths", held, lambda _, made: [made])
    remember(monkeypatch, vole_extend, "packed_choices", held, lambda _, made: [made])
    sessions = make_sessions(2, M61, seed)
    links = with_vole(ideal_links(sessions, seed))
    assert run(sessions, lambda ctx: vole_extend.replenish(ctx, links[ctx.party], (0,), 10)).results == [None, None]
    assert len(held) >= 2
    assert not any(array.any() for array in held)


def test_what_a_batch_of_triples_leaves(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copies of a, their products, the values that are sacrificed, and the bits that were chosen."""
    held: list[FieldArray] = []
    original = triples.combine

    def spy(coins: Coins, a: FieldArray, b: FieldArray, c: FieldArray) -> triples.Candidates:
        made = original(coins, a, b, c)
        held.extend((a, c, made.a_hat, made.c_hat))
        return made

    monkeypatch.setattr(triples, "combine", spy)
    bits: Arrays = []
    remember(monkeypatch, OtReceiver, "extend", bits, lambda given, _: [given[1]])
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)
    batches = run(sessions, lambda ctx: triples.make_triples(ctx, links[ctx.party], 5)).results
    assert not any(share.value.is_zero().any() for batch in batches for share in batch.shares)
    assert len(held) == 8
    assert len(bits) == 2
    assert all(array.is_zero().all() for array in held)
    assert not any(array.any() for array in bits)


def test_ends_of_an_extension_that_is_over(seed: bytes) -> None:
    pair = OtPair(seed, 4)
    pair.extend(256)
    pair.hashed(0, 256)
    halves = [half for rows in (pair.received, pair.sent) for half in rows.hash._scratch.halves(256)]
    assert all(half.any() for half in halves)
    pair.finish()
    assert not any(half.any() for half in halves)


def test_ends_of_an_extension_in_the_middle_of_it(seed: bytes) -> None:
    """A session that ends between the columns and their use."""
    pair = OtPair(seed, 4)
    pair.extend(256)
    pair.hashed(0, 256)
    held = [pair.received.columns, pair.received.choices, pair.sent.columns]
    held += [half for rows in (pair.received, pair.sent) for half in rows.hash._scratch.halves(256)]
    assert all(array.any() for array in held)
    pair.receiver.wipe()
    pair.sender.wipe()
    assert not any(array.any() for array in held)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("fails", [False, True])
def test_chunks_of_a_product(threads: int, fails: bool) -> None:
    held: Arrays = []
    pair = OtPair(bytes(32))
    pair.extend(128)

    def work(buffers: RowBuffers, start: int, count: int) -> None:
        halves = buffers.halves(0, count)
        for half in halves:
            half.fill(1)
        held.extend(halves)
        if fails:
            raise RuntimeError("a kernel failed")

    if fails:
        with pytest.raises(RuntimeError, match="a kernel failed"):
            _in_chunks(M61, 5000, pair.received, threads, work)
    else:
        _in_chunks(M61, 5000, pair.received, threads, work)
    assert held
    assert not any(array.any() for array in held)
