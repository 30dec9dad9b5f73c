"""A new kind of material is one declaration: the dealer makes it, the store keeps it, `prepare` knows its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spdz.errors import InternalError, UsageError
from spdz.field import M61
from spdz.online.session import Mpc
from spdz.sessions.local import run_local
from spdz.sharing.material import Kind, demand_of
from spdz.sharing.material.kinds import Array, Declaration, declare_kind, declared_kinds, withdraw_kind

CUBES = Declaration(
    "cubes",
    77,
    (
        Array("a", uniform=True),
        Array("a^2", relation=lambda known: known[0] * known[0]),
        Array("a^3", relation=lambda known: known[0] * known[1]),
    ),
)


@pytest.fixture
def cubes() -> Iterator[Kind]:
    declare_kind(CUBES)
    yield Kind(CUBES.name)
    withdraw_kind(CUBES)


@pytest.mark.parametrize("parties", [2, 3])
def test_it_is_dealt_stored_and_taken(cubes: Kind, parties: int) -> None:
    def program(mpc: Mpc) -> list[tuple[list[int], list[int]]]:
        mpc.prepare(cubes=5)
        batch = mpc._source.store.take(cubes, 5)
        return [(share.value.to_ints(), share.mac.to_ints()) for share in batch.shares]

    per_party = run_local(program, parties, M61, "dealer")
    p = M61.modulus
    a, square, cube = (
        [sum(column) % p for column in zip(*(arrays[i][0] for arrays in per_party), strict=True)] for i in range(3)
    )
    assert len(set(a)) == 5
    assert square == [pow(value, 2, p) for value in a]
    assert cube == [pow(value, 3, p) for value in a]


def test_who_does_not_make_it_says_so(cubes: Kind) -> None:
    with pytest.raises(UsageError, match="mascot preprocessing does not make cubes"):
        run_local(lambda mpc: mpc.prepare(cubes=1), 2, M61, "mascot")


def test_its_name_is_one_of_those_that_can_be_asked_for(cubes: Kind) -> None:
    assert demand_of({"cubes": 3, "triples": 2, "squares": 0}, 2) == {Kind("triples"): 2, cubes: 3}
    with pytest.raises(UsageError, match=r"no material called 'cube'; did you mean cubes\?"):
        demand_of({"cube": 3}, 2)


def test_a_name_or_a_code_is_declared_once(cubes: Kind) -> None:
    for other in (CUBES, Declaration("cubes", 78, CUBES.arrays), Declaration("others", 77, CUBES.arrays)):
        with pytest.raises(InternalError, match="declared twice"):
            declare_kind(other)
    with pytest.raises(InternalError, match="from 1 to 255"):
        declare_kind(Declaration("others", 0, CUBES.arrays))
    with pytest.raises(InternalError, match="one of them"):
        Array("a", uniform=True, known=True)
    assert "others" not in declared_kinds()


def test_without_the_declaration_there_is_no_such_kind() -> None:
    with pytest.raises(UsageError, match="no material called 'cubes'"):
        assert Kind("cubes").shapes
