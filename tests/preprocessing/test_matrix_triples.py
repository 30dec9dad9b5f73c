"""Matrix triples among honest parties, over ideal base OTs; the rules for shapes and spare rows; nothing used twice."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.crypto import ggm
from spdz.crypto.seed_expansion import ExpansionScratch, SeedExpansion
from spdz.field import M5, M13, M31, M61, M127, Field, FieldArray
from spdz.preprocessing.mascot import matrix_multiply, matrix_triples
from spdz.preprocessing.mascot.authenticate import Entered
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.matrix_multiply import cut, multiply_matrices
from spdz.preprocessing.mascot.matrix_triples import combine, dims_of, make_matrix_triples, pays, spare_rows
from spdz.preprocessing.ot.extension import ReceiverRows, SenderRows
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.runtime.trace import Trace
from spdz.sharing.material import Batch, Kind
from spdz.sharing.material import matrix_triples as kind_of
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links, reconstruct_batches
from tests.support.parties import Run, make_sessions, rounds_of, run, steps_in_order
from tests.support.statistics import assert_uniform, deviation_of_uniform
from tests.support.vole import AUTHENTICATIONS, links_for


def made(
    parties: int, field: Field, dims: tuple[int, int, int], count: int, seed: bytes, authentication: str = "copee"
) -> Run:
    """The batches of all parties."""
    sessions = make_sessions(parties, field, seed)
    links = links_for(authentication, sessions, seed)
    return run(sessions, lambda ctx: make_matrix_triples(ctx, links[ctx.party], kind_of(*dims), count))


def check(ended: Run, dims: tuple[int, int, int], count: int) -> list[FieldArray]:
    """The matrices have their shapes and MACs, and multiply."""
    m, inner, n = dims
    a, b, c = reconstruct_batches(ended.sessions, ended.results)
    assert [a.shape, b.shape, c.shape] == [(count, m, inner), (count, inner, n), (count, m, n)]
    assert (a @ b).equals(c)
    return [a, b, c]


SHAPES = [
    (1, 1, 1),
    (2, 2, 2),
    (3, 1, 2),
    (2, 1, 3),
    (1, 7, 1),
    (1, 5, 4),
    (5, 3, 7),
    (7, 3, 5),
    (7, 1, 7),
    (9, 2, 8),
    (8, 2, 10),
]


@pytest.mark.parametrize("dims", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("parties", "field", "count"),
    [(2, M61, 1), (2, M127, 3), (3, M61, 2), (3, M127, 1), (2, M5, 2), (3, M31, 1)],
    ids=str,
)
def test_any_shape(parties: int, field: Field, count: int, dims: tuple[int, int, int], seed: bytes) -> None:
    check(made(parties, field, dims, count, seed), dims, count)


@pytest.mark.parametrize(("parties", "field"), [(2, M61), (3, M127), (2, M13)], ids=str)
@pytest.mark.parametrize("sizes", [(0, 0, 2), (0, 1 << 30, 1), (1 << 30, 0, 64)], ids=str)
def test_any_way_of_cutting(
    parties: int, field: Field, sizes: tuple[int, int, int], seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slabs of 128 entries, groups of 64, pieces of one or two columns: 150 entries have a tail in each."""
    for name, size in zip(("SLAB_BYTES", "PIECE_BYTES", "PIECE_COLUMNS"), sizes, strict=True):
        monkeypatch.setattr(matrix_multiply, name, size)
    dims, rows = (27, 5, 3), 27 + 1 + spare_rows(field, 60, 5, parties)
    ended = made(parties, field, dims, 1, seed)
    check(ended, dims, 1)
    if sizes[0] == 0:
        assert len(rounds_of(ended.trace, "ot_extension.columns")) == -(-rows * 5 // 128) > 1
    assert "matrix_multiply.trees" not in ended.trace.steps
    pieces = len(rounds_of(ended.trace, "matrix_multiply.corrections"))
    assert pieces >= {2: 2, 1: 3, 64: 2}[sizes[2]]


@pytest.mark.parametrize(("parties", "field"), [(3, M61), (2, M127)], ids=str)
def test_wide_rows_in_several_slabs_and_groups(
    parties: int, field: Field, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("SLAB_BYTES", 0), ("PIECE_BYTES", 0), ("PIECE_COLUMNS", 5)):
        monkeypatch.setattr(matrix_multiply, name, size)
    dims = (27, 5, 8)
    ended = made(parties, field, dims, 1, seed)
    check(ended, dims, 1)
    assert len(rounds_of(ended.trace, "ot_extension.columns")) == 2
    trees = rounds_of(ended.trace, "matrix_multiply.trees")
    assert len(trees) == 3
    assert len(rounds_of(ended.trace, "matrix_multiply.corrections")) == 6
    assert min(trees) > rounds_of(ended.trace, "ot_extension.digests")[0]


def test_a_big_one(seed: bytes) -> None:
    """Beyond one slab and one part to authenticate, with the constants as they are."""
    dims = (260, 64, 2)
    ended = made(2, M61, dims, 1, seed)
    check(ended, dims, 1)
    assert len(rounds_of(ended.trace, "ot_extension.columns")) == 2
    # Y, and two parts of X' and Z'.
    assert len(rounds_of(ended.trace, "copee.corrections")) == 3
    assert len(rounds_of(ended.trace, "authenticate.coins.commit")) == 1


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_triples_do_not_depend_on_the_threads(field: Field, seed: bytes) -> None:
    def shares(threads: int) -> list[bytes]:
        sessions = make_sessions(2, field, seed)
        for session in sessions:
            session.threads = threads
        links = ideal_links(sessions, seed)
        batches = run(sessions, lambda ctx: make_matrix_triples(ctx, links[ctx.party], kind_of(9, 2, 8), 1)).results
        return [share.value.to_bytes() + share.mac.to_bytes() for batch in batches for share in batch.shares]

    assert shares(1) == shares(3)


def test_wide_rows_go_in_pieces(seed: bytes) -> None:
    dims = (140, 1, 65)
    ended = made(2, M127, dims, 1, seed)
    check(ended, dims, 1)
    # 143 entries: a group of 128 and one of 15, in 64 columns and one.
    assert len(rounds_of(ended.trace, "matrix_multiply.trees")) == 2
    assert len(rounds_of(ended.trace, "matrix_multiply.corrections")) == 4


def test_matrices_are_new_each_time(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> list[Batch]:
        return [await make_matrix_triples(ctx.child("batch"), links[ctx.party], kind_of(2, 2, 2), 2) for _ in range(2)]

    seen: set[int] = set()
    for batches in zip(*run(sessions, main).results, strict=True):
        for array in reconstruct_batches(sessions, batches):
            seen.update(array.ravel().to_ints())
    assert len(seen) == 2 * 2 * 3 * 4


@pytest.mark.parametrize("columns", [4, 7])
def test_products_and_spare_outer_products(columns: int, seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> tuple[FieldArray, ...]:
        x, y = ctx.random((2, 5, 3)), ctx.random((2, 3, columns))
        return x, y, *await multiply_matrices(ctx, links[ctx.party], x, y, 2)

    parts = zip(*run(sessions, main).results, strict=True)
    x, y, products, outer = (one + two + three for one, two, three in parts)
    assert products.equals(x[:, :3] @ y)
    for matrix, j, spare in itertools.product(range(2), range(3), range(2)):
        assert outer[matrix, j, spare].equals(y[matrix, j] * x[matrix, 3 + spare, j])


# -- the rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "columns", "parties", "expected"),
    [
        (M61, 1, 2, 3),
        (M61, 256, 2, 3),
        (M61, 1 << 40, 16, 3),
        (M61, 1 << 56, 2, 3),
        (M61, 1 << 57, 2, 4),
        (M127, 1, 2, 1),
        (M127, 2, 2, 2),
        (M127, 1, 3, 2),
        (M127, 1 << 40, 16, 2),
        (M5, 2, 2, 26),
    ],
    ids=str,
)
def test_spare_rows(field: Field, columns: int, parties: int, expected: int) -> None:
    """The smallest e with p^e >= 4^63 * columns * (parties - 1)^2."""
    assert spare_rows(field, 60, columns, parties) == expected
    bound = 4**63 * columns * (parties - 1) ** 2
    assert field.modulus ** (expected - 1) < bound <= field.modulus**expected


def _bytes(field: Field, dims: tuple[int, int, int], of_ot: int = 16, of_value: int = 0) -> tuple[int, int]:
    """What one matrix triple costs and what m l n triples cost, without whole units.

    `of_ot` bytes for an OT, 16 without trees; `of_value` elements to authenticate a value, k with COPEe (0 says so).
    """
    k, width, (m, inner, n) = field.bits, field.element_bytes, dims
    value = (of_value or k) * width
    rows, _, columns, _ = dims_of(kind_of(*dims))
    spare, tau = spare_rows(field, 60, inner, 2), 2 + -(-2 * 60 // k)
    values = (rows + 1) * (inner + columns) + inner * columns
    bits = (4 if field == M127 else 3) if columns >= 7 else 1
    of_digit = bits * of_ot + columns * width + (0 if bits == 1 else 2 * 16 * bits)
    matrix = (rows + 1 + spare) * inner * -(-k // bits) * of_digit + values * value
    return matrix, m * inner * n * (tau * k * (of_ot + width) + 5 * value)


@pytest.mark.parametrize("of_value", [0, 1], ids=["COPEe", "one element per value"])
@pytest.mark.parametrize("of_ot", [16, 8, 4, 2])
def test_what_is_supported_pays(of_ot: int, of_value: int) -> None:
    """Also when OTs and authentication are cheaper than they were when the rule was made."""
    supports = MascotPreprocessing().supports
    for dims in itertools.product(range(1, 9), repeat=3):
        for field in (M61, M127):
            matrix, plain = _bytes(field, dims, of_ot, of_value)
            if supports(kind_of(*dims)):
                assert 1.25 * matrix < plain, dims


def test_which_shapes_are_supported() -> None:
    supports = MascotPreprocessing().supports
    supported = [(2, 2, 2), (4, 1, 1), (1, 9, 4), (569, 30, 1), (1, 30, 569), (30, 569, 30), (64, 64, 64)]
    refused = [(1, 1, 1), (1, 100, 1), (3, 8, 1), (1, 2, 3), (0, 1, 1), (1, 0, 1), (-2, 3, -2)]
    assert all(supports(kind_of(*dims)) for dims in supported)
    assert not any(supports(kind_of(*dims)) for dims in refused)
    assert not pays(Kind("matrix triples", dims=(2, 2)))


@pytest.mark.parametrize(("field", "ratio"), [(M61, 13), (M127, 12)], ids=str)
def test_the_ratio_that_is_promised(field: Field, ratio: int) -> None:
    """With trees of four bits and silent VOLE, as by default."""
    matrix, plain = _bytes(field, (64, 64, 64), 4, 1)
    assert plain > ratio * matrix


def test_what_is_masked_under_one_key_is_less_than_its_bound() -> None:
    """2^20 blocks: the figures of docs/security/matrix-triples.md, rest on it."""
    for field, parties, columns in itertools.product((M5, M13, M31, M61, M127), (2, 3, 5), range(1, 130)):
        cuts = cut(field, parties, columns)
        assert cuts.group * cuts.digits.count * cuts.width < 1 << 20


# -- order and freshness ----------------------------------------------------------------------------------------------

TOSSES = {
    "ot_extension.check.coins": ("ot_extension.columns",),
    "matrix_combine.coins": ("matrix_multiply.corrections",),
    "authenticate.coins": ("matrix_combine.coins.open", "copee.corrections"),
    "authenticate.check.coins": ("authenticate.combination", "authenticate.coins.open"),
    "matrix_sacrifice.coins": ("authenticate.check.sigma.open",),
    "matrix_sacrifice.check.coins": ("matrix_sacrifice.rho", "matrix_sacrifice.coins.open"),
}
"""Each toss and what it challenges."""


@pytest.mark.parametrize("parties", [2, 3])
def test_the_tosses_come_in_order_and_after_what_they_challenge(
    parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with several pieces and several parts to authenticate: the last of them is before the toss."""
    monkeypatch.setattr(matrix_multiply, "PIECE_COLUMNS", 1)
    monkeypatch.setattr(matrix_triples, "AUTHENTICATED_AT_ONCE", 7)
    trace: Trace = made(parties, M61, (3, 2, 3), 1, seed).trace
    order = [step for step in steps_in_order(trace) if step.endswith("coins.commit")]
    assert list(dict.fromkeys(order)) == [f"{name}.commit" for name in TOSSES]
    for name, challenged in TOSSES.items():
        commit, opened = rounds_of(trace, f"{name}.commit"), rounds_of(trace, f"{name}.open")
        for step in challenged:
            before = max(rounds_of(trace, step)) if len(commit) == 1 else min(rounds_of(trace, step))
            assert before < commit[0] < opened[0], f"the coins of {name} are known before {step}"
    assert len(rounds_of(trace, "matrix_multiply.corrections")) == 3
    assert len(rounds_of(trace, "authenticate.coins.commit")) == 1
    assert max(rounds_of(trace, "authenticate.check.sigma.open")) < min(
        rounds_of(trace, "matrix_sacrifice.coins.commit")
    )


@AUTHENTICATIONS
def test_y_is_fixed_before_the_combination_is_tossed(
    authentication: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its six elements, in one part; those of X' and Z' come after the toss, in three."""
    monkeypatch.setattr(matrix_triples, "AUTHENTICATED_AT_ONCE", 7)
    ended = made(2, M61, (3, 2, 3), 1, seed, authentication)
    check(ended, (3, 2, 3), 1)
    entered = rounds_of(ended.trace, f"{authentication}.corrections")
    # The base of the VOLEs goes through COPEe.
    assert authentication == "copee" or rounds_of(ended.trace, "copee.corrections")
    (tossed,) = rounds_of(ended.trace, "matrix_combine.coins.commit")
    assert [at < tossed for at in entered] == [True, False, False, False]


@pytest.mark.parametrize(("columns", "bits"), [(5, 1), (7, 3)])
def test_no_index_of_the_hash_and_no_block_of_a_seed_is_used_twice(
    columns: int, bits: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PITFALLS 10. Keys of trees are of one extension and one ordered pair, those of the expansion also of one message;
    under each, a seed is expanded once."""
    monkeypatch.setattr(matrix_multiply, "SLAB_BYTES", 0)
    monkeypatch.setattr(matrix_multiply, "PIECE_BYTES", 0)
    monkeypatch.setattr(matrix_multiply, "PIECE_COLUMNS", 2)
    # A message is expanded in several runs, one entry and one column each.
    monkeypatch.setattr(matrix_multiply, "CHUNK_BLOCKS", 1)
    asked: dict[int, list[int]] = defaultdict(list)
    keys: dict[int, bytes] = {}
    blocks: dict[bytes, list[tuple[bytes, int]]] = defaultdict(list)
    kept: list[object] = []
    labels: list[tuple[str, int, int, int, int]] = []
    tree_keys: list[tuple[bytes, bytes]] = []
    initialise, permute = SeedExpansion.__init__, SeedExpansion.permute
    side_keys, derive = ggm.side_keys, matrix_multiply.derive

    for side in (ReceiverRows, SenderRows):

        def spy_hash(self, start, count, rows, out, *, original=side.hashed):  # type: ignore[no-untyped-def]
            end = self._closed.__self__  # the end that the rows belong to
            asked[id(end)] += self.hashes * list(range(self.first_index + start, self.first_index + start + count))
            original(self, start, count, rows, out)

        monkeypatch.setattr(side, "hashed", spy_hash)

    def spy_key(self: SeedExpansion, key: bytes, scratch: ExpansionScratch) -> None:
        keys[id(self)] = key
        kept.append(self)
        initialise(self, key, scratch)

    def spy_blocks(self: SeedExpansion, seeds: Any, count: int, first: int) -> Any:
        # The receiver has zero in the place of what it does not know.
        blocks[keys[id(self)]] += [(seed.tobytes(), first + i) for seed in seeds if seed.any() for i in range(count)]
        return permute(self, seeds, count, first)

    def spy_labels(*arguments: Any, session_id: bytes) -> bytes:
        labels.append(arguments[3:])
        return derive(*arguments, session_id=session_id)

    def spy_tree_keys(*place: Any) -> tuple[bytes, bytes]:
        tree_keys.append(side_keys(*place))
        return tree_keys[-1]

    monkeypatch.setattr(SeedExpansion, "__init__", spy_key)
    monkeypatch.setattr(SeedExpansion, "permute", spy_blocks)
    monkeypatch.setattr(ggm, "side_keys", spy_tree_keys)
    monkeypatch.setattr(matrix_multiply, "derive", spy_labels)
    sessions = make_sessions(2, M13, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> None:
        for _ in range(2):
            x, y = ctx.random((1, 13, 10)), ctx.random((1, 10, columns))
            await multiply_matrices(ctx.child("multiply"), links[ctx.party], x, y, 1)

    assert run(sessions, main).results == [None, None]
    for own in links:
        for link in own.values():
            received, sent = asked.pop(id(link.ot_receiver)), asked.pop(id(link.ot_sender))
            assert len(received) == len(set(received)) >= 2 * 130 * 13
            # The sender hashes each row twice: with and without Delta.
            assert sorted(sent) == sorted(2 * received)
    # Two batches, two ordered pairs: slabs of 128 and 2 entries, in groups of 64. Each key at two ends.
    for used_keys, of_pair in ((list(keys.values()), 3 * -(-columns // 2)), (tree_keys, 2)):
        assert [used_keys.count(key) for key in set(used_keys)] == [2] * (2 * 2 * of_pair)
    # Entries count from the beginning of their slab.
    assert all(path.endswith("slab") for path, *_ in labels)
    assert {tuple(place) for _, *place in labels} == {
        (receiver, 1 - receiver, group, column)
        for receiver, group, column in itertools.product((0, 1), (0, 64), range(0, columns, 2))
    }
    total = 0
    for used in blocks.values():
        # The receiver has all of the sender's seeds but one, so what both expand is there twice.
        counts = np.unique([f"{seed.hex()} {place}" for seed, place in used], return_counts=True)[1]
        assert set(counts.tolist()) == {1, 2}
        assert (counts == 1).sum() * (2**bits - 1) == (counts == 2).sum()
        total += len(used)
    assert total == 2 * 2 * 130 * -(-13 // bits) * (2 * 2**bits - 1) * columns


@pytest.mark.parametrize("dims", [(2, 2, 2), (7, 1, 7), (60, 2, 7)], ids=str)
def test_seeds_are_overwritten_when_their_slab_is_done(
    dims: tuple[int, int, int], seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups of 64 entries; the last shape has two. What each of them held is looked at."""
    monkeypatch.setattr(matrix_multiply, "PIECE_BYTES", 0)
    ends: list[matrix_multiply._End] = []
    original, held = matrix_multiply._End.__init__, list[Any]()
    for name in ("values_of", "puncture", "bits_of"):
        monkeypatch.setattr(matrix_multiply, name, _kept(held, getattr(matrix_multiply, name)))

    def spy(self: matrix_multiply._End, *arguments: Any) -> None:
        ends.append(self)
        original(self, *arguments)

    monkeypatch.setattr(matrix_multiply._End, "__init__", spy)
    made(2, M61, dims, 1, seed)
    assert len(ends) == 4
    for end in ends:
        assert not any(array.any() for array in (end._scratch, *end._hashes, end._seeds))
        assert len(end._seeds)
        assert len(end._scratches) == 1
        assert not any(scratch.inner.any() or scratch.points.any() for scratch in end._scratches)
    assert len(held) > (6 if dims[0] == 60 else 4)
    assert not any(array.any() for array in held)


@pytest.mark.parametrize("dims", [(3, 2, 3), (2, 2, 7)], ids=str)
def test_what_is_not_handed_out_is_overwritten(
    dims: tuple[int, int, int], seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X', Y, Z', the masks of the authentication, and all MACs; the triple itself is a copy."""
    held = list[Any]()
    for name in ("combine", "_with_macs"):
        monkeypatch.setattr(matrix_triples, name, _kept(held, getattr(matrix_triples, name)))
    parts: list[Entered] = []
    enter = matrix_triples.enter

    async def spy(*arguments: Any) -> Entered:
        parts.append(await enter(*arguments))
        return parts[-1]

    monkeypatch.setattr(matrix_triples, "enter", spy)
    check(made(2, M61, dims, 1, seed), dims, 1)
    candidates = [array for each in held if isinstance(each, matrix_triples.Candidates) for array in each]
    shares = [share for each in held if isinstance(each, tuple) for share in each if isinstance(share, AuthShare)]
    shares += [part.share for part in parts]
    arrays = candidates + [share.value for share in shares] + [share.mac for share in shares]
    assert len(arrays) == 2 * 3 + 2 * 2 * (3 + 2)
    assert not any(array.limbs.any() for array in arrays)


def _kept(held: list[Any], original: Callable[..., Any]) -> Callable[..., Any]:
    def spy(*arguments: Any) -> Any:
        held.append(original(*arguments))
        return held[-1]

    return spy


# -- the combination --------------------------------------------------------------------------------------------------


def _coins(seed: bytes, field: Field) -> Coins:
    (session, _) = make_sessions(2, field, seed)
    return Coins(Context(session), seed)


def test_every_column_of_every_row_has_combinations_of_its_own(seed: bytes) -> None:
    """Changing one spare entry changes its column in all rows, the sacrificed one included, and the products alike."""
    coins, (count, upper, inner, spare, columns) = _coins(seed, M61), (2, 3, 4, 2, 2)
    x, y = (
        Context(make_sessions(2, M61, seed)[0]).random((count, upper + spare, inner)),
        M61.zeros((count, inner, columns)),
    )
    y = y + 7
    products = x[:, :upper] @ y

    def combined(x: FieldArray) -> matrix_triples.Candidates:
        of_column = x[:, upper:].transpose(0, 2, 1).reshape(count, inner, spare, 1)
        return combine(coins, x, y, products, of_column * y.reshape(count, inner, 1, columns))

    before = combined(x)
    assert before.x.shape == (count, upper, inner)
    assert (before.x @ y).equals(before.z)
    changes: list[int] = []
    for matrix, row, column in itertools.product(range(count), range(spare), range(inner)):
        other = x.copy()
        other[matrix, upper + row, column] = other[matrix, upper + row, column] + 1
        after = combined(other)
        assert (after.x @ y).equals(after.z)
        difference = after.x - before.x
        changed = ~difference.is_zero()
        expected = np.zeros((count, upper, inner), bool)
        expected[matrix, :, column] = True
        assert (changed == expected).all()
        changes += difference[matrix, :, column].to_ints()
    assert len(set(changes)) == len(changes) == count * upper * inner * spare


@pytest.mark.parametrize("row", [0, 2])
def test_guessed_bits_say_nothing_about_what_is_combined(row: int, seed: bytes) -> None:
    """In M5: whoever knows that the lowest bits of all entries are zero knows nothing about X'. Not so without R."""
    count, upper, spare = 4000, 3, spare_rows(M5, 60, 1, 2)
    drawn = Context(make_sessions(2, M5, seed)[0]).random((count, upper + spare, 1))
    x = M5.array(np.array(drawn.to_ints(), np.int64) // 2 * 2)
    zeros = M5.zeros((count, upper, 1)), M5.zeros((count, 1, spare, 1))
    combined = combine(_coins(seed, M5), x, M5.zeros((count, 1, 1)), *zeros).x[:, row, 0].to_ints()
    assert_uniform(combined, 31)
    assert deviation_of_uniform(np.bincount(x[:, row, 0].to_ints(), minlength=31).tolist()) > 20
