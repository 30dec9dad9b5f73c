"""Making secrets and making them public again: input, random, constants, reveal, material and what it cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M5, M61, M127, Field
from spdz.online.session import Cost, Mpc

from .support import agreed, assert_equals, assert_refused, assert_same, local, signed

FIELDS = pytest.mark.parametrize("field", [M5, M61, M127], ids=str)
MAKERS = pytest.mark.parametrize("preprocessing", ["dealer", "mascot"])


@pytest.mark.parametrize(
    ("preprocessing", "parties", "field"),
    [("mascot", 2, M61), ("mascot", 2, M127), ("mascot", 3, M61), ("dealer", 5, M127), ("mascot", 2, M5)],
    ids=str,
)
def test_a_whole_session_with_every_kind_of_operation(preprocessing: str, parties: int, field: Field) -> None:
    def program(mpc: Mpc) -> Any:
        mine = [mpc.inputs, mpc.inputs + 1]
        secrets = [
            mpc.input(mine if mpc.party == owner else None, owner=owner, shape=2) for owner in range(mpc.parties)
        ]
        total = secrets[0]
        for secret in secrets[1:]:
            total = total * secret
        bits, anything = mpc.random_bits(10), mpc.random(4)
        first = mpc.reveal(total, bits * bits - bits, anything - anything)
        private = mpc.reveal_to(total @ total, party=mpc.parties - 1)
        return (*first, mpc.reveal(mpc.constant([3]) * total[1])), private

    results = local(program, parties, field, preprocessing=preprocessing, inputs=list(range(1, parties + 1)))
    expected = np.array([np.prod(np.arange(parties) + 1), np.prod(np.arange(parties) + 2)])
    reduced = signed(field, expected)
    for party, ((total, zeros, nothing, scaled), private) in enumerate(results):
        assert_equals(total, reduced)
        assert not zeros.any()
        assert not nothing.any()
        assert_equals(scaled, signed(field, reduced[1:] * 3))
        assert (private is None) == (party != parties - 1)
        if private is not None:
            assert_equals(private, signed(field, expected @ expected))


@FIELDS
def test_the_whole_signed_range_can_be_input(field: Field) -> None:
    top = (field.modulus - 1) // 2

    def program(mpc: Mpc) -> Any:
        values = [top, -top, 0, 1, -1]
        return mpc.reveal(mpc.input(values if mpc.party else None, owner=1, shape=5), mpc.constant(values))

    for revealed in agreed(program, field=field):
        assert_equals(revealed, [top, -top, 0, 1, -1])
        assert revealed.dtype == (object if field is M127 else np.int64)


def test_others_may_say_the_shape_or_pass_an_array_of_it() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([[1, 2], [3, 4]] if mpc.party == 0 else np.empty((2, 2)), owner=0)
        y = mpc.input(np.int32(7) if mpc.party == 1 else None, owner=1, shape=())
        z = mpc.input([5, 6], owner=2, shape=np.int64(2))
        return mpc.reveal(x, y, z)

    x, y, z = agreed(program, 3)
    assert_equals(x, [[1, 2], [3, 4]])
    assert_equals(y, 7)
    assert_equals(z, [5, 6])


BAD_INPUTS: list[tuple[Any, str]] = [
    ([1, 2, 2**60, -(2**60)], "index (2,)"),
    ([[1, 2], [3, -(2**61)]], "index (1, 1)"),
    (2**70, "the value is outside"),
    (np.array([0, 2**64 - 1], np.uint64), "index (1,)"),
    ([0.5, 1], "index (0,) is a float: scale to integers first"),
    (np.array([1.0]), "not float64: scale to integers first"),
    (["1"], "str"),
    ([None], "NoneType"),
    (1j, "complex"),
    ([[1], [1, 2]], "equal lengths"),
    ({"a": 1}, "dict"),
]


def test_an_input_that_does_not_fit_is_refused_and_the_session_goes_on() -> None:
    """Promised: a UsageError of an operation, before any `reveal`, has sent nothing; the same party may try again."""

    def program(mpc: Mpc) -> Any:
        if mpc.party == 0:
            for values, words in BAD_INPUTS:
                assert_refused(lambda values=values: mpc.input(values, owner=0), UsageError, words)
                assert_refused(lambda values=values: mpc.constant(values), UsageError, words)
        x = mpc.input([1, 2, 3], owner=0, shape=3)
        if mpc.party == 1:
            assert_refused(lambda: x - [2**60, 0, 0], UsageError, "index (0,)")
            assert_refused(lambda: x * 0.5, UsageError, "scale to integers first")
            assert_refused(lambda: mpc.reveal(3), UsageError, "only secret arrays")
        return mpc.reveal(x * x)

    assert_equals(agreed(program), [1, 4, 9])


def test_no_refused_value_is_repeated_in_the_message() -> None:
    def program(mpc: Mpc) -> str:
        with pytest.raises(UsageError) as caught:
            mpc.input([5, 987654321987654321987654321], owner=mpc.party)
        return str(caught.value)

    assert all("987654321" not in text for text in local(program))


# -- random -----------------------------------------------------------------------------------------------------------


@MAKERS
def test_random_bits_are_bits_and_random_elements_fill_the_field(preprocessing: str) -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(mpc.random_bits((20, 20)), mpc.random((20, 20)), mpc.random_bits(), mpc.random())

    bits, elements, bit, element = agreed(program, preprocessing=preprocessing)
    assert set(bits.ravel().tolist()) == {0, 1}
    assert 100 < bits.sum() < 300
    assert bit.shape == element.shape == ()
    half = (M61.modulus - 1) // 2
    assert len(set(elements.ravel().tolist())) == 400
    assert -half <= elements.min() < -half // 2 < half // 2 < elements.max() <= half
    again = agreed(program, preprocessing=preprocessing)
    assert (bits != again[0]).any()
    assert (elements != again[1]).all()


def test_random_elements_of_a_small_field_take_every_value() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(mpc.random(1000))

    assert set(agreed(program, field=M5).tolist()) == set(range(-15, 16))


# -- revealing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", [2, 3])
def test_only_the_receiver_learns_what_is_revealed_to_it(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2, 3], owner=0, shape=3)
        one = [mpc.reveal_to(x + party, party=party) for party in range(mpc.parties)]
        two = [mpc.reveal_to(x * x, x.sum(), party=party) for party in range(mpc.parties)]
        return one, two

    for me, (one, two) in enumerate(local(program, parties)):
        for party in range(parties):
            if party == me:
                assert_equals(one[party], np.array([1, 2, 3]) + party)
                assert_same(two[party], (np.array([1, 4, 9]), np.array(6)))
            else:
                assert one[party] is None
                assert two[party] is None


def test_a_secret_can_be_revealed_many_times_and_used_after_it() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.random(5)
        once = mpc.reveal(x)
        again, square = mpc.reveal(x, x * x)
        return once, again, square, mpc.reveal(x - once)

    once, again, _, zero = agreed(program, field=M127)
    assert_same(once, again)
    assert not zero.any()


def test_what_is_revealed_belongs_to_the_caller() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2], owner=0, shape=2)
        first = mpc.reveal(x)
        first[:] = 100
        return mpc.reveal(x)

    assert_equals(agreed(program), [1, 2])


@MAKERS
def test_arrays_without_entries(preprocessing: str) -> None:
    def program(mpc: Mpc) -> Any:
        x, y, z = mpc.random((0, 3)), mpc.random((3, 0)), mpc.input(np.zeros(0, int), owner=0)
        outputs = (x * x, x**3, x @ y, y @ x, x.sum(), x.sum(0), x + 1, 2 * z, z @ z, x.T, mpc.constant([]))
        joined = mpc.concatenate([z, mpc.random_bits(0)])
        private = mpc.reveal_to(z, party=1)
        return mpc.reveal(*outputs, joined), mpc.reveal(z), (private is None) == (mpc.party == 0)

    outputs, z, private = agreed(program, preprocessing=preprocessing)
    shapes = [(0, 3), (0, 3), (0, 0), (3, 3), (), (3,), (0, 3), (0,), (), (3, 0), (0,), (0,)]
    assert [output.shape for output in outputs] == shapes
    assert not outputs[3].any()
    assert z.shape == (0,)
    assert private


# -- material and cost ------------------------------------------------------------------------------------------------


def test_material_that_was_prepared_is_used_and_nothing_more_is_made() -> None:
    def program(mpc: Mpc) -> Any:
        mpc.prepare(
            triples=6, squares=3, random_bits=2, random_shares=1, input_masks={1: 3}, matrix_triples={(2, 2, 1): 1}
        )
        made = dict(mpc._source.store.made)
        before = mpc.cost.rounds
        x = mpc.input([1, 2, 3], owner=1, shape=3)
        square = x[:2].reshape(1, 2) * x[1:].reshape(2, 1)
        product = square @ (mpc.random_bits(2) * 0 + x[:2])
        result = mpc.reveal(product, x * x, mpc.random() * 0)
        assert mpc._source.store.made == made
        assert mpc.cost.rounds > before
        return result, mpc.cost.material

    (product, square, zero), material = agreed(program)
    assert_equals(product, [[2, 4], [3, 6]] @ np.array([1, 2]))
    assert_equals(square, [1, 4, 9])
    assert zero == 0
    assert material == {
        "input masks of party 1": 3,
        "matrix triples 2x2x1": 1,
        "random bits": 2,
        "random shares": 1,
        "squares": 3,
        "triples": 4,
    }


@MAKERS
def test_discarded_material_is_made_again(preprocessing: str) -> None:
    def program(mpc: Mpc) -> Any:
        mpc.prepare(triples=10)
        mpc.discard_material()
        store = mpc._source.store
        assert not store._batches
        x = mpc.input(6, owner=0, shape=())
        result = mpc.reveal(x * mpc.constant(7))
        return result, sum(count for kind, count in store.made.items() if kind.name == "triples")

    result, made = agreed(program, preprocessing=preprocessing)
    assert result == 42
    assert made == 11


def test_the_cost_is_counted_and_can_be_read_after_the_end() -> None:
    sessions: dict[int, Mpc] = {}

    def program(mpc: Mpc) -> Cost:
        sessions[mpc.party] = mpc
        mpc.reveal(mpc.random(3) * mpc.random(3))
        before = mpc.cost
        mpc.reveal(mpc.random(3) * mpc.random(3))
        assert mpc.cost.rounds > before.rounds
        assert mpc.cost.bytes_sent > before.bytes_sent
        return mpc.cost

    for party, cost in enumerate(local(program)):
        assert cost.material == {"random shares": 12, "triples": 6}
        assert list(cost.seconds) == ["set-up", "preprocessing", "online"]
        assert all(seconds > 0 for seconds in cost.seconds.values())
        assert sessions[party].cost.material == cost.material


def test_what_a_program_can_ask_its_session() -> None:
    def program(mpc: Mpc) -> Any:
        assert "secret" not in repr(mpc)
        return mpc.party, mpc.parties, mpc.field, mpc.preprocessing, mpc.transport, mpc.args, mpc.inputs, repr(mpc)

    first, second = local(program, inputs=["a", "b"])
    assert first[:7] == (0, 2, M61, "dealer", "in memory", (), "a")
    assert second[0] == 1
    assert second[7] == "Mpc(party 1 of 2, field=M61, preprocessing=dealer, transport=in memory)"
