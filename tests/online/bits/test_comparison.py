"""Signs are exact for every number, mask, wrap and fault."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M7, M61, M127, Field
from spdz.online.operations import compare
from spdz.online.operations.compare import SIGN, Parameters, comparison, require_room
from spdz.sharing.material import DEALT, MaskSlack
from tests.online.support import Ideal

from .support import FAULTY, SLACKS, Case, edges, every_case, masks, signed, widths

PARTIES = pytest.mark.parametrize("parties", [2, 3])
SLACK = pytest.mark.parametrize("slack", SLACKS, ids=str)


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


@pytest.mark.parametrize(("slack", "width"), [(s, w) for s in SLACKS for w in widths(M7, s)], ids=str)
def test_every_case_of_a_toy_field(slack: MaskSlack, width: int, seed: bytes) -> None:
    assert wrong_signs(Ideal(2, M7, seed), slack, width) == 0


def wrong_signs(ideal: Ideal, slack: MaskSlack, width: int, used: MaskSlack | None = None) -> int:
    numbers, totals, faults = every_case(ideal.dealer.field, slack, width)
    dealt = masks(ideal, comparison(used or slack, width).m + 1, totals, faults)
    x = signed(ideal.dealer.field, numbers)
    found = Case(ideal, SIGN, x, material=[dealt], width=width, slack=used or slack).result()
    return int(np.sum(found != (np.array(numbers) < 0)))


@pytest.mark.parametrize("slack", [DEALT, FAULTY, MaskSlack(2, 0)], ids=str)
def test_with_one_bit_of_room_less_there_are_wrong_signs(
    slack: MaskSlack, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the tests above would see it."""

    def narrow(slack: MaskSlack, width: int) -> Parameters:
        t, offset, m = comparison(slack, width)
        return Parameters(t - 1, offset, m - 1)

    monkeypatch.setattr(compare, "comparison", narrow)
    numbers, totals, faults = every_case(M7, slack, 2)
    ideal = Ideal(2, M7, seed)
    dealt = masks(ideal, narrow(slack, 2).m + 1, totals, faults)
    found = Case(ideal, SIGN, signed(M7, numbers), material=[dealt], width=2, slack=slack).result()
    assert np.sum(found != (np.array(numbers) < 0)) > 0


def test_masks_with_faults_need_the_parameters_of_faults(seed: bytes) -> None:
    assert wrong_signs(Ideal(2, M7, seed), FAULTY, 2, used=MaskSlack(2, 0)) > 0


@PARTIES
@SLACK
@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("width", [1, 2, 3, 17, 32, 33, "widest but one", "widest"])
def test_edges_of_large_fields(parties: int, slack: MaskSlack, field: Field, width: int | str, seed: bytes) -> None:
    room = widths(field, slack)
    bits = {"widest": room[-1], "widest but one": room[-2]}.get(str(width)) or int(width)
    numbers, totals, faults = edges(field, slack, bits)
    ideal = Ideal(parties, field, seed)
    dealt = masks(ideal, comparison(slack, bits).m + 1, totals, faults)
    found = Case(ideal, SIGN, signed(field, numbers), material=[dealt], width=bits, slack=slack).result()
    assert (found == [number < 0 for number in numbers]).all()


@PARTIES
@pytest.mark.parametrize("shape", [(), (1,), (7,), (8,), (9,), (65,), (2, 3, 4)], ids=str)
def test_shapes(parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, M127, seed)
    bits = ideal.dealer.bits.random(*shape).astype(np.int64)
    x = M127.signed(np.where(bits, -5, 5).reshape(shape))
    found = Case(ideal, SIGN, x, width=4, slack=DEALT).result()
    assert found.shape == shape
    assert (found == bits).all()


def test_what_has_no_room_is_refused(seed: bytes) -> None:
    assert require_room(M61, DEALT, 59).m + 1 == 61
    assert require_room(M61, MaskSlack(2, 3), 57).m + 1 == 61
    for slack, width in ((DEALT, 60), (MaskSlack(2, 3), 58)):
        with pytest.raises(UsageError, match=f"room for {width - 1} bits"):
            require_room(M61, slack, width)
    with pytest.raises(UsageError, match="at least one bit"):
        comparison(DEALT, 0)
