"""A new operation is one file: its protocol function, and a description that plan and session read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from spdz.errors import InternalError
from spdz.field import M61, FieldArray
from spdz.online.operations.products import multiply, square
from spdz.online.operations.registry import (
    Batches,
    Call,
    Operation,
    all_operations,
    register,
    shaped,
    withdraw,
)
from spdz.online.session import Mpc
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sessions.local import run_local
from spdz.sharing.material import RANDOM_SHARES, SQUARES, TRIPLES, Squares, Triples
from spdz.sharing.shares import AuthShare
from spdz.vectors.endpoints import operation_of
from spdz.wire.steps import Delivery, Payload, Step
from tests.docs import wire_tables
from tests.online.support import assert_as_described

MASKED = Step("toy.masked", Payload.ELEMENTS, Delivery.BROADCAST, "this test", ())


async def cube(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    """x^3 = x * x^2: several kinds of material in one operation."""
    (x,), (shape,) = operands, call.shapes
    squares, triples = (shaped(batch, shape) for batch in batches)
    squared = await square(ctx.child("square"), x, Squares(*squares))
    return await multiply(ctx.child("multiply"), squared, x, Triples(*triples))


async def show_masked(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> FieldArray:
    """x - r, opened: a result that is public inside the plan."""
    [difference] = await open_masked(ctx, MASKED, (operands[0], shaped(batches[0], call.shapes[0])[0]))
    return difference


async def add_shown(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    """A share plus what another operation has opened."""
    share, shown = operands
    return share + ctx.public(shown) - ctx.public(shown)


CUBE = Operation(
    "cube",
    shape=lambda call: call.shapes[0],
    material=lambda call: {SQUARES: math.prod(call.shapes[0]), TRIPLES: math.prod(call.shapes[0])},
    run=cube,
    text=lambda call: f"cube {call.shapes[0]}",
    example=Call(((4,),)),
    sends=lambda call, party: 3 * math.prod(call.shapes[0]),
    rounds=2,
)
SHOW = Operation(
    "show masked",
    shape=lambda call: call.shapes[0],
    material=lambda call: {RANDOM_SHARES: math.prod(call.shapes[0])},
    run=show_masked,
    text=lambda call: f"show masked {call.shapes[0]}",
    example=Call(((4,),)),
    sends=lambda call, party: math.prod(call.shapes[0]),
    public=True,
)
ADD = Operation(
    "add shown",
    shape=lambda call: call.shapes[0],
    material=lambda call: {},
    run=add_shown,
    text=lambda call: f"add shown {call.shapes[0]}",
    example=Call(((4,), (4,))),
    rounds=0,
)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("spdz.wire.steps._by_wire_id", {**_wire_ids(), MASKED.wire_id: MASKED})
    for operation in (CUBE, SHOW, ADD):
        register(operation)
    yield
    for operation in (CUBE, SHOW, ADD):
        withdraw(operation)


def _wire_ids() -> dict[int, Step]:
    from spdz.wire.steps import _by_wire_id

    return _by_wire_id


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("parties", [2, 3])
def test_it_takes_several_kinds_of_material_and_says_so_in_the_plan(parties: int) -> None:
    def program(mpc: Mpc) -> tuple[list[str], Any, dict[str, int], int]:
        x = mpc.input([2, -3, 4], owner=0, shape=3)
        mpc.reveal(x)
        before = mpc.cost
        cubes = mpc.apply(CUBE, x)
        lines = mpc._graph.plan(mpc._graph.pending(), "end")
        revealed = mpc.reveal(cubes).tolist()
        return lines, revealed, mpc.cost.material, mpc.cost.rounds - before.rounds

    for lines, revealed, material, _ in run_local(program, parties, M61, "dealer"):
        assert lines == ["cube (3,)", "end"]
        assert revealed == [8, -27, 64]
        assert material == {"input masks of party 0": 3, "squares": 3, "triples": 3}


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("parties", [2, 3])
def test_the_tests_of_costs_and_the_documentation_know_it(parties: int, seed: bytes) -> None:
    for operation in (CUBE, SHOW):
        assert_as_described(operation, parties, M61, seed)
    assert "| cube | `cube (4,)` | 2 | 12 | 0 | 4 squares, 4 triples |\n" in wire_tables.operations()


@pytest.mark.usefixtures("toys")
def test_what_its_description_gets_wrong_is_found(seed: bytes) -> None:
    for wrong in (replace(CUBE, rounds=1), replace(CUBE, sends=lambda call, party: 11), replace(SHOW, public=False)):
        with pytest.raises(AssertionError):
            assert_as_described(wrong, 2, M61, seed)


@pytest.mark.usefixtures("toys")
def test_a_recording_of_a_session_may_use_it() -> None:
    """The checker of vectors runs operations by the names of the registry."""

    def program(mpc: Mpc) -> list[int]:
        x = mpc.input([2, -3], owner=0, shape=2)
        entry = {"op": "cube", "of": [0]}
        return mpc.reveal(operation_of(None, mpc, "program", entry, [x])).tolist()  # type: ignore[arg-type,no-any-return]

    assert run_local(program, 2, M61, "dealer") == [[8, -27]] * 2


@pytest.mark.usefixtures("toys")
def test_its_rounds_are_those_it_says() -> None:
    def rounds(work: Any) -> int:
        def program(mpc: Mpc) -> int:
            x = mpc.input([2, -3, 4], owner=0, shape=3)
            mpc.prepare(squares=3, triples=3)
            mpc.reveal(x)
            before = mpc.cost.rounds
            mpc.reveal(work(mpc, x))
            return mpc.cost.rounds - before

        return run_local(program, 2, M61, "dealer")[0]

    # The check before the opening covers what the operation has opened: four rounds more than revealing alone.
    assert rounds(lambda mpc, x: mpc.apply(CUBE, x)) == rounds(lambda mpc, x: x) + 4 + CUBE.rounds


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("parties", [2, 3])
def test_a_public_result_serves_another_operation_of_the_plan(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([5, 6], owner=1, shape=2)
        shown = mpc.apply_public(SHOW, x)
        assert "not checked yet" in repr(shown)
        return mpc.reveal(mpc.apply(ADD, x, shown)).tolist()

    assert run_local(program, parties, M61, "dealer") == [[5, 6]] * parties


@pytest.mark.usefixtures("toys")
def test_an_empty_array_takes_nothing_and_is_not_run() -> None:
    def program(mpc: Mpc) -> Any:
        empty = mpc.apply(CUBE, mpc.input([], owner=0, shape=0))
        return mpc.reveal(empty).tolist(), mpc.cost.material

    assert run_local(program, 2, M61, "dealer") == [([], {})] * 2


@pytest.mark.usefixtures("toys")
def test_a_name_is_registered_once() -> None:
    assert {"input", "multiply", "square", "matmul", "random", "random bits", "cube"} <= set(all_operations())
    with pytest.raises(InternalError, match="registered twice"):
        register(CUBE)
