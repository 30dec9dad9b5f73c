"""Matrix products with material of the MASCOT generator: matrix triples where they pay, triples elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.field import M61, M127, Field
from spdz.online.session import Mpc
from spdz.sessions.local import run_local

LEFT, RIGHT = np.arange(-6, 6).reshape(4, 3), np.arange(15).reshape(3, 5) - 7


@pytest.mark.parametrize(("parties", "field"), [(2, M61), (3, M127)], ids=str)
def test_products_are_right_and_take_the_cheapest_material(parties: int, field: Field) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input(LEFT, owner=0, shape=LEFT.shape)
        y = mpc.input(RIGHT, owner=1, shape=RIGHT.shape)
        results = mpc.reveal(x @ y, y.T @ x.T, x[0] @ y, x[0] @ x[1], (x @ y) @ (x @ y).T)
        return results, {name: count for name, count in mpc.cost.material.items() if "triples" in name}

    results, material = run_local(program, parties=parties, field=field)[0]
    product = LEFT @ RIGHT
    expected = [product, product.T, LEFT[0] @ RIGHT, LEFT[0] @ LEFT[1], product @ product.T]
    for result, right in zip(results, expected, strict=True):
        assert np.array_equal(result, right)
    assert material == {
        # x @ y is asked for three times in all.
        "matrix triples 4x3x5": 3,
        "matrix triples 5x3x4": 1,
        "matrix triples 1x3x5": 1,
        "matrix triples 4x5x4": 1,
        "triples": 3,
    }


def test_matrix_triples_are_made_ahead_and_used_up() -> None:
    def program(mpc: Mpc) -> Any:
        mpc.prepare(matrix_triples={(4, 3, 5): 2})
        made = dict(mpc._source.store.made)
        x, y = mpc.input(LEFT, owner=0, shape=(4, 3)), mpc.input(RIGHT, owner=1, shape=(3, 5))
        first, second = mpc.reveal(x @ y, x @ y)
        return np.array_equal(first, second), len(made), [str(kind) for kind in mpc._source.store.made]

    same, kinds_before, kinds = run_local(program, field=M61)[0]
    assert same
    assert kinds_before == 1
    assert kinds[0] == "matrix triples 4x3x5"
