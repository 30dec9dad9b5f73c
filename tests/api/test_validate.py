"""`run_local(validate=True)`: the first operation that is not what it is said to be, with the line of the program."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.cli import main as cli
from spdz.errors import UsageError, ValidationFailed
from spdz.online.operations.bit_decomposition import BITS
from spdz.online.operations.registry import all_operations
from spdz.online.session import Mpc
from spdz.online.values import comparing, entering, scaled
from spdz.sessions import validating
from spdz.sessions.network import connect

from .support import local

PARTIES = pytest.mark.parametrize("parties", [2, 3])
OF_ONE_PARTY = {"input", "input in range", "input of bits", "random", "random bits"}
"""Operations whose result depends on what one party knows, or nobody."""

Program = Callable[[Mpc], Any]


def found(program: Program, **options: Any) -> str:
    """What validation says of a program that runs without it."""
    local(program, **options)
    with pytest.raises(ValidationFailed) as caught:
        local(program, validate=True, **options)
    return str(caught.value)


def line_of(function: Callable[..., Any], marker: str) -> str:
    """`file:line` of the line of a function that ends with a marker."""
    lines, start = inspect.getsourcelines(function)
    [number] = [start + offset for offset, line in enumerate(lines) if line.rstrip().endswith(f"# {marker}")]
    return f"test_validate.py:{number}"


# -- honest programs --------------------------------------------------------------------------------------------------


def everything(mpc: Mpc) -> Any:
    """All classes of values, several plans, values that outlive one, arrays without entries and without axes."""
    x = mpc.input([3, -4, 5], owner=0, type=spdz.Int(8)).astype(spdz.Int(32))
    y = mpc.input([1, 2, -7], owner=1, type=spdz.Int(8))
    r = mpc.input([0.5, -1.25, 2.0], owner=0, type=spdz.Fixed(16, 20)).astype(spdz.Fixed(16, 48))
    c = mpc.input([True, False, True], owner=1, type=spdz.Bool())
    first = mpc.reveal(x * y, x < y, np.where(x == y, x, y), x.sort(), x.argmax(), (r * r).sum(), r / 3)
    raw = mpc.input(np.arange(4).reshape(2, 2), owner=0)
    mpc.reveal_to(abs(x) + y, raw @ raw, c & (x > 0), party=1)
    second = mpc.reveal(c.as_int() + x, x[:0] * y[:0], x[0] * x[1], (r * x).mean(), mpc.random_bits(2), c ^ True)
    return *first, *second


@PARTIES
def test_an_honest_program_is_what_it_says(parties: int) -> None:
    for plain, validated in zip(
        local(everything, parties, "M127"), local(everything, parties, "M127", validate=True), strict=True
    ):
        for number, (one, other) in enumerate(zip(plain, validated, strict=True)):
            if number not in (5, 6, 10, 11):
                np.testing.assert_array_equal(one, other)


def test_every_operation_with_a_plain_form_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[str]()
    check = validating._check_use

    def noted(field: Any, step: Any, plain: Any) -> None:
        seen.add(step.operation.name)
        check(field, step, plain)

    monkeypatch.setattr(validating, "_check_use", noted)

    def bits(mpc: Mpc) -> Any:
        x = mpc.input([3, -4, 5], owner=0)
        y = x.as_int(8)
        many = [
            mpc.apply_as(spdz.SecretBool, BITS, x, width=4, slack=mpc.mask_slack, depth=depth)
            for depth in ("rounds", "work")
        ]
        return mpc.reveal(*many, np.where(y > 0, True, y == 3))

    local(everything, field="M127", validate=True)
    [(rounds, work, _), _] = local(bits, validate=True)
    assert rounds.tolist() == work.tolist()
    assert rounds[1].tolist() == [False, False, True, True]
    assert seen == {name for name, operation in all_operations().items() if operation.plain is not None}


def test_it_works_without_a_dealer() -> None:
    program = lambda mpc: mpc.reveal(mpc.input([1, 2], owner=0) * mpc.input([3, 4], owner=1))  # noqa: E731
    for result in spdz.run_local(program, validate=True):
        assert result.tolist() == [3, 8]


def test_operations_of_other_threads_wait_for_theirs() -> None:
    def program(mpc: Mpc) -> Any:
        made: list[Any] = []
        other = Thread(
            target=lambda: made.append(mpc.input([1, 2], owner=0, type=spdz.Int(8)).astype(spdz.Int(20)) * 3)
        )
        other.start()
        mpc.reveal(mpc.input([4], owner=1, type=spdz.Int(8)))
        other.join()
        return mpc.reveal(made[0] + 1).tolist()

    assert local(program, validate=True) == [[4, 7]] * 2


# -- programs that lie ------------------------------------------------------------------------------------------------


@PARTIES
def test_a_lie_of_as_int_is_named_and_not_what_follows(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([5, 1000], owner=0).as_int(8)  # lie
        return mpc.reveal((x.astype(spdz.Int(9)) + 1) < 0)

    said = found(program, parties=parties)
    assert line_of(test_a_lie_of_as_int_is_named_and_not_what_follows, "lie") in said
    assert said.startswith("assume [-128, 127] (2,) at ")
    assert "first at index (1,) is 1000, and should lie in [-128, 127]" in said
    assert "SecretInt of type spdz.Int(8)" in said


def test_a_lie_of_assume_range() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input(7, owner=0, type=spdz.Int(8))
        return mpc.reveal(x.assume_range(0, 6) * 2)  # lie

    said = found(program)
    assert line_of(test_a_lie_of_assume_range, "lie") in said
    assert "the only element is 7, and should lie in [0, 6]" in said


def test_a_lie_of_assume_range_of_reals() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([0.25, 1.5], owner=0, type=spdz.Fixed(16, 24))
        return mpc.reveal(x.assume_range(0, 1) * x)  # lie

    said = found(program, field="M127")
    assert line_of(test_a_lie_of_assume_range_of_reals, "lie") in said
    assert "first at index (1,)" in said


def test_an_owner_that_does_not_prove_its_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """An honest owner looks at its numbers; this one does not."""
    monkeypatch.setattr(entering, "_require_in_range", lambda values, declared: None)

    def program(mpc: Mpc) -> Any:
        x = mpc.input([300, 2], owner=0, type=spdz.Int(8), check_range=False)  # lie
        return mpc.reveal(x < 1)

    said = found(program)
    assert line_of(test_an_owner_that_does_not_prove_its_range, "lie") in said
    assert "first at index (0,) is 300" in said


def test_nothing_is_revealed_of_a_plan_that_is_wrong() -> None:
    seen = []

    def program(mpc: Mpc) -> Any:
        seen.append(mpc.reveal(mpc.input(1000, owner=0).as_int(8)))

    with pytest.raises(ValidationFailed):
        local(program, validate=True)
    assert not seen


def test_a_lie_in_a_second_plan_about_what_the_first_has_computed() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([5, 1000], owner=0)
        mpc.reveal(x[0])
        return mpc.reveal(x.as_int(8))  # lie

    assert line_of(test_a_lie_in_a_second_plan_about_what_the_first_has_computed, "lie") in found(program)


# -- operations and bounds that are wrong -----------------------------------------------------------------------------


def test_an_interval_that_is_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the package: a sum is said to be what its first operand is."""
    monkeypatch.setattr("spdz.online.values.intervals.Interval.__add__", lambda self, other: self)

    def program(mpc: Mpc) -> Any:
        x = mpc.input([100, 1], owner=0, type=spdz.Int(8))
        return mpc.reveal(x + x)  # wrong

    said = found(program)
    assert said.startswith("add at ")
    assert line_of(test_an_interval_that_is_too_narrow, "wrong") in said
    assert "is 200" in said


def test_a_comparison_that_answers_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the package: too few bits are looked at."""
    sign = comparing.SIGN
    monkeypatch.setattr(comparing, "SIGN", sign)

    def narrow(ctx: Any, call: Any, operands: Any, batches: Any) -> Any:
        return sign.run(ctx, call, (operands[0] - ctx.public(ctx.field.ones(operands[0].shape)),), batches)

    monkeypatch.setattr(comparing, "SIGN", replace(sign, run=narrow))

    def program(mpc: Mpc) -> Any:
        x = mpc.input([3, 0, -3], owner=0, type=spdz.Int(8))
        return mpc.reveal(x < 0)  # wrong

    said = found(program)
    assert said.startswith("sign (3,) of 8 bits at ")
    assert line_of(test_a_comparison_that_answers_wrongly, "wrong") in said
    assert "first at index (1,) is 1, and in the clear 0" in said


def test_a_truncation_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    truncate = scaled.TRUNCATE

    async def shifted(ctx: Any, call: Any, operands: Any, batches: Any) -> Any:
        right = await truncate.run(ctx, call, operands, batches)
        return right + ctx.public(ctx.field.full(right.shape, 5))

    monkeypatch.setattr(scaled, "TRUNCATE", replace(truncate, run=shifted))

    def program(mpc: Mpc) -> Any:
        x = mpc.input([0.5, 0.25], owner=0, type=spdz.Fixed(16, 20)).astype(spdz.Fixed(16, 40))
        return mpc.reveal(x * x)  # wrong

    said = found(program, field="M127")
    assert said.startswith("truncate (2,) of ")
    assert line_of(test_a_truncation_beyond_its_bound, "wrong") in said


# -- what it is for ---------------------------------------------------------------------------------------------------


def test_the_session_is_marked() -> None:
    def program(mpc: Mpc) -> tuple[bool, str]:
        return mpc.tainted, repr(mpc)

    assert all(tainted and "TAINTED" in text for tainted, text in local(program, validate=True))
    assert not any(tainted or "TAINTED" in text for tainted, text in local(program))


def test_it_is_nothing_for_a_network(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TypeError, match="validate"):
        connect(tmp_path / "parties.toml", 0, validate=True)  # type: ignore[call-arg]
    with pytest.raises(SystemExit):
        cli.main(["run", "program.py", "--validate", "--config", "parties.toml", "--party", "0"])
    assert "--validate" in capsys.readouterr().err


@pytest.mark.parametrize("value", [1, None, "yes"])
def test_it_is_true_or_false(value: Any) -> None:
    with pytest.raises(UsageError, match="validate is True or False"):
        local(lambda mpc: None, validate=value)


def test_every_operation_says_what_it_gives_in_the_clear() -> None:
    """Or it depends on what one party knows, or nobody."""
    silent = {name for name, operation in all_operations().items() if operation.plain is None}
    assert silent == OF_ONE_PARTY


def test_the_docstring_says_whom_it_is_for() -> None:
    text = re.sub(r"\s+", " ", spdz.run_local.__doc__ or "")
    assert "**for development, with data that are no secrets**" in text
