"""What is compared is never wider than it is said to be: with ideal operations, which look at their operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.online.session import Mpc

from .support import agreed, assert_equals
from .test_comparisons import OPERATORS, shared
from .test_ordering import FUNCTIONS

pytestmark = pytest.mark.usefixtures("ideal_operations")

ENDS = np.array([[127, -127, 127, -127, 0], [-127, -127, 127, 127, 1], [-127, 127, 126, -127, -1]])
OTHERS = np.array([[-128, 127, 127, -128, 0], [127, -128, -128, 127, -1], [-128, 127, 126, -126, -2]])


@pytest.mark.parametrize("name", [*OPERATORS, *FUNCTIONS])
def test_extremes(name: str) -> None:
    work: Any = {**OPERATORS, **FUNCTIONS}[name]

    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, ENDS).assume_range(-127, 127), shared(mpc, OTHERS, 1)
        return mpc.reveal(work(x, y))

    assert_equals(agreed(program), work(ENDS, OTHERS))


def test_a_lie_about_the_range_is_what_they_notice() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(shared(mpc, [5, 6]).assume_range(0, 1) < 1)

    with pytest.raises(AssertionError, match="wider than was said"):
        agreed(program)
