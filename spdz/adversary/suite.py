"""The programs that the attack matrix runs, and what is released by them tells.

They are tiny and touch every step of all preprocessings and of the online phase. What they reveal holds the inputs
beside what was computed, so a wrong result and a result for another input of a cheater can be told apart. They reveal
three times, once to one party only: whatever is released is judged, also if the party finds the cheat afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.adversary.observer import Released
from spdz.adversary.report import PartyEnd, Report, same
from spdz.online.session import Mpc

X = (3, 4, 5, 6)
Y = (7, 8, 9, 10)
Z = (11, 12)
PUBLISHED = "spdz"
"""What the last party tells the others; a corrupted one may tell something else, but the same to all."""


def every_step(mpc: Mpc) -> Any:
    """Inputs of the first and the last party, products, squares, random bits and shares, a matrix product."""
    last = mpc.parties - 1
    x = mpc.input(X, owner=0, shape=4)
    y = mpc.input(Y, owner=last, shape=4)
    early = mpc.reveal(mpc.concatenate([x, y, x * y]))
    private = mpc.reveal_to(x - y, party=last)
    z = mpc.input(Z, owner=last, shape=2)
    bits, secret = mpc.random_bits(3), mpc.random(3)
    parts = [z, x[:2] * z, x**2, bits * (1 - bits), secret * 2 - secret - secret]
    # The smallest square matrices for which the MASCOT generator makes matrix triples, and rows so wide that it makes
    # trees for digits.
    parts.append((x.reshape(2, 2) @ y.reshape(2, 2)).reshape(4))
    parts.append((mpc.concatenate([x, x]).reshape(8, 1) @ mpc.concatenate([y, y]).reshape(1, 8)).reshape(64))
    return early, private, mpc.reveal(mpc.concatenate(parts)), mpc.publish(PUBLISHED, owner=last)


def consistent(report: Report) -> bool:
    """Whether all that honest parties were given by `every_step` is right for some input of the corrupted ones."""
    last = report.parties - 1
    longest = max((end.released for end in report.honest.values()), key=len, default=[])
    if not longest:
        return all(end.found is not None or end.hung for end in report.honest.values())
    early = [int(value) for value in longest[0].value]
    x, y = np.array(early[0:4], object), np.array(early[4:8], object)
    z = longest[2].value[:2].astype(object) if len(longest) > 2 else np.array(Z, object)
    for party, given in ((0, (x, X)), (last, (y, Y)), (last, (z, Z))):
        if party not in report.corrupted and tuple(given[0]) != given[1]:
            return False
    told = {end.output[3] for end in report.honest.values() if end.output is not None}
    if len(told) > 1 or (last not in report.corrupted and not told <= {PUBLISHED}):
        return False
    zeros = np.zeros(6, object)
    matrix = (x.reshape(2, 2) @ y.reshape(2, 2)).ravel()
    wide = np.outer(np.concatenate([x, x]), np.concatenate([y, y])).ravel()
    right = [
        np.concatenate([x, y, x * y]),
        x - y,
        np.concatenate([z, x[:2] * z, x * x, zeros, matrix, wide]),
    ]
    return all(_is_right(end, right, last) for end in report.honest.values())


def _is_right(end: PartyEnd, right: list[Any], last: int) -> bool:
    wanted = [
        Released(None, right[0]),
        Released(last, right[1] if end.party == last else None),
        Released(None, right[2]),
    ]
    given = end.released
    if len(given) > len(wanted) or (end.found is None and not end.hung and len(given) < len(wanted)):
        return False
    if not all(one.to == other.to and same(one.value, other.value) for one, other in zip(given, wanted, strict=False)):
        return False
    return end.output is None or same(end.output[:3], tuple(one.value for one in wanted))


def agreeing(report: Report) -> bool | None:
    """What can be said of another program, when a corrupted party may have changed its input.

    False if honest parties were given different things where the run without a cheat gives them the same; True if all
    that changed was given to two honest parties alike; None if nothing can be said: there is one honest party, or what
    changed was for one party only.
    """
    expected, releases = report.expected or {}, report.expected_releases or {}
    ends = list(report.honest.values())
    witnessed: set[tuple[int, int]] = set()
    for number, one in enumerate(ends):
        for other in ends[number + 1 :]:
            for place, (mine, yours) in enumerate(zip(one.released, other.released, strict=False)):
                if mine.to is None and yours.to is None:
                    if not same(mine.value, yours.value):
                        return False
                    witnessed |= {(one.party, place), (other.party, place)}
            both = not (one.found or other.found or one.hung or other.hung)
            if both and same(expected.get(one.party), expected.get(other.party)):
                if not same(one.output, other.output):
                    return False
                witnessed |= {(one.party, -1), (other.party, -1)}
    changed = {(party, place) for party, places in report.wrong_releases.items() for place in places}
    changed |= {(party, -1) for party in report.wrong_outputs}
    longer = any(len(end.released) > len(releases.get(end.party, [])) for end in ends)
    return True if changed <= witnessed and not longer else None
