"""The cost lines of matrix triples, each against the trace of a run."""

from __future__ import annotations

import pytest

from spdz.field import M61, M127, Field
from spdz.preprocessing.mascot import matrix_multiply, matrix_triples
from spdz.preprocessing.mascot.matrix_multiply import multiply_matrices
from spdz.preprocessing.mascot.matrix_triples import make_matrix_triples, sacrifice, spare_rows
from spdz.sharing.material import matrix_triples as kind_of
from tests.support.costs import bytes_per_peer, check_bytes, functions_that_state_rounds, stated_rounds, toss_bytes
from tests.support.dealer import IdealDealer
from tests.support.parties import make_sessions, run

from .test_costs import added, authenticate_bytes, extend_bytes, start

PARTIES = pytest.mark.parametrize("parties", [2, 3])


def test_every_function_with_a_cost_line_is_tested_here() -> None:
    stated = functions_that_state_rounds((matrix_multiply, matrix_triples))
    assert stated == {"make_matrix_triples", "multiply_matrices", "sacrifice"}


def products_bytes(field: Field, entries: int, columns: int, parties: int) -> dict[str, int]:
    """An extension, `columns` elements per digit, and trees of digits of several bits, for whole units of 64 entries.

    OTs are made for whole units of 128 entries.
    """
    bits = (4 if field == M127 else 3) if columns >= 7 else 1
    per_entry = -(-field.bits // bits)
    cost = {
        **extend_bytes(field, -(-entries // 128) * 128, parties, ots=per_entry * bits),
        "matrix_multiply.corrections": entries * per_entry * columns * field.element_bytes,
    }
    return cost if bits == 1 else cost | {"matrix_multiply.trees": -(-entries // 64) * 64 * per_entry * bits * 32}


def sacrifice_bytes(field: Field, opened: int, parties: int) -> dict[str, int]:
    """rho, and the check."""
    return {
        **toss_bytes("matrix_sacrifice", parties),
        "matrix_sacrifice.rho": opened * field.element_bytes,
        **check_bytes("matrix_sacrifice.check", parties, field.element_bytes),
    }


@PARTIES
@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("columns", [4, 7])
def test_products(columns: int, parties: int, field: Field, seed: bytes) -> None:
    ended = start(
        parties,
        field,
        seed,
        lambda ctx, own: multiply_matrices(ctx, own, ctx.random((2, 5, 3)), ctx.random((2, 3, columns)), 2),
    )
    assert stated_rounds(multiply_matrices) == 5
    assert ended.rounds == (5 if columns == 4 else 6)
    assert bytes_per_peer(ended) == products_bytes(field, 2 * 5 * 3, columns, parties)


def test_slabs_and_pieces(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """4 rounds for every slab and 1 for every piece, and no more elements than without cuts."""
    for name, value in (("SLAB_BYTES", 0), ("PIECE_BYTES", 0), ("PIECE_COLUMNS", 3)):
        monkeypatch.setattr(matrix_multiply, name, value)
    ended = start(
        2, M61, seed, lambda ctx, own: multiply_matrices(ctx, own, ctx.random((1, 15, 10)), ctx.random((1, 10, 4)), 2)
    )
    # 150 entries: a slab of two groups of 64 and one of a group of 22, in 3 columns and 1.
    assert ended.rounds == 2 * 4 + 3 * 2
    cost = bytes_per_peer(ended)
    assert cost["matrix_multiply.corrections"] == 150 * 61 * 4 * 8
    assert cost == added(*[extend_bytes(M61, 128, 2)] * 2, {"matrix_multiply.corrections": 150 * 61 * 4 * 8})


@PARTIES
def test_sacrifice(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    x, y = dealer.random(2, 4, 5), dealer.random(2, 5, 3)
    arrays = [dealer.share(values) for values in (x, y, x @ y)]
    ended = run(sessions, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
    assert stated_rounds(sacrifice) == 7
    assert ended.rounds == (7 if parties == 2 else 8)
    assert bytes_per_peer(ended) == sacrifice_bytes(M61, 2 * 5, parties)


@PARTIES
@pytest.mark.parametrize(
    ("field", "dims", "count"),
    [(M61, (3, 2, 4), 2), (M127, (2, 1, 2), 2), (M127, (2, 3, 1), 1), (M127, (7, 2, 8), 1)],
    ids=str,
)
def test_matrix_triples(parties: int, field: Field, dims: tuple[int, int, int], count: int, seed: bytes) -> None:
    ended = start(parties, field, seed, lambda ctx, own: make_matrix_triples(ctx, own, kind_of(*dims), count))
    assert stated_rounds(make_matrix_triples) == 23
    assert ended.rounds == (23 if parties == 2 else 25) + (min(dims[0], dims[2]) >= 7)
    (m, inner, n), spare = dims, spare_rows(field, 60, count * dims[1], parties)
    rows, columns = max(m, n), min(m, n)
    assert bytes_per_peer(ended) == added(
        products_bytes(field, count * (rows + 1 + spare) * inner, columns, parties),
        toss_bytes("matrix_combine", parties),
        # Y and its mask are entered by themselves.
        authenticate_bytes(field, count * ((rows + 1) * (inner + columns) + inner * columns) + 1, parties),
        sacrifice_bytes(field, count * inner, parties),
    )
