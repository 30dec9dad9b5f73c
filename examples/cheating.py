"""What happens when parties cheat: a few cheats against one small program, and who noticed.

    python -m spdz.examples.cheating

Every line below describes a cheat; `spdz.adversary.run` runs the program with it, on the code of honest sessions, and
reports how each honest party ended. To attack a program of your own in every step: `spdz attack PROGRAM.py`.
"""

from __future__ import annotations

from typing import Any

from spdz import Mpc, adversary
from spdz.adversary import AddTo, Cheat, CopyHonest, Equivocate, Flip, ForgedMac, OtherInput, Silence


def salaries(mpc: Mpc) -> list[int]:
    """The sum and the sum of squares of one number of every party."""
    salary = [mpc.input([40 + mpc.party], owner=owner, shape=1) for owner in range(mpc.parties)]
    total, squares = salary[0], salary[0] ** 2
    for other in salary[1:]:
        total, squares = total + other, squares + other**2
    return [int(value) for value in mpc.reveal(mpc.concatenate([total, squares]))]


CHEATS: dict[str, list[Cheat]] = {
    "a wrong share while computing": [AddTo("square.masked", "last", delta=1, by=2)],
    "the same, and party 2 tells everybody that it saw what they saw": [
        AddTo("square.masked", "last", delta=1, by=2),
        CopyHonest("broadcast.echo", by=2, pretend=True, every=True),
    ],
    "something else to everyone": [Equivocate("output.open", by=1)],
    "two parties together shift the result by the same amount in opposite directions, and one more": [
        AddTo("output.open", "first", delta=1000, by=1),
        AddTo("output.open", "first", delta=-999, by=2),
        *(CopyHonest("broadcast.echo", by=by, pretend=True, every=True) for by in (1, 2)),
    ],
    "a result with a MAC made for a guess of the key": [
        ForgedMac("output.open", delta=1000, by=0),
        CopyHonest("broadcast.echo", by=0, pretend=True, every=True),
    ],
    "a copy of another party's coins": [CopyHonest("mac_check.coins.commit", by=1)],
    "a flipped bit of an opened coin": [Flip("mac_check.coins.open", "middle", by=1)],
    "silence instead of a result": [Silence("output.open", by=1)],
    "another input than asked for, which everybody is free to do": [OtherInput(by=1, delta=1000)],
}


def demonstrate(preprocessing: str = "dealer") -> dict[str, Any]:
    """Run every cheat; returns the reports by what the cheat is."""
    reports = {}
    for what, cheats in CHEATS.items():
        report = adversary.run(salaries, parties=3, preprocessing=preprocessing, cheats=cheats)
        reports[what] = report
        print(f"{what}:")
        for end in report.honest.values():
            print(f"    {end}" + (f": {end.output}" if end.error is None else ""))
    return reports


if __name__ == "__main__":
    demonstrate()
