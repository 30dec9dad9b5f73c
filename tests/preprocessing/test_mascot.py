"""The whole generator among honest parties, base OTs included."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from spdz.errors import InternalError, UsageError
from spdz.field import M5, M31, M61, M127, Field
from spdz.params import OT_TREE_BITS, MascotParams
from spdz.preprocessing.mascot import generator as mascot
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.links import Links
from spdz.runtime.context import Context
from spdz.sharing.material import (
    RANDOM_BITS,
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Kind,
    input_masks,
    matrix_triples,
)
from tests.support.dealer import ideal_links, reconstruct_batches
from tests.support.parties import Run, make_sessions, run


def generate(
    parties: int,
    field: Field,
    demands: list[Mapping[Kind, int]],
    seed: bytes,
    *,
    base_ots: bool = False,
    params: MascotParams | None = None,
) -> tuple[Run, list[MascotPreprocessing]]:
    """Produce each demand in turn after one set-up: a real one with `base_ots`, else an ideal one."""
    sessions = make_sessions(parties, field, seed)
    makers = [MascotPreprocessing(params=params) for _ in sessions]
    if not base_ots:
        for maker, links in zip(makers, ideal_links(sessions, seed), strict=True):
            maker._links = Links(links)

    async def main(ctx: Context) -> None:
        if base_ots:
            await makers[ctx.party].set_up(ctx.child("set_up"))
        for demand in demands:
            await makers[ctx.party].produce(ctx.child("produce"), demand)
        ctx.unverified.require_empty()

    ended = run(sessions, main)
    assert ended.results == [None] * parties
    return ended, makers


def take(ended: Run, makers: list[MascotPreprocessing], kind: Kind, count: int) -> list:  # type: ignore[type-arg]
    """The values of all arrays of a kind; their MACs fit."""
    return reconstruct_batches(ended.sessions, [maker.store.take(kind, count) for maker in makers])


def check_everything(ended: Run, makers: list[MascotPreprocessing], demand: Mapping[Kind, int]) -> None:
    """Each kind is what its name says."""
    for kind, count in demand.items():
        arrays = take(ended, makers, kind, count)
        assert [array.shape for array in arrays] == [(count, *shape) for shape in kind.shapes]
        if kind.dims:
            a, b, c = arrays
            assert (a @ b).equals(c)
        elif kind == TRIPLES:
            a, b, c = arrays
            assert (a * b).equals(c)
        elif kind == SQUARES:
            a, b = arrays
            assert (a * a).equals(b)
        elif kind == RANDOM_BITS:
            assert set(np.unique(arrays[0].to_signed()).tolist()) <= {0, 1}


EVERYTHING = {
    TRIPLES: 3,
    SQUARES: 2,
    RANDOM_BITS: 5,
    RANDOM_SHARES: 4,
    input_masks(0): 3,
    input_masks(1): 1,
    matrix_triples(3, 2, 4): 2,
}


@pytest.mark.parametrize(
    ("parties", "field"), [(2, M5), (2, M61), (2, M127), (3, M61), (3, M31), (5, M61), (5, M5)], ids=str
)
def test_everything_from_one_set_up(parties: int, field: Field, seed: bytes) -> None:
    ended, makers = generate(parties, field, [EVERYTHING], seed, base_ots=parties < 5)
    check_everything(ended, makers, EVERYTHING)


@pytest.mark.parametrize("depth", sorted(set(OT_TREE_BITS) - {MascotParams().ot_tree_bits}))
def test_everything_with_trees_of_another_size(depth: int, seed: bytes) -> None:
    params = MascotParams(ot_tree_bits=depth)
    ended, makers = generate(2, M61, [EVERYTHING], seed, base_ots=True, params=params)
    check_everything(ended, makers, EVERYTHING)


@pytest.mark.parametrize("count", [1, 127, 128, 129])
@pytest.mark.parametrize("kind", [TRIPLES, RANDOM_BITS], ids=str)
def test_awkward_counts(kind: Kind, count: int, seed: bytes) -> None:
    ended, makers = generate(2, M31, [{kind: count}], seed)
    check_everything(ended, makers, {kind: count})


def test_a_demand_beyond_one_batch_is_made_in_several(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mascot, "TRIPLE_BATCH_BYTES", 0)
    monkeypatch.setattr(mascot, "SHARE_BATCH", 100)
    demand = {TRIPLES: 300, RANDOM_SHARES: 250, input_masks(1): 101}
    calls: list[tuple[Kind, int, int]] = []
    sessions = make_sessions(2, M31, seed)
    links = ideal_links(sessions, seed)
    makers = [MascotPreprocessing(lambda *call: calls.append(call)), MascotPreprocessing()]
    for maker, link in zip(makers, links, strict=True):
        maker._links = Links(link)
    ended = run(sessions, lambda ctx: makers[ctx.party].produce(ctx, demand))
    check_everything(ended, makers, demand)
    done = {kind: [made for made_kind, made, _ in calls if made_kind == kind] for kind in demand}
    assert done == {TRIPLES: [128, 256, 300], RANDOM_SHARES: [100, 200, 250], input_masks(1): [100, 101]}


def test_a_second_demand_makes_only_what_is_missing(seed: bytes) -> None:
    ended, makers = generate(2, M31, [{TRIPLES: 4}, {TRIPLES: 3}, {TRIPLES: 10}], seed)
    assert makers[0].store.made == {TRIPLES: 10}
    (a, b, c) = take(ended, makers, TRIPLES, 10)
    assert (a * b).equals(c)
    assert len(set(a.to_ints())) == 10


def test_a_second_set_up_is_refused(seed: bytes) -> None:
    sessions = make_sessions(2, M31, seed)
    makers = [MascotPreprocessing() for _ in sessions]
    for maker, links in zip(makers, ideal_links(sessions, seed), strict=True):
        maker._links = Links(links)
    for outcome in run(sessions, lambda ctx: makers[ctx.party].set_up(ctx)).outcomes:
        assert type(outcome.error) is InternalError


def test_matrix_triples_that_do_not_pay_are_left_to_the_dealer(seed: bytes) -> None:
    kind = matrix_triples(1, 5, 1)
    assert not MascotPreprocessing().supports(kind)
    sessions = make_sessions(2, M31, seed)
    makers = [MascotPreprocessing() for _ in sessions]
    for outcome in run(sessions, lambda ctx: makers[ctx.party].produce(ctx, {kind: 1})).outcomes:
        assert type(outcome.error) is UsageError
        assert "matrix triples 1x5x1" in str(outcome.error)


def test_matrix_triples_beyond_one_batch(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spdz.preprocessing.mascot.matrix_triples.BATCH_BYTES", 1200)
    kind = matrix_triples(2, 3, 4)
    ended, makers = generate(2, M61, [{kind: 5}, {kind: 7}], seed)
    assert all(maker.store.made == {kind: 7} for maker in makers)
    assert len([event for event in ended.trace.events if event.step == "matrix_sacrifice.rho"]) > 2
    a, b, c = take(ended, makers, kind, 7)
    assert (a @ b).equals(c)


def test_bits_whose_square_is_zero_are_made_again(seed: bytes) -> None:
    """In M5 one in 31 is zero: 200 bits need a second round almost surely."""
    ended, makers = generate(2, M5, [{RANDOM_BITS: 200}], seed)
    assert len([event for event in ended.trace.events if event.step == "bits.square"]) >= 2
    (bits,) = take(ended, makers, RANDOM_BITS, 200)
    ones = sum(bits.to_ints())
    assert 60 < ones < 140


def test_destroying_the_generator_leaves_neither_key_nor_correlation_nor_stream(seed: bytes) -> None:
    """PITFALLS 4, 5: the key holder has the bits of alpha, which would outlive the key share otherwise."""
    _, makers = generate(2, M31, [{TRIPLES: 2}], seed)
    link = makers[0]._links[1]
    assert link.key_holder._bits.any()
    makers[0].destroy()
    assert not link.key_holder._bits.any()
    assert not link.ot_sender.delta_row.any()
    assert not link.ot_sender.masks.any()
    assert not makers[0]._links
    for stream in (link.shares_to, link.zeros_from, link.key_holder._prgs[0], link.ot_sender.streams.prgs[0][0]):
        with pytest.raises(UsageError, match="wiped"):
            stream.bytes(1)
    with pytest.raises(UsageError, match="destroyed"):
        makers[0].store.take(TRIPLES, 1)
