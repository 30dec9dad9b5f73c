"""A new kind of material is one declaration: the dealer makes it, the store keeps it, `prepare` knows its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spdz.errors import InternalError, UsageError
from spdz.field import M61, FieldArray
from spdz.online.session import Mpc
from spdz.sessions.local import run_local
from spdz.sharing.material import (
    RANDOM_BITS,
    TRIPLES,
    Batch,
    Kind,
    demand_of,
    input_masks,
    matrix_triples,
)
from spdz.sharing.material.batch import join_batches
from spdz.sharing.material.kinds import (
    Array,
    Declaration,
    Parameter,
    declare_kind,
    declared_kinds,
    random_bits,
    withdraw_kind,
)
from spdz.sharing.shares import AuthShare
from tests.support.dealer import IdealDealer, reconstruct, reconstruct_batches
from tests.support.parties import make_sessions

CUBES = Declaration(
    "cubes",
    77,
    (
        Array("a", uniform=True),
        Array("a^2", relation=lambda field, dims, known: known[0] * known[0]),
        Array("a^3", relation=lambda field, dims, known: known[0] * known[1]),
    ),
)


@pytest.fixture
def cubes() -> Iterator[Kind]:
    declare_kind(CUBES)
    yield Kind(CUBES.name)
    withdraw_kind(CUBES)


@pytest.mark.parametrize("parties", [2, 3])
def test_it_is_dealt_stored_and_taken(cubes: Kind, parties: int) -> None:
    def program(mpc: Mpc) -> tuple[FieldArray, list[AuthShare]]:
        mpc.prepare(cubes=5)
        store = mpc._source.store
        assert store.available(cubes) == 5
        taken = [store.take(cubes, 2), store.take(cubes, 3)]
        with pytest.raises(UsageError, match="1 cubes are needed but only 0 are left"):
            store.take(cubes, 1)
        # The session overwrites its key at the end.
        return mpc.context.session.key.share.copy(), _copied(join_batches(taken))

    keys, shares = zip(*run_local(program, parties, M61, "dealer"), strict=True)
    alpha = sum(keys[1:], start=keys[0])
    _assert_cubes([reconstruct(alpha, column) for column in zip(*shares, strict=True)])


def test_the_ideal_dealer_of_the_tests_deals_it(cubes: Kind, seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    batches = IdealDealer(sessions, seed).deal(cubes, 5)
    _assert_cubes(reconstruct_batches(sessions, batches))


@pytest.mark.parametrize("kind", [TRIPLES, RANDOM_BITS, input_masks(1), matrix_triples(2, 3, 4)], ids=str)
def test_so_it_does_with_the_kinds_that_there_are(kind: Kind, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    batches = IdealDealer(sessions, seed).deal(kind, 5)
    values = reconstruct_batches(sessions, batches)
    assert tuple(value.shape for value in values) == tuple((5, *shape) for shape in kind.shapes)
    if kind.owner >= 0:
        clear = batches[kind.owner].clear
        assert clear is not None
        assert clear.equals(values[0])
    assert [party for party, batch in enumerate(batches) if batch.clear is not None] == [kind.owner] * (kind.owner >= 0)


def _copied(batch: Batch) -> list[AuthShare]:
    return [AuthShare(share.value.copy(), share.mac.copy()) for share in batch.shares]


def _assert_cubes(values: list[FieldArray]) -> None:
    a, square, cube = (array.to_ints() for array in values)
    assert len(set(a)) == 5
    assert square == [pow(value, 2, M61.modulus) for value in a]
    assert cube == [pow(value, 3, M61.modulus) for value in a]


def test_who_does_not_make_it_says_so(cubes: Kind) -> None:
    with pytest.raises(UsageError, match="mascot preprocessing does not make cubes"):
        run_local(lambda mpc: mpc.prepare(cubes=1), 2, M61, "mascot")


def test_its_name_is_one_of_those_that_can_be_asked_for(cubes: Kind) -> None:
    assert demand_of({"cubes": 3, "triples": 2, "squares": 0}, 2) == {Kind("triples"): 2, cubes: 3}
    with pytest.raises(UsageError, match=r"no material called 'cube'; did you mean cubes\?"):
        demand_of({"cube": 3}, 2)
    with pytest.raises(UsageError, match=r"no material called 'xyz'\. There are triples, "):
        demand_of({"xyz": 3}, 2)


def test_a_kind_of_several_domains_is_declared_and_is_not_for_a_dealer_who_does_not_know_one() -> None:
    """As a daBit, which the dealer does know."""
    mixed = declare_kind(
        Declaration(
            "mixed bits", 78, (Array("over the field", draw=random_bits), Array("b", uniform=True, domain="toy"))
        )
    )
    try:
        assert mixed.domains == {"field", "toy"}
        with pytest.raises(UsageError, match="dealer preprocessing does not make mixed bits"):
            run_local(lambda mpc: mpc.prepare(mixed_bits=1), 2, M61, "dealer")
    finally:
        withdraw_kind(mixed)


@pytest.mark.parametrize(
    ("arrays", "parameter"),
    [
        ((Array("r", known=True),), Parameter.NONE),
        ((Array("r", uniform=True),), Parameter.OWNER),
        ((Array("a", uniform=True), Array("r", known=True)), Parameter.OWNER),
        ((Array("r", known=True), Array("s", known=True)), Parameter.OWNER),
    ],
)
def test_what_an_owner_knows_is_the_first_array(arrays: tuple[Array, ...], parameter: Parameter) -> None:
    with pytest.raises(InternalError, match="the first array of masks, and no other, is known"):
        Declaration("masks", 79, arrays, parameter)


def test_a_name_or_a_code_is_declared_once(cubes: Kind) -> None:
    for other in (CUBES, Declaration("cubes", 78, CUBES.arrays), Declaration("others", 77, CUBES.arrays)):
        with pytest.raises(InternalError, match="declared twice"):
            declare_kind(other)
    with pytest.raises(InternalError, match="from 1 to 255"):
        declare_kind(Declaration("others", 0, CUBES.arrays))
    with pytest.raises(InternalError, match="one of them"):
        Array("a", uniform=True, known=True)
    with pytest.raises(InternalError, match="others have no arrays"):
        Declaration("others", 78, ())
    with pytest.raises(InternalError, match="tagged: that takes an owner"):
        Declaration("others", 78, CUBES.arrays, tagged=True)
    assert "others" not in declared_kinds()


def test_without_the_declaration_there_is_no_such_kind() -> None:
    with pytest.raises(UsageError, match="no material called 'cubes'"):
        assert Kind("cubes").shapes
