"""Signs, equality and bits are exact for every number, mask, wrap and fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from spdz.errors import UsageError
from spdz.field import M7, M61, M127, Field
from spdz.online.operations import bit_decomposition, compare, equality
from spdz.online.operations.bit_decomposition import BITS
from spdz.online.operations.compare import SIGN, Parameters, comparison, require_room
from spdz.online.operations.equality import EQUAL, _less
from spdz.online.operations.registry import Operation
from spdz.sharing.material import DEALT, Batch, MaskSlack
from tests.online.support import Ideal

from .support import FAULTY, SLACKS, Case, edges, every_case, masks, signed, widths

PARTIES = pytest.mark.parametrize("parties", [2, 3])
SLACK = pytest.mark.parametrize("slack", SLACKS, ids=str)
USES: dict[str, tuple[Operation, dict[str, Any]]] = {
    "sign": (SIGN, {}),
    "equal": (EQUAL, {}),
    "bits in few rounds": (BITS, {"depth": "rounds"}),
    "bits with few triples": (BITS, {"depth": "work"}),
}
USE = pytest.mark.parametrize("use", USES)


def expected(use: str, numbers: Sequence[int], width: int) -> npt.NDArray[Any]:
    """What comes out, of Python integers."""
    if use == "sign":
        return np.array([number < 0 for number in numbers])
    if use == "equal":
        return np.array([number == 0 for number in numbers])
    return np.array([[number >> place & 1 for place in range(width)] for number in numbers])


def wrong(ideal: Ideal, use: str, numbers: Sequence[int], dealt: list[Batch], slack: MaskSlack, width: int) -> int:
    """How many entries of a result are wrong."""
    operation, how = USES[use]
    x = signed(ideal.dealer.field, numbers)
    found = Case(ideal, operation, x, material=[dealt], width=width, slack=slack, **how).result()
    return int(np.sum(found != expected(use, numbers, width)))


def test_the_parameters_of_several_makers() -> None:
    assert comparison(DEALT, 33) == Parameters(t=2, offset=1, m=34)
    assert [comparison(MaskSlack(n, 3), 33).t for n in range(2, 6)] == [4, 5, 5, 6]
    for terms in range(1, 12):
        for faults in range(5):
            t, offset, m = comparison(MaskSlack(terms, faults), 10)
            room = offset + terms + terms * faults
            assert 2 ** (t - 1) <= room < 2**t
            assert offset - 1 - terms * faults == 0
            assert m == 9 + t


@USE
@pytest.mark.parametrize(("slack", "width"), [(s, w) for s in SLACKS for w in widths(M7, s)], ids=str)
def test_every_case_of_a_toy_field(use: str, slack: MaskSlack, width: int, seed: bytes) -> None:
    ideal = Ideal(2, M7, seed)
    numbers, totals, faults = every_case(M7, slack, width)
    dealt = masks(ideal, comparison(slack, width).m + 1, totals, faults)
    assert wrong(ideal, use, numbers, dealt, slack, width) == 0


TOO_NARROW = [(use, slack) for use in USES for slack in (DEALT, FAULTY, MaskSlack(2, 0)) if comparison(slack, 1).t > 2]
TOO_NARROW += [(use, slack) for use in ("sign", "equal") for slack in (DEALT, MaskSlack(2, 0))]
"""Bits count on borrows from place 2 on, so there is nothing to see with t = 1."""


@pytest.mark.parametrize(("use", "slack"), TOO_NARROW, ids=str)
def test_with_one_bit_of_room_less_there_are_wrong_results(
    use: str, slack: MaskSlack, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the tests above would see it."""

    def narrow(slack: MaskSlack, width: int) -> Parameters:
        t, offset, m = comparison(slack, width)
        return Parameters(t - 1, offset, m - 1)

    for module in (compare, equality, bit_decomposition):
        monkeypatch.setattr(module, "comparison", narrow)
    ideal = Ideal(2, M7, seed)
    numbers, totals, faults = every_case(M7, slack, 2)
    dealt = masks(ideal, narrow(slack, 2).m + 1, totals, faults)
    assert wrong(ideal, use, numbers, dealt, slack, 2) > 0


@USE
def test_masks_with_faults_need_the_parameters_of_faults(use: str, seed: bytes) -> None:
    ideal, sound = Ideal(2, M7, seed), MaskSlack(2, 0)
    numbers, totals, faults = every_case(M7, FAULTY, 2)
    dealt = masks(ideal, comparison(sound, 2).m + 1, totals, faults)
    assert wrong(ideal, use, numbers, dealt, sound, 2) > 0


@USE
@PARTIES
@SLACK
@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("width", [1, 2, 3, 16, 33, "widest but one", "widest"])
def test_edges_of_large_fields(
    use: str, parties: int, slack: MaskSlack, field: Field, width: int | str, seed: bytes
) -> None:
    room = widths(field, slack)
    bits = {"widest": room[-1], "widest but one": room[-2]}.get(str(width)) or int(width)
    numbers, totals, faults = edges(field, slack, bits)
    ideal = Ideal(parties, field, seed)
    dealt = masks(ideal, comparison(slack, bits).m + 1, totals, faults)
    assert wrong(ideal, use, numbers, dealt, slack, bits) == 0


@USE
@PARTIES
@pytest.mark.parametrize("shape", [(), (1,), (7,), (8,), (9,), (65,), (2, 3, 4)], ids=str)
def test_shapes(use: str, parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, M127, seed)
    numbers = ideal.dealer.bits.random(*shape).astype(np.int64) * -5
    operation, how = USES[use]
    found = Case(ideal, operation, M127.signed(numbers.reshape(shape)), width=4, slack=DEALT, **how).result()
    wanted = expected(use, numbers.ravel().tolist(), 4)
    assert found.shape == shape + wanted.shape[1:]
    assert (found.reshape(wanted.shape) == wanted).all()


def test_what_has_no_room_is_refused(seed: bytes) -> None:
    assert require_room(M61, DEALT, 59).m + 1 == 61
    assert require_room(M61, MaskSlack(2, 3), 57).m + 1 == 61
    for slack, width in ((DEALT, 60), (MaskSlack(2, 3), 58)):
        with pytest.raises(UsageError, match=f"room for {width - 1} bits"):
            require_room(M61, slack, width)
    with pytest.raises(UsageError, match="at least one bit"):
        comparison(DEALT, 0)
    with pytest.raises(UsageError, match="depth is 'rounds' or 'work', not 'width'"):
        Case(Ideal(2, M61, seed), BITS, M61.zeros(3), width=4, slack=DEALT, depth="width")


def test_a_field_in_which_a_wrap_costs_more_than_a_unit_is_refused() -> None:
    """Signs are argued for primes 2^k - 1 alone; any other one with room for the number was taken."""
    other = Field("F65537", 65537, np.uint64(65537), family="tests.house.small_primes")
    with pytest.raises(UsageError, match="not F65537"):
        require_room(other, DEALT, 8)


@pytest.mark.parametrize("limbs", [1, 2, 3])
def test_less_a_small_amount_with_every_borrow(limbs: int) -> None:
    numbers = [0, 1, 3, 4, 5, 2**64 - 1, 2**64, 2**64 + 3, 2**64 + 4, 2**127, 2**128, 2**128 + 3]
    words = np.array([[number >> 64 * i & 2**64 - 1 for i in range(limbs)] for number in numbers], np.uint64)
    for amount in (1, 4, 64):
        found = [sum(int(word) << 64 * i for i, word in enumerate(row)) for row in _less(words, amount)]
        assert found == [(number - amount) % 2 ** (64 * limbs) for number in (n % 2 ** (64 * limbs) for n in numbers)]


WIDER = [(s, w, n) for s in SLACKS for w in widths(M7, s) for n in range(1, w)]


@pytest.mark.parametrize("depth", ["rounds", "work"])
@pytest.mark.parametrize(("slack", "width", "lowest"), WIDER, ids=str)
def test_the_lowest_bits_of_wider_numbers_in_every_case(
    slack: MaskSlack, width: int, lowest: int, depth: str, seed: bytes
) -> None:
    """Masks of few bits serve, as long as there is room for the number itself."""
    ideal = Ideal(2, M7, seed)
    numbers, totals, faults = every_case(M7, slack, width)
    dealt = masks(ideal, comparison(slack, lowest).m + 1, totals, faults)
    x = signed(M7, numbers)
    found = Case(ideal, BITS, x, material=[dealt], width=lowest, slack=slack, depth=depth).result()
    assert np.array_equal(found, expected("bits", numbers, lowest))


@pytest.mark.parametrize("slack", [each for each in SLACKS if len(widths(M7, each)) > 1], ids=str)
def test_without_room_for_the_number_its_lowest_bits_are_wrong(slack: MaskSlack, seed: bytes) -> None:
    """The control: where the number itself, with all that is added, is larger than the field."""
    ideal = Ideal(2, M7, seed)
    numbers, totals, faults = every_case(M7, slack, widths(M7, slack)[-1])
    too_wide = [number - 47 for number in numbers]
    dealt = masks(ideal, comparison(slack, 1).m + 1, totals, faults)
    x = signed(M7, too_wide)
    found = Case(ideal, BITS, x, material=[dealt], width=1, slack=slack, depth="rounds").result()
    assert not np.array_equal(found, expected("bits", too_wide, 1))
