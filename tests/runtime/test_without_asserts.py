"""PITFALLS 4: what ends a session destroys key and material, also where asserts are off."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import sys
assert False, "asserts are on"
from spdz import run_local
from spdz.errors import MacCheckFailed, PeerAborted
from spdz.sharing.shares import AuthShare

seen = []

def program(mpc):
    seen.append((mpc._party.session.key, mpc._source.store))
    mpc.prepare(triples=4)
    x = mpc.input([1, 2, 3], owner=0, shape=(3,))
    y = mpc.random((3,))
    if mpc.party == 1:
        node = mpc.constant([1, 1, 1])._node
        honest = node.share
        node._result = AuthShare(honest.value + 1, honest.mac)
        mpc.reveal(x * y, type(x)(mpc, node))
    else:
        mpc.reveal(x * y, mpc.constant([1, 1, 1]))

try:
    run_local(program, 2, preprocessing="dealer")
except (MacCheckFailed, PeerAborted) as error:
    print(type(error).__name__)
else:
    sys.exit("nothing was found")
for key, store in seen:
    if key.alive or store._batches or not store._destroyed:
        sys.exit("something survived")
print(f"{len(seen)} sessions are dead")
"""


def test_key_and_material_of_a_session_die_without_asserts() -> None:
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-O", "-c", _SCRIPT], cwd=root, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.split("\n")[:2]) == (0, ["MacCheckFailed", "2 sessions are dead"]), (
        ended.stderr
    )
