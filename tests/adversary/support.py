"""A small program to be attacked, and what the tests ask of a report."""

from __future__ import annotations

from typing import Any

from spdz import adversary
from spdz.adversary import Cheat, Report
from spdz.errors import PeerAborted, SpdzError
from spdz.online.session import Mpc

RESULT = [15, 24]


def product(mpc: Mpc) -> list[int]:
    """The product of the inputs of the first and the last party."""
    x = mpc.input([3, 4], owner=0, shape=2)
    y = mpc.input([5, 6], owner=mpc.parties - 1, shape=2)
    return [int(value) for value in mpc.reveal(x * y)]


def attack(*cheats: Cheat, parties: int = 2, preprocessing: str = "dealer", **options: Any) -> Report:
    """Run `product` with cheaters, over ideal base OTs, without a run to compare with: `RESULT` is known."""
    options = {"honest_first": False, "deadline": 60.0, "ideal_base_ots": True, **options}
    return adversary.run(product, parties, preprocessing=preprocessing, cheats=cheats, **options)


def assert_caught(report: Report, error: type[SpdzError], step: str) -> None:
    """The cheats happened; somebody honest found out; nobody returned anything; no secret survived."""
    assert report.happened, report
    assert report.detected
    assert not report.hung
    found = [end for end in report.honest.values() if not end.is_echo]
    assert found, str(report)
    for end in found:
        assert type(end.error) is error, str(report)
        assert end.step == step, str(report)
    for end in report.honest.values():
        assert end.output is None
        assert type(end.error) is error or end.is_echo or isinstance(end.error, PeerAborted)
    assert report.secrets_destroyed
