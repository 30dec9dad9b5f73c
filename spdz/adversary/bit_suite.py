"""The program with which the attack matrix gets to the steps of bits, and what is released by it tells.

It reveals its inputs beside what was computed, like `suite`, and little else, since every run of it takes batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.adversary.observer import Released
from spdz.adversary.report import PartyEnd, Report, same
from spdz.online.operations.truncate import TRUNCATE
from spdz.online.session import Mpc
from spdz.online.values.intervals import Interval
from spdz.online.values.types import Bool, Int

X = (3, -4)
Y = (-3, 5)
FLAGS = (True, False)
WIDTH = 4


def every_bit_step(mpc: Mpc) -> Any:
    """Inputs of the first and the last party, comparison, equality, conversion, choice, and bits to one party only."""
    last = mpc.parties - 1
    x = mpc.input(X, owner=0, shape=2, type=Int(WIDTH))
    y = mpc.input(Y, owner=last, shape=2, type=Int(WIDTH))
    flags = mpc.input(FLAGS, owner=last, shape=2, type=Bool())
    less = x < y
    private = mpc.reveal_to(less, party=last)
    least = mpc.where(less, x, y)
    quarter = mpc.apply(TRUNCATE, x.raw, width=WIDTH + 4, f=2, slack=mpc.mask_slack, statistical_bits=mpc.hiding.least)
    # The rounding of a truncation differs from run to run: of the result this much is always the same.
    nothing = quarter - quarter
    return private, mpc.reveal(x, y, flags, less & flags, x == y, least, less.sum(), nothing)


def consistent(report: Report) -> bool:
    """Whether all that honest parties were given by `every_bit_step` is right for some input of the corrupted ones."""
    last = report.parties - 1
    longest = max((end.released for end in report.honest.values()), key=len, default=[])
    if not longest:
        return all(end.found is not None or end.hung for end in report.honest.values())
    if len(longest) > 1:
        x, y, flags = longest[1].value[:3]
    else:
        x, y, flags = (np.array(given) for given in (X, Y, FLAGS))
    for party, given, expected in ((0, x, X), (last, y, Y), (last, flags, FLAGS)):
        if party not in report.corrupted and tuple(given) != expected:
            return False
    # A corrupted party may input what it likes, but not what is out of range.
    bounds = Interval.signed(WIDTH)
    if any(not bounds.lo <= int(value) <= bounds.hi for value in (*x, *y)):
        return False
    less = np.asarray(x) < np.asarray(y)
    told = (x, y, flags, less & flags, x == y, np.where(less, x, y), less.sum(), np.zeros(2, int))
    return all(_is_right(end, less, told, last, known=len(longest) > 1) for end in report.honest.values())


def _is_right(end: PartyEnd, less: Any, told: tuple[Any, ...], last: int, *, known: bool) -> bool:
    wanted = [Released(last, less if end.party == last else None), Released(None, told)]
    given = end.released
    if len(given) > len(wanted) or (end.found is None and not end.hung and len(given) < len(wanted)):
        return False
    # What the last party alone was told says nothing about another's input until that is revealed.
    pairs = list(zip(given, wanted, strict=False))[0 if known else 1 :]
    return all(one.to == other.to and same(one.value, other.value) for one, other in pairs)
