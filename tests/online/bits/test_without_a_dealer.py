"""All operations on bits with what two to five parties make among themselves, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.adversary.settings import SMALL_BITS
from spdz.online.operations.bit_decomposition import BITS
from spdz.online.operations.convert import CONVERT
from spdz.online.session import Mpc
from spdz.preprocessing.mascot import generator
from spdz.sharing.material import MaskSlack

NUMBERS = np.array([-128, -127, -5, -1, 0, 1, 2, 126, 127])
FLAGS = np.array([1, 0, 1, 1, 0, 0, 1, 0, 1], bool)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "MascotProtocols", partial(generator.MascotProtocols, bit_plan=SMALL_BITS))


def run(program: Callable[[Mpc], Any], parties: int, field: str = "M61") -> list[Any]:
    return spdz.run_local(program, parties, field, "mascot", timeout=60)


@pytest.mark.parametrize(("parties", "field"), [(2, "M61"), (2, "M127"), (3, "M61"), (4, "M61"), (5, "M61")])
def test_numbers_and_truth_values(parties: int, field: str) -> None:
    def program(mpc: Mpc) -> Any:
        assert mpc.mask_slack == MaskSlack(parties, 3)
        x = mpc.input(NUMBERS, owner=parties - 1, type=spdz.Int(8))
        y = mpc.input(NUMBERS[::-1].copy(), owner=0, type=spdz.Int(8))
        flags = mpc.input(FLAGS, owner=1, type=spdz.Bool())
        bits = mpc.apply(CONVERT, mpc.apply(BITS, x.raw, width=8, depth="rounds", slack=mpc.mask_slack))
        both = (x > 1) & flags
        return mpc.reveal(x < y, x == y, x == 0, both, np.where(flags, x, y), x.relu(), x.max(), flags.sum(), bits)

    x, y = NUMBERS, NUMBERS[::-1]
    chosen, bits = np.where(FLAGS, x, y), x[:, None] >> np.arange(8) & 1
    wanted = [x < y, x == y, x == 0, (x > 1) & FLAGS, chosen, np.maximum(x, 0), x.max(), FLAGS.sum(), bits]
    for opened in run(program, parties, field):
        for found, right in zip(opened, wanted, strict=True):
            np.testing.assert_array_equal(found, right)
