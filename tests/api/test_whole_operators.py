"""What only integers have: floor division, remainders, shifts and bits, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz
from spdz.adversary.settings import SMALL_BITS
from spdz.errors import RangeError, UsageError
from spdz.online.session import Mpc
from spdz.online.values import dividing_integers
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.preprocessing.mascot import generator
from spdz.sharing.material import DEALT

from .support import agreed, assert_equals, assert_refused, exact, local
from .test_comparisons import booleans, shared

EVERY = np.arange(-128, 128)
D = np.array([1, -2, 3, -3, 5, 7, -10, 64, 100, -127, 128, 1000])
POWERS = np.array([1, 2, -4, 64, -128])

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **{f"// {d}": lambda x, d=d: x // d for d in (1, 2, -2, 3, -3, 7, 10, -100, 127, 128, -300)},
    **{f"% {d}": lambda x, d=d: x % d for d in (1, 2, -2, 3, -3, 7, 10, -100, 127, 128, -300)},
    "// each": lambda x: x[:, None] // D,
    "% each": lambda x: x[:, None] % D,
    "// powers": lambda x: x[:, None] // POWERS,
    "% powers": lambda x: x[:, None] % POWERS,
    "np.floor_divide": lambda x: np.floor_divide(x, 11),
    "np.remainder": lambda x: np.remainder(x, -11),
    "np.mod": lambda x: np.mod(x, 16),
    "divmod": lambda x: divmod(x, 11)[0],
    "np.divmod": lambda x: np.divmod(x, -6)[1],
    "number // each": lambda x: x[5] // D,
    "// of nothing": lambda x: x[:0] // 3,
    "// by nothing": lambda x: x[:1] // D[:0],
    ">>": lambda x: x >> 3,
    ">> 0": lambda x: x >> 0,
    ">> 6": lambda x: x >> 6,
    ">> 7": lambda x: x >> 7,
    ">> 40": lambda x: x >> 40,
    ">> each": lambda x: x[:, None] >> np.array([0, 1, 5, 7, 9]),
    "np.right_shift": lambda x: np.right_shift(x, 1),
    "<<": lambda x: x << 9,
    "np.left_shift": lambda x: np.left_shift(x[:, None], np.arange(4)),
}


def typed(x: SecretInt) -> SecretInt:
    return x.astype(spdz.Int(32))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_number_of_a_byte_as_numpy(name: str) -> None:
    work = FUNCTIONS[name]

    def program(mpc: Mpc) -> Any:
        result = work(typed(shared(mpc, EVERY)))
        assert type(result) is SecretInt
        return mpc.reveal(result), (result.interval.lo, result.interval.hi)

    found, ends = agreed(program)
    expected = work(EVERY)
    assert_equals(found, expected)
    if expected.size > 20:
        assert ends == (expected.min(), expected.max())


WIDE = [0, 1, -1, 2**31 - 1, -(2**31), 2**31 - 2, 123456789, -987654321, 999, 1000, -1000, -1001]
DIVISORS = [3, 10, -7, 1000, 60000, 2**20 + 7, 2**27 - 1, 2**31 - 1, -(2**30) - 1, 2**16, 3 * 2**28]


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("field", ["M61", "M127"])
def test_numbers_of_32_bits(field: str, parties: int) -> None:
    x = np.array(WIDE)

    def program(mpc: Mpc) -> Any:
        secret = shared(mpc, x, width=32)
        both = [divmod(secret, d) for d in DIVISORS]
        for (q, r), d in zip(both, DIVISORS, strict=True):
            assert q.interval == Interval(*sorted((-(2**31) // d, (2**31 - 1) // d)))
            assert r.interval.within(Interval(*sorted((0, d - np.sign(d)))))
        return mpc.reveal(*[part for pair in both for part in pair])

    found = agreed(program, parties, field)
    for place, d in enumerate(DIVISORS):
        assert_equals(found[2 * place], x // d, d)
        assert_equals(found[2 * place + 1], x % d, d)


def test_wide_numbers_and_a_quotient_by_long_division() -> None:
    x, d = exact([2**54, 2**55 - 1, -(2**55), 12345678901234567]), [3, 2**26 - 5, 2**40 + 1, 2**52 + 1, 2**60]

    def program(mpc: Mpc) -> Any:
        secret = mpc.input(x if mpc.party == 0 else None, owner=0, shape=x.shape, type=spdz.Int(56))
        return mpc.reveal(*[secret // divisor for divisor in d])

    for found, divisor in zip(agreed(program), d, strict=True):
        assert_equals(found, x // divisor, divisor)


def test_numbers_beyond_the_integers_of_numpy() -> None:
    x, d = exact([2**70, -(2**70) + 1, 2**63, 2**64 - 1, -(2**63)]), [2**63 - 1, 2**63, 2**64 + 1, -3, 2**68 + 3]

    def program(mpc: Mpc) -> Any:
        secret = mpc.input(x if mpc.party == 0 else None, owner=0, shape=x.shape, type=spdz.Int(76))
        return mpc.reveal(*[part for divisor in d for part in divmod(secret, divisor)], secret // exact(d))

    *found, each = agreed(program, field="M127")
    for place, divisor in enumerate(d):
        assert_equals(found[2 * place], x // divisor, divisor)
        assert_equals(found[2 * place + 1], x % divisor, divisor)
    assert_equals(each, x // exact(d))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**60), st.integers(1, 2**30))
def test_the_multiplier_is_exact(top: int, d: int) -> None:
    """At the places where it could go wrong: around the multiples of d, the last ones above all."""

    class Roomy:
        class field:  # noqa: N801 - as an attribute of a session
            bits = 200
            modulus = (1 << 200) - 1

        mask_slack = DEALT

    found = dividing_integers._multiplier(Roomy, exact([top]), exact([d]))  # type: ignore[arg-type]
    assert found is not None
    [m], count = found
    for near in (top, top // d * d, top // d * d - 1, top // 2 // d * d, top // 2 // d * d - 1, d - 1, d, 0):
        if 0 <= near <= top:
            assert near * m >> count == near // d


@pytest.mark.parametrize("parties", [2, 3])
def test_without_a_dealer(parties: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "MascotProtocols", partial(generator.MascotProtocols, bit_plan=SMALL_BITS))
    x = np.array([-128, -1, 0, 17, 127])

    def program(mpc: Mpc) -> Any:
        secret = shared(mpc, x)
        return mpc.reveal(secret // 10, secret % 8, np.abs(secret.maximum(-127)).popcount(), secret.bits())

    q, r, ones, bits = agreed(program, parties, preprocessing="mascot", timeout=170.0)
    assert_equals(q, x // 10)
    assert_equals(r, x % 8)
    assert_equals(ones, [7, 1, 0, 2, 7])
    assert_equals(bits, x[:, None] >> np.arange(8) & 1)


# -- bits -------------------------------------------------------------------------------------------------------------


def test_bits_and_back() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, EVERY)
        small = x[128:].assume_range(0, 127)
        assert small.bits().shape == (128, 8)
        assert typed(x).bits().shape == (256, 32)
        again, positive = spdz.from_bits(x.bits(), signed=True), spdz.from_bits(small.bits()[:, :7])
        assert (again.interval, positive.interval) == (Interval(-128, 127), Interval(0, 127))
        assert spdz.from_bits(x.bits(), width=9).type == spdz.Int(9)
        return mpc.reveal(x.bits(), typed(x).bits(), small.bits(), again, positive)

    bits, wide, small, again, positive = agreed(program)
    assert_equals(bits, EVERY[:, None] >> np.arange(8) & 1)
    assert_equals(wide, EVERY[:, None] >> np.arange(32) & 1)
    assert_equals(small, EVERY[128:, None] >> np.arange(8) & 1)
    assert_equals(again, EVERY)
    assert_equals(positive, EVERY[128:])


def test_popcount() -> None:
    def program(mpc: Mpc) -> Any:
        x = typed(shared(mpc, EVERY))
        counts = [x.popcount(), x[129:].assume_range(1, 127).popcount()]
        if hasattr(np, "bitwise_count"):
            counts.append(np.bitwise_count(x))
        assert counts[0].interval == Interval(0, 7)
        return mpc.reveal(*counts)

    ones = np.array([abs(int(number)).bit_count() for number in EVERY])
    found = agreed(program)
    assert_equals(found[0], ones)
    assert_equals(found[1], ones[129:])
    assert all(np.array_equal(each, ones) for each in found[2:])


def test_bounds_of_numbers_of_ones_are_those_that_occur() -> None:
    from spdz.online.values.bits_of_integers import _ones

    for lo in range(70):
        for hi in range(lo, 140):
            ones = [number.bit_count() for number in range(lo, hi + 1)]
            assert _ones(Interval(lo, hi)) == Interval(min(ones), max(ones)), (lo, hi)


def test_bounds_of_quotients_and_remainders_are_those_that_occur() -> None:
    ends = range(-9, 10)
    for d in (1, -1, 2, -2, 3, -3, 5, -7, 20):
        for lo in ends:
            for hi in range(lo, 10):
                q, r = dividing_integers._intervals(Interval(lo, hi), exact([d]))
                whole = [divmod(number, d) for number in range(lo, hi + 1)]
                assert q == Interval(min(each[0] for each in whole), max(each[0] for each in whole))
                seen = Interval(min(each[1] for each in whole), max(each[1] for each in whole))
                assert seen == r or (seen.within(r) and hi - lo + 1 < 2 * abs(d))


# -- what is asked for ------------------------------------------------------------------------------------------------


def test_what_is_known_costs_nothing() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, EVERY).assume_range(20, 29)
        mpc.reveal(x)
        results = [x // 10, x // 100, x % 100, x >> 5, x << 1, x // -30, x // 1]
        assert not any(node.need for node in mpc._graph.pending())
        return [(result.interval.lo, result.interval.hi) for result in results]

    expected = [(2, 2), (0, 0), (20, 29), (0, 0), (40, 58), (-1, -1), (20, 29)]
    assert agreed(program) == expected


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (lambda x: x // 0, UsageError, "division by zero"),
        (lambda x: x % np.array([3, 0]), UsageError, "remainder: division by zero"),
        (lambda x: divmod(x, 0), UsageError, "divmod: division by zero"),
        (lambda x: x // 0.5, UsageError, "integer"),
        (lambda x: x // x, TypeError, "public integer"),
        (lambda x: 5 // x, TypeError, "public integer"),
        (lambda x: np.floor_divide(5, x), TypeError, "public integer"),
        (lambda x: x >> -1, UsageError, "not negative"),
        (lambda x: x >> x, TypeError, "public integer"),
        (lambda x: x << 10**9, UsageError, "more than"),
        (lambda x: x << 1, RangeError, "left_shift"),
        (lambda x: x // -1, RangeError, "floor_divide"),
        (lambda x: x % 1000, RangeError, "remainder"),
        (lambda x: divmod(x, 1000), RangeError, "divmod"),
        (lambda x: x // np.arange(1, 4), UsageError, "shape"),
        (lambda x: x & 1, TypeError, "x.bits()"),
        (lambda x: ~x, TypeError, "x.bits()"),
        (lambda x: 1 | x, TypeError, "x.bits()"),
        (lambda x: np.bitwise_xor(x, 1), TypeError, "x.bits()"),
        (lambda x: x.mean(), TypeError, "as_fixed"),
        (lambda x: np.mean(x, 0), TypeError, "as_fixed"),
        (lambda x: spdz.from_bits(x), TypeError, "SecretBool"),
        (lambda x: spdz.from_bits((x < 0)[0]), UsageError, "last axis"),
        (lambda x: spdz.from_bits(x < 0, width=20), RangeError, "from_bits"),
        (lambda x: abs(x).popcount(), RangeError, "abs"),
    ],
)
def test_what_is_refused_sends_nothing(attempt: Any, error: type[Exception], words: str) -> None:
    def program(mpc: Mpc) -> None:
        x = shared(mpc, EVERY)
        mpc.reveal(x)
        before = mpc.cost.bytes_sent
        assert_refused(lambda: attempt(x), error, words)
        assert mpc.cost.bytes_sent == before

    local(program)


def test_a_field_without_room_is_refused() -> None:
    def program(mpc: Mpc) -> None:
        x = mpc.input([1] if mpc.party == 0 else None, owner=0, shape=(1,), type=spdz.Int(60))
        for attempt in (lambda: x // 3, lambda: x % 2, lambda: x.bits()):
            assert_refused(attempt, RangeError, "room", "M127")

    local(program)


def test_bits_of_a_number_without_axes() -> None:
    def program(mpc: Mpc) -> Any:
        flags = booleans(mpc, [True, False, True])
        return mpc.reveal(spdz.from_bits(flags), shared(mpc, 5).bits())

    number, bits = agreed(program)
    assert_equals(number, 5)
    assert_equals(bits, [1, 0, 1, 0, 0, 0, 0, 0])
