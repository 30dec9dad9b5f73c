"""What operations on bits cost, as they say and as they do, for all widths and makers; and in whole sessions."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.field import M127
from spdz.online.operations import (
    bit_decomposition,
    bit_inputs,
    bit_tree,
    compare,
    convert,
    equality,
    logic,
    select,
)
from spdz.online.operations.bit_decomposition import BITS
from spdz.online.operations.bit_inputs import BIT_INPUT
from spdz.online.operations.compare import SIGN
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.equality import EQUAL
from spdz.online.operations.logic import AND, CONSTANT_BITS
from spdz.online.operations.registry import Call, Operation
from spdz.online.operations.select import SELECT
from spdz.online.session import Mpc
from spdz.sharing.material import BIT_PAIR_TRIPLES, BIT_TRIPLES, DEALT, MaskSlack, compare_masks
from tests.online.support import assert_as_described
from tests.support.costs import functions_that_state_rounds, stated_rounds

from .support import FAULTY, SLACKS

PARTIES = pytest.mark.parametrize("parties", [2, 3])
SHAPE = pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5)], ids=str)
COMPARISONS: list[tuple[Operation, dict[str, Any]]] = [
    (SIGN, {}),
    (EQUAL, {}),
    (BITS, {"depth": "rounds"}),
    (BITS, {"depth": "work"}),
]


def test_every_function_with_a_cost_line_is_tested_here() -> None:
    """Those of one round by the descriptions of their operations, which are compared with what happens."""
    single = {"conjunction", "convert", "select", "share_bits", "open_masked_number"}
    modules = (logic, convert, select, bit_inputs, compare, equality, bit_decomposition, bit_tree)
    functions = {name: getattr(module, name) for module in modules for name in functions_that_state_rounds([module])}
    assert set(functions) == single | {"sign", "is_zero", "bits_of", "compare"}
    assert {stated_rounds(functions[name]) for name in single} == {1}
    assert {operation.rounds for operation in (AND, CONVERT, SELECT, BIT_INPUT)} == {1}


def described(operation: Operation, call: Call, parties: int, seed: bytes) -> None:
    assert_as_described(replace(operation, example=call), parties, M127, seed)


@pytest.mark.parametrize(("operation", "how"), COMPARISONS, ids=lambda one: getattr(one, "name", str(one)))
@pytest.mark.parametrize("slack", SLACKS, ids=str)
@pytest.mark.parametrize("width", [*range(1, 10), 32, 33, 64, 100])
def test_of_all_widths(operation: Operation, how: dict[str, Any], slack: MaskSlack, width: int, seed: bytes) -> None:
    described(operation, Call(((5,),), {"width": width, "slack": slack, **how}), 2, seed)


@PARTIES
@SHAPE
def test_of_all_shapes(parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    for operation, how in COMPARISONS:
        described(operation, Call((shape,), {"width": 9, "slack": FAULTY, **how}), parties, seed)
    described(AND, Call((shape, shape)), parties, seed)
    described(CONVERT, Call((shape,)), parties, seed)
    described(SELECT, Call((shape, shape), {"width": None}), parties, seed)
    described(SELECT, Call((shape, (*shape, 3)), {"width": 3}), parties, seed)
    described(BIT_INPUT, Call((), {"shape": shape, "owner": parties - 1}), parties, seed)
    described(CONSTANT_BITS, Call((), {"bits": np.ones(shape, np.uint8)}), parties, seed)


def test_the_figures_that_are_published() -> None:
    """33 bits, two makers: 1 and 5 rounds, 5 single products and 12 pairs; 46 bits and an element are sent."""
    call = Call(((8,),), {"width": 33, "slack": FAULTY})
    assert SIGN.rounds_of(call) == 6
    assert SIGN.sends(call, 0) == 8
    assert SIGN.sends_bits(call, 0) == 46
    assert SIGN.material(call) == {compare_masks(37): 8, BIT_TRIPLES: 5 * 8, BIT_PAIR_TRIPLES: 12 * 8}
    assert EQUAL.rounds_of(call) == 1 + 5 + 1
    assert EQUAL.material(call)[BIT_TRIPLES] == 8 * (2 * 16 + 1 + 1)
    dealt = Call(((8,),), {"width": 33, "slack": DEALT})
    assert SIGN.material(dealt) == {compare_masks(35): 8, BIT_TRIPLES: 5 * 8, BIT_PAIR_TRIPLES: 11 * 8}
    work, rounds = (Call(((8,),), {"width": 33, "slack": DEALT, "depth": depth}) for depth in ("work", "rounds"))
    assert BITS.material(work)[BIT_PAIR_TRIPLES] == 16 * 8
    assert BIT_TRIPLES not in BITS.material(work)
    assert (BITS.rounds_of(work), BITS.rounds_of(rounds)) == (17, 1 + 5 + 1)


# -- whole sessions, with the dealer ----------------------------------------------------------------------------------


@PARTIES
@pytest.mark.parametrize("field", ["M61", "M127"])
def test_a_program_of_all_operations(parties: int, field: str) -> None:
    numbers = np.array([[-5, 0, 3], [7, 0, -(2**31)]])
    flags = np.array([[1, 0, 1], [1, 1, 0]], np.uint8)

    def program(mpc: Mpc) -> Any:
        x, how = mpc.input(numbers, owner=0), {"width": 33, "slack": mpc.mask_slack}
        negative, zero = mpc.apply(SIGN, x, **how), mpc.apply(EQUAL, x, **how)
        given = mpc.apply(BIT_INPUT, private=flags if mpc.party == 1 else None, owner=1, shape=(2, 3))
        constant = mpc.apply(CONSTANT_BITS, bits=np.ones((2, 3), np.uint8))
        both = mpc.apply(AND, mpc.apply(AND, negative, given), constant)
        bits = [mpc.apply(BITS, x, depth=depth, **how) for depth in ("rounds", "work")]
        rows = mpc.input(np.arange(12).reshape(2, 3, 2), owner=1)
        return mpc.reveal(
            *(mpc.apply(CONVERT, found) for found in (negative, zero, both, *bits)),
            mpc.apply(SELECT, negative, x, width=None),
            mpc.apply(SELECT, given, rows, width=2),
        )

    bits = numbers[..., None] >> np.arange(33) & 1
    wanted = [
        numbers < 0,
        numbers == 0,
        (numbers < 0) & flags,
        bits,
        bits,
        np.minimum(numbers, 0),
        np.arange(12).reshape(2, 3, 2) * flags[..., None],
    ]
    for opened in spdz.run_local(program, parties, field, "dealer"):
        for found, right in zip(opened, wanted, strict=True):
            np.testing.assert_array_equal(found, right)


def test_all_comparisons_of_a_plan_share_their_rounds() -> None:
    """Operations that do not wait for each other run side by side, whatever they are."""

    def rounds(times: int) -> int:
        def program(mpc: Mpc) -> int:
            x = mpc.random(4)
            signs = [mpc.apply(SIGN, x, width=33, slack=mpc.mask_slack) for _ in range(times)]
            mpc.reveal(*(mpc.apply(CONVERT, sign) for sign in signs))
            return mpc.cost.rounds

        return spdz.run_local(program, 2, "M61", "dealer")[0]

    assert rounds(1) == rounds(3)


def test_what_is_empty_costs_nothing() -> None:
    def program(mpc: Mpc) -> Any:
        none = mpc.input([], owner=0, shape=0)
        signs = mpc.apply(SIGN, none, width=33, slack=mpc.mask_slack)
        bits = mpc.apply(BITS, none, width=33, slack=mpc.mask_slack, depth="work")
        opened = mpc.reveal(
            mpc.apply(CONVERT, signs), mpc.apply(CONVERT, bits), mpc.apply(SELECT, signs, none, width=None)
        )
        return [array.shape for array in opened], mpc.cost.material

    assert spdz.run_local(program, 2, "M61", "dealer") == [([(0,), (0, 33), (0,)], {})] * 2


def test_bytes_are_those_of_packed_bits() -> None:
    """Each message is filled up by itself."""
    for count in range(1, 20):
        call = Call(((count,),), {"width": 33, "slack": FAULTY})
        assert SIGN.sends_bits(call, 1) == sum(math.ceil(count * bits / 8) for bits in (26, 11, 5, 2, 2))
