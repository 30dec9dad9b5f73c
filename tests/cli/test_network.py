"""`spdz init` and `spdz run`: real processes over TLS, among them some that are killed, differ, fail or cheat."""

from __future__ import annotations

import hashlib
import socket
import stat
import sys
from pathlib import Path

import pytest

from spdz.cli.main import main

from .processes import Ended, Group, ends, spdz, started

pytestmark = pytest.mark.network

PRODUCT = """
from pathlib import Path

def main(mpc):
    mine = [int(word) for word in Path(mpc.args[0]).read_text().split()]
    shares = [mpc.input(mine, owner=party) for party in range(mpc.parties)]
    product = shares[0]
    for share in shares[1:]:
        product = product * share
    return mpc.reveal(product.sum())
"""
ENDLESS = """
def main(mpc):
    x = mpc.random(5)
    mpc.reveal(x)
    print("revealed", flush=True)
    while True:
        mpc.reveal(x)
"""
SHORT = """
def main(mpc):
    return mpc.reveal(mpc.constant([1, 2, 3]))
"""
FAILS = """
def main(mpc):
    mpc.reveal(mpc.constant(1))
    if mpc.party == 1:
        raise RuntimeError("the file of party 1 is empty")
    mpc.reveal(mpc.constant(1))
"""
BAD_INPUT = """
def main(mpc):
    mpc.reveal(mpc.input([1, 2**61] if mpc.party == 1 else None, owner=1, shape=2))
"""
CHEATS = """
from spdz.sharing.shares import AuthShare

def main(mpc):
    x = mpc.random(5)
    mpc.reveal(x[0])
    if mpc.party == 1:
        share = x._node.share
        x._node._result = AuthShare(share.value + 1, share.mac)
    print("output", mpc.reveal(x))
"""
DIFFERENT_PATHS = """
def main(mpc):
    x = mpc.random(3)
    mpc.reveal(x * x if mpc.party else x + x)
"""


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """Two parties who give up soon when the other does not come."""
    made = Group(tmp_path)
    made.set_seconds("connect_seconds", 30)
    return made


@pytest.mark.parametrize(("parties", "options"), [(2, ()), (3, ()), (2, ("--quiet", "--field", "M127"))], ids=str)
def test_parties_compute_on_files_that_only_they_have(tmp_path: Path, parties: int, options: tuple[str, ...]) -> None:
    group = Group(tmp_path, parties)
    program = group.program(PRODUCT)
    commands = []
    for party in range(parties):
        (tmp_path / f"data-{party}").write_text(f"{party + 1} {party + 2} {party + 3}")
        arguments = [str(tmp_path / f"data-{party}"), "--looks-like-an-option"]
        commands.append(group.command(party, program, *options, arguments=arguments))
    with started(*commands) as processes:
        results = ends(processes)
    expected = {2: 1 * 2 + 2 * 3 + 3 * 4, 3: 1 * 2 * 3 + 2 * 3 * 4 + 3 * 4 * 5}[parties]
    for party, result in enumerate(results):
        assert result.code == 0, result.err
        assert result.out == f"{expected}\n", "standard output belongs to the program"
        if "--quiet" in options:
            assert result.err == ""
        else:
            assert f"party {party} of {parties}: malicious security" in result.err
            assert "no trusted party" in result.err
            assert "TLS 1.3" in result.err
            assert "rounds" in result.err.splitlines()[-1]
            assert "bytes sent" in result.err.splitlines()[-1]


def test_a_dealer_as_a_process(tmp_path: Path) -> None:
    group = Group(tmp_path, dealer=True)
    program = group.program(SHORT)
    dealer = str(tmp_path / "group" / "dealer" / "parties.toml")
    commands = [group.command(party, program, "--preprocessing", "dealer") for party in range(2)]
    serve = [*commands[0][:3], "dealer", "--config", dealer, "--field", "M61"]
    with started(*commands, serve) as processes:
        results = ends(processes)
    assert [result.code for result in results] == [0, 0, 0], results
    assert results[0].out == results[1].out == "[1 2 3]\n"
    assert "a TRUSTED DEALER, who can learn every secret" in results[0].err


@pytest.mark.parametrize("killed", [0, 1])
def test_when_one_party_is_killed_the_others_end_with_its_name_and_the_step(tmp_path: Path, killed: int) -> None:
    group = Group(tmp_path, 3)
    program = group.program(ENDLESS)
    with started(*(group.command(party, program) for party in range(3))) as processes:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "revealed\n"
        processes[killed].kill()
        results = ends(processes)
    assert results[killed].code == -9
    others = [result for party, result in enumerate(results) if party != killed]
    # The first to notice tells the rest, so the other may hear of an abort instead.
    assert sorted(result.code for result in others) in ([4, 4], [4, 5])
    for result in others:
        if result.code == 4:
            assert result.error_line.startswith("spdz: TransportError: ")
            assert f"party {killed} ({group.addresses[killed]})" in result.error_line
            assert "waiting at step " in result.error_line
        else:
            assert result.error_line.startswith("spdz: PeerAborted: ")


def test_of_two_parties_one_is_killed(group: Group) -> None:
    program = group.program(ENDLESS)
    with started(*(group.command(party, program) for party in range(2))) as processes:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "revealed\n"
        processes[1].kill()
        survivor, _ = ends(processes)
    assert survivor.code == 4
    assert f"party 1 ({group.addresses[1]})" in survivor.error_line
    assert "waiting at step " in survivor.error_line
    assert "mac_check" in survivor.error_line or "output.open" in survivor.error_line or "plan" in survivor.error_line


def test_different_program_texts_are_named_by_their_digests(group: Group) -> None:
    texts = [SHORT, SHORT + "# another version\n"]
    results = group.run(*(group.program(text, f"program-{i}.py") for i, text in enumerate(texts)))
    digests = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
    assert 3 in {result.code for result in results}
    assert {result.code for result in results} <= {3, 5}
    for result in results:
        if result.code == 3:
            assert result.error_line.startswith("spdz: ConfigurationMismatch: ")
            assert all(digest in result.error_line for digest in digests)


def test_different_fields_are_named(group: Group) -> None:
    results = group.run(group.program(SHORT), options=[("--field", "M61"), ("--field", "M127")])
    assert 3 in {result.code for result in results}
    for result in results:
        assert result.out == ""
        if result.code == 3:
            assert "field is " in result.error_line
            assert "'M61'" in result.error_line
            assert "'M127'" in result.error_line


def test_one_program_that_takes_different_paths(group: Group) -> None:
    results = group.run(group.program(DIFFERENT_PATHS))
    assert 3 in {result.code for result in results}
    for result in results:
        if result.code == 3:
            assert "'square (3,)'" in result.error_line
            assert "'add'" in result.error_line


def test_an_error_of_the_program_shows_its_traceback_and_is_told_to_the_peer(group: Group) -> None:
    honest, failing = group.run(group.program(FAILS))
    assert failing.code == 1
    assert "Traceback" in failing.err
    assert "RuntimeError: the file of party 1 is empty" in failing.err
    assert 'raise RuntimeError("the file of party 1 is empty")' in failing.err
    assert honest.code == 5
    assert honest.error_line.startswith("spdz: PeerAborted: party 1 has aborted")


def test_an_input_out_of_range_is_bad_usage(group: Group) -> None:
    honest, wrong = group.run(group.program(BAD_INPUT))
    assert wrong.code == 2
    assert "the element at index (1,) is outside" in wrong.error_line
    assert honest.code == 5


def test_detected_cheating_has_an_exit_code_of_its_own(group: Group) -> None:
    results = group.run(group.program(CHEATS))
    assert [result.code for result in results] == [5, 5]
    assert any("MacCheckFailed" in result.error_line for result in results)
    for result in results:
        assert result.out == "", "nothing is output"
        assert "MacCheckFailed" in result.error_line or "mac_check.sigma.open" in result.error_line


# -- one party alone --------------------------------------------------------------------------------------------------


def test_nobody_comes(group: Group) -> None:
    group.set_seconds("connect_seconds", 0.3)
    program = group.program(SHORT)
    for party, words in enumerate(("never connected", "could not be reached")):
        with started(group.command(party, program)) as processes:
            (alone,) = ends(processes)
        assert alone.code == 4
        assert "gave up after 0.3 seconds" in alone.error_line
        assert f"party {1 - party} ({group.addresses[1 - party]}) {words}" in alone.error_line


def test_the_port_is_in_use(group: Group) -> None:
    host, port = group.addresses[0].split(":")
    with socket.create_server((host, int(port))), started(group.command(0, group.program(SHORT))) as processes:
        (alone,) = ends(processes)
    assert alone.code == 4
    assert group.addresses[0] in alone.error_line
    assert "in use" in alone.error_line


def test_bad_usage_is_one_line_before_anything_is_sent(
    group: Group, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    good, config = group.program(SHORT), str(group.config(0))
    nothing = group.program("x = 1\n", "nothing.py")
    number = group.program("main = 3\n", "number.py")
    for arguments, words in (
        ((str(good), "--config", config, "--party", "2"), "party must be an integer from 0 to 1, got 2"),
        ((str(good), "--config", config, "--party", "-1"), "from 0 to 1, got -1"),
        ((str(good), "--config", config, "--party", "1"), "private key"),
        (
            (str(good), "--config", str(tmp_path / "no.toml"), "--party", "0"),
            "no.toml: the parties file cannot be read",
        ),
        ((str(good), "--config", str(good), "--party", "0"), "not valid TOML"),
        ((str(tmp_path / "no.py"), "--config", config, "--party", "0"), "cannot read the program"),
        ((str(nothing), "--config", config, "--party", "0"), "defines no function main(mpc)"),
        ((str(number), "--config", config, "--party", "0"), "defines no function main(mpc)"),
        ((str(group.config(0)), "--config", config, "--party", "0"), "is not a Python file"),
        ((str(good), "--config", config, "--party", "0", "--preprocessing", "dealer"), "spdz init --dealer"),
    ):
        code = main(["run", *arguments])
        ended = Ended(code, *capsys.readouterr())
        assert ended.code == 2, (words, ended.err)
        assert words in ended.error_line
        assert ended.out == ""


def test_a_key_that_others_can_read_is_refused(group: Group) -> None:
    key = group.config(0).parent / "party-0.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    ended = spdz("run", str(group.program(SHORT)), "--config", str(group.config(0)), "--party", "0")
    assert ended.code == 2
    assert f"chmod 600 {key}" in ended.error_line
