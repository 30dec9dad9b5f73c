"""The stand-alone party of examples/minimal_party computes with the suite: real processes, a real dealer, over TLS."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import pytest

from tests.cli.processes import Ended, Group, command, ends, started

FOLDER = Path(__file__).parents[2] / "examples" / "minimal_party"
FILES = sorted(FOLDER.glob("*.py"))

VECTORS = ((3, -4, 5), (7, 8, -9))
PRODUCT, SECOND = [21, -32, -45], [147, -256, 405]

PROGRAM = """
from spdz.sharing.shares import AuthShare

X, Y = {vectors}

def main(mpc):
    x = mpc.input(X if mpc.party == 0 else None, owner=0, shape=3)
    y = mpc.input(Y if mpc.party == 1 else None, owner=1, shape=3)
    product = x * y
    print(mpc.reveal(product).tolist(), flush=True)
    if {cheats}:
        share = product._node.share
        product._node._result = AuthShare(share.value + 1, share.mac)
    print(mpc.reveal(product * y).tolist(), flush=True)
"""


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """Files made by `spdz init`."""
    return Group(tmp_path, dealer=True)


def _run(group: Group, me: int, field: str, values: tuple[int, ...], *, cheats: bool = False) -> list[Ended]:
    """How the stand-alone party, with index `me`, the suite's party and the dealer end."""
    program = group.program(PROGRAM.format(vectors=VECTORS, cheats=cheats))
    numbers = [str(value) for value in values]
    minimal = [sys.executable, "-m", "minimal_party.party", "--config", str(group.config(me)), "--party", str(me)]
    real = group.command(1 - me, program, "--field", field, "--preprocessing", "dealer")
    dealer = command("dealer", "--config", str(group.folder / "group" / "dealer" / "parties.toml"), "--field", field)
    with started([*minimal, "--field", field, "--", *numbers], real, dealer) as processes:
        return ends(processes)


@pytest.fixture(autouse=True)
def _where_it_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is a package that is run from the folder above, outside of `spdz`."""
    monkeypatch.chdir(FOLDER.parent)


@pytest.mark.network
@pytest.mark.parametrize(("me", "field"), [(0, "M61"), (1, "M127")])
def test_it_computes_with_the_suite(group: Group, me: int, field: str) -> None:
    minimal, real, dealer = _run(group, me, field, VECTORS[me])
    assert (minimal.code, real.code, dealer.code) == (0, 0, 0), (minimal.err, real.err, dealer.err)
    assert minimal.out == real.out == f"{PRODUCT}\n{SECOND}\n"
    assert minimal.err == ""


@pytest.mark.network
def test_it_finds_a_wrong_opening(group: Group) -> None:
    minimal, real, dealer = _run(group, 1, "M61", VECTORS[1], cheats=True)
    assert minimal.code == 5
    assert "mac_check.sigma.open: the MAC check failed" in minimal.err
    assert minimal.out == f"{PRODUCT}\n", "what the wrong opening led to is not output"
    # The suite's party has run the same check; it may have heard of the other's abort before its end.
    assert real.code == 5, real.err
    assert real.out == f"{PRODUCT}\n"
    assert dealer.code == 5, dealer.err


@pytest.mark.network
def test_another_program_is_named_where_it_is_found(group: Group) -> None:
    """At both ends, or at one that aborts so soon that the other hears of that alone."""
    minimal, real, _ = _run(group, 1, "M61", (7, 8))
    assert (minimal.out, real.out) == ("", "")
    assert minimal.code == 5
    found = "program.plan: the programs differ" in minimal.err
    assert ("input of party 0 (3,)" if found else "at step program.plan: endpoint 0 has aborted") in minimal.err
    assert real.code in (3, 5)
    assert (found and real.code == 5) or "'input of party 0 (2,)' at party 1" in real.error_line


def test_it_gives_the_known_answers_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER.parent)
    wire = importlib.import_module("minimal_party.wire")
    page = (FOLDER.parents[1] / "docs" / "wire" / "shares.md").read_text()
    session, seed = bytes(range(32)), bytes(range(16))
    field = wire.FIELDS["M61"]
    answers = [
        wire.labelled_hash(b"transcript", "abc", b"\0\xff", 0, 256),
        wire.labelled_hash(b"transcript", session_id=session, party=0),
        wire.label(session, "/000001.set-up"),
        wire.commitment(session, 1, "/place", bytes(32), b"payload"),
        wire.Prg(seed).read(24),
        field.encode(field.sample(wire.Prg(seed), 2)),
    ]
    for answer in answers:
        assert f"| `{answer.hex()}` |" in page


def test_it_stands_alone() -> None:
    allowed = sys.stdlib_module_names | {"cryptography"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""] if node.level == 0 else []
            else:
                continue
            for name in names:
                assert name.split(".")[0] in allowed, f"{path.name} imports {name}"


def test_it_is_small() -> None:
    assert len(FILES) <= 3
    assert sum(path.read_text().count("\n") for path in FILES) <= 600
