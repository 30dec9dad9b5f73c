"""What comparisons open is uniform, whatever is compared, in range or not; so are the bits of products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.field import M5, M7, FieldArray
from spdz.online.operations.compare import SIGN
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.equality import EQUAL
from spdz.online.operations.logic import AND
from spdz.online.operations.select import SELECT
from spdz.runtime.lockstep import Message
from spdz.sharing.material import DEALT
from tests.online.support import Ideal
from tests.online.test_what_leaves_is_masked import Overheard
from tests.support.statistics import assert_probability, assert_uniform

from .support import Case

COUNT = 2504
"""Whole bytes of bits."""


class Bits:
    """The bits that were opened in one step, exchange by exchange."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._opened: dict[bytes, Any] = {}

    def __call__(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.step == self._step:
                own = np.unpackbits(np.frombuffer(bytes(message.payload), np.uint8), bitorder="little")
                label = message.header.label
                self._opened[label] = own ^ self._opened.get(label, np.uint8(0))
        return messages

    def rows(self) -> Any:
        """One row for every array of COUNT bits."""
        return np.concatenate(list(self._opened.values())).reshape(-1, COUNT)


@pytest.mark.parametrize("operation", [SIGN, EQUAL], ids=["sign", "equal"])
@pytest.mark.parametrize("value", [0, 1, 3, 15, 16, 30])
def test_the_masked_number(operation: Any, value: int, seed: bytes) -> None:
    """Three bits, so from -4 to 3: the rest is out of range and hidden as well."""
    ideal, heard = Ideal(2, M5, seed), Overheard("compare.masked")
    assert ideal.run(Case(ideal, operation, M5.full(COUNT, value), width=3, slack=DEALT).part, heard).results
    assert len(heard.opened()) == COUNT
    assert_uniform(heard.opened(), 31)


@pytest.mark.parametrize("value", [0, 1, -1, 15, -16])
def test_the_bits_of_a_tree(value: int, seed: bytes) -> None:
    ideal, heard = Ideal(2, M7, seed), Bits("compare.level")
    x = M7.signed(np.full(COUNT, value))
    assert ideal.run(Case(ideal, SIGN, x, width=5, slack=DEALT).part, heard).results
    rows = heard.rows()
    assert len(rows) == 2 + 2
    for row in rows:
        assert_probability(int(row.sum()), COUNT, 0.5)


@pytest.mark.parametrize("bit", [0, 1])
def test_the_bits_of_and_convert_and_select(bit: int, seed: bytes) -> None:
    ideal = Ideal(2, M5, seed)
    same, x = np.full(COUNT, bit, np.uint8), M5.full(COUNT, 7)
    cases: dict[str, Case] = {
        "and.masked": Case(ideal, AND, same, same),
        "convert.masked": Case(ideal, CONVERT, same),
        "select.bit": Case(ideal, SELECT, same, x, width=None),
    }
    for step, case in cases.items():
        heard = Bits(step)
        assert ideal.run(case.part, heard).results
        for row in heard.rows():
            assert_probability(int(row.sum()), COUNT, 0.5)


@pytest.mark.parametrize("value", [0, 1, 17])
def test_the_elements_of_a_selection(value: int, seed: bytes) -> None:
    ideal, heard = Ideal(2, M5, seed), Overheard("select.masked")
    x: FieldArray = M5.full(COUNT, value)
    assert ideal.run(Case(ideal, SELECT, ideal.dealer.bits.random(COUNT), x, width=None).part, heard).results
    assert_uniform(heard.opened(), 31)
