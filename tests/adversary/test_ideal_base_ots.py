"""Cases of other steps have ideal base OTs, and those of base OTs have not."""

from __future__ import annotations

import itertools

import pytest

from spdz.adversary import AddTo, matrix, run
from spdz.adversary.cases import Case
from spdz.adversary.ideal_base_ots import BASE_OT_STEPS, ideal_base_ots
from spdz.adversary.verdict import DETECTED
from spdz.errors import MacCheckFailed
from spdz.field import M61
from spdz.online.session import Mpc
from spdz.preprocessing.bits.links import BIT_OTS
from spdz.preprocessing.ot.base import BaseOts, RunBaseOts, base_ots
from spdz.preprocessing.ot.instance import FIELD_OTS, OtInstance
from spdz.runtime.context import Context
from tests.support.parties import make_sessions
from tests.support.parties import run as run_parties


@pytest.mark.parametrize("instance", [FIELD_OTS, BIT_OTS], ids=["field", "bits"])
@pytest.mark.parametrize("protocol", [base_ots, ideal_base_ots])
def test_both_give_the_chosen_key_of_each_pair(protocol: RunBaseOts, instance: OtInstance, seed: bytes) -> None:
    def choices(receiver: int, sender: int) -> list[int]:
        return [0, 1, 1, receiver & 1, int(receiver > sender)]

    async def main(ctx: Context) -> dict[int, BaseOts]:
        return await protocol(ctx, {peer: choices(ctx.party, peer) for peer in ctx.peers}, instance)

    results, keys = run_parties(make_sessions(3, M61, seed), main).results, set()
    for receiver, sender in itertools.permutations(range(3), 2):
        chosen, pairs = results[receiver][sender].chosen, results[sender][receiver].pairs
        assert chosen == [pair[bit] for bit, pair in zip(choices(receiver, sender), pairs, strict=True)]
        keys |= {key for pair in pairs for key in pair}
    assert len(keys) == 6 * 5 * 2


def product(mpc: Mpc) -> list[int]:
    x = mpc.input([3, 4], owner=0, shape=2)
    return mpc.reveal(x * x[::-1]).tolist()


def test_a_cheat_later_on_is_found_all_the_same() -> None:
    report = run(product, cheats=[AddTo("multiply.masked", "last", by=1)], ideal_base_ots=True)
    assert report.expected == {0: [12, 12], 1: [12, 12]}
    assert isinstance(report.honest[0].error, MacCheckFailed)
    assert report.honest[0].sent.keys()
    assert not BASE_OT_STEPS & report.honest[0].sent.keys()


@pytest.mark.real_base_ots
@pytest.mark.parametrize("step", ["base_ot.receiver_points", "base_ot.sender_points"])
def test_base_ots_are_real_where_they_are_attacked(step: str) -> None:
    case = Case(1, "bytes", "flip last byte", step, ("mascot", 2), 1, 0)
    verdict, _ = matrix.run_case(matrix.Target(ideal_base_ots=True), case)
    assert verdict.outcome == DETECTED
