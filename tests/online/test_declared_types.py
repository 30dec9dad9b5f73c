"""What a program declares, what it holds, and how a range that is left is reported."""

from __future__ import annotations

import re
from typing import Any

import pytest

import spdz
from spdz.errors import EXIT_CODES, RangeError, UsageError, exit_code
from spdz.field import M5, M61, M127
from spdz.online.values import caller
from spdz.online.values.intervals import Interval
from spdz.online.values.ranges import require_field, require_within
from spdz.online.values.types import widest
from tests.api.support import assert_refused


def test_they_read_like_the_call_and_compare_by_what_they_say() -> None:
    for declared in (spdz.Int(), spdz.Int(17), spdz.Fixed(), spdz.Fixed(8, 30), spdz.Bool()):
        assert eval(repr(declared)) == declared
        assert len({declared, eval(repr(declared))}) == 1
    assert repr(spdz.Int(32)) == "spdz.Int(32)"
    assert repr(spdz.Fixed(f=16, k=48)) == "spdz.Fixed(16, 48)"
    assert spdz.Int(32) != spdz.Int(33)
    with pytest.raises(AttributeError):
        spdz.Int(32).width = 8  # type: ignore[misc]


def test_what_they_hold() -> None:
    assert spdz.Int(8).interval == Interval(-128, 127)
    assert spdz.Fixed(2, 8).interval == Interval(-128, 127)
    assert [widest(field) for field in (M5, M61, M127)] == [4, 60, 126]
    for field in (M5, M61, M127):
        half = (field.modulus - 1) // 2
        assert spdz.Int(widest(field)).interval.within(Interval(-half, half))
        assert not Interval.signed(widest(field) + 1).within(Interval(-half, half))


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: spdz.Int(0), "the width of spdz.Int must be an integer from 1 to 126, got 0"),
        (lambda: spdz.Int(127), "from 1 to 126"),
        (lambda: spdz.Int(8.0), "got 8.0"),  # type: ignore[arg-type]
        (lambda: spdz.Int(True), "got True"),
        (lambda: spdz.Int("8"), "got '8'"),  # type: ignore[arg-type]
        (lambda: spdz.Fixed(0, 8), "f of spdz.Fixed must be an integer from 1 to 7"),
        (lambda: spdz.Fixed(8, 8), "from 1 to 7"),
        (lambda: spdz.Fixed(16, 200), "k of spdz.Fixed"),
    ],
)
def test_bad_declarations_are_refused(attempt: Any, words: str) -> None:
    assert_refused(attempt, UsageError, words)


def test_numbers_of_numpy_serve_as_widths() -> None:
    import numpy as np

    assert spdz.Int(np.int64(8)) == spdz.Int(8)
    assert repr(spdz.Int(np.int8(8))) == "spdz.Int(8)"


def test_a_range_error_names_operation_line_interval_and_remedy() -> None:
    require_within("add", Interval(-128, 127), spdz.Int(8), M61)
    with pytest.raises(RangeError) as caught:
        require_within("add", Interval(-129, 127), spdz.Int(8), M61)
    text = str(caught.value)
    assert re.match(
        r"add at tests/online/test_declared_types\.py:\d+: the result may lie anywhere in \[-129, 127\]", text
    )
    assert "spdz.Int(8) holds [-128, 127]" in text
    assert "x.astype(spdz.Int(9))" in text
    assert "x.clip(" in text
    assert "\n" not in text


def test_what_no_type_of_the_field_holds_asks_for_another_field() -> None:
    with pytest.raises(RangeError, match=r"that takes 71 bits, and M61 holds 60: .* a larger field"):
        require_within("multiply", Interval.signed(71), spdz.Int(32), M61)
    require_field(spdz.Int(60), M61)
    with pytest.raises(
        RangeError, match=r"spdz.Int\(61\) at .*: M61 holds integers of at most 60 bits; .*field='M127'"
    ):
        require_field(spdz.Int(61), M61)


def test_it_belongs_to_the_family_of_bad_usage() -> None:
    assert issubclass(RangeError, UsageError)
    assert exit_code(RangeError("x")) == EXIT_CODES[0][1] == 2


def test_the_line_is_the_users() -> None:
    """Frames of this package and of numpy are passed over, those of the examples are not."""
    found: list[str] = []
    code = compile("\n\nfound.append(user_line())", "/somewhere/else/module.py", "exec")
    for name in ("spdz.online.values.integer", "numpy.lib", "spdz"):
        exec(code, {"__name__": name, "found": found, "user_line": caller.user_line})
        assert re.fullmatch(r"tests/online/test_declared_types\.py:\d+", found.pop())
    for name in ("mine", "spdz.examples.auction", "spdzen"):
        exec(code, {"__name__": name, "found": found, "user_line": caller.user_line})
        assert found.pop() == "module.py:3"
