"""What a new user types in the first hour, each named after what it did before."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from spdz.cli.main import main

from .processes import Ended, addresses, command, ends, spdz, started
from .test_network import Group

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "vectors" / "data"

pytestmark = pytest.mark.network

SPAWNS = """
import multiprocessing

def work(x):
    return x * x

class Thing:
    def __init__(self, value): self.value = value

def main(mpc):
    with multiprocessing.get_context("%s").Pool(1) as pool:
        squares = pool.map(work, [3, 4])
        (thing,) = pool.map(Thing, [5])
    return mpc.reveal(mpc.input([*squares, thing.value], owner=0, shape=3)).tolist()
"""
SECRET = """
def main(mpc):
    return [mpc.random(2)]
"""


@pytest.fixture
def group(tmp_path: Path) -> Group:
    made = Group(tmp_path)
    made.set_seconds("connect_seconds", 30)
    return made


def both(group: Group, program: Path, *options: str) -> list[Ended]:
    with started(*(group.command(party, program, "--preprocessing", "mascot", *options) for party in (0, 1))) as run:
        return ends(run)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_pool_inside_a_program_hung_all_parties(method: str, group: Group) -> None:
    results = both(group, group.program(SPAWNS % method, "prog.py"), "--quiet")
    assert [(result.code, result.out, result.err) for result in results] == [(0, "[9, 16, 5]\n", "")] * 2


def test_a_secret_that_was_returned_was_printed_without_a_word(group: Group) -> None:
    for result in both(group, group.program(SECRET), "--quiet"):
        assert result.code == 0
        assert result.err == ("the program returned a secret that was never revealed: return mpc.reveal(...) of it\n")


def test_an_async_main_printed_a_coroutine(group: Group) -> None:
    program = group.program("async def main(mpc):\n    return 1\n")
    ended = spdz("run", str(program), "--config", str(group.config(0)), "--party", "0")
    assert ended.code == 2
    assert "must be a plain function, and this is async" in ended.error_line


def test_a_helper_that_differs_looked_like_cheating(group: Group, tmp_path: Path) -> None:
    programs = []
    for factor in (7, 8):
        folder = tmp_path / f"at-{factor}"
        folder.mkdir()
        (folder / "helper.py").write_text(f"FACTOR = {factor}\n")
        programs.append(folder / "prog.py")
        programs[-1].write_text("import helper\ndef main(mpc):\n    return helper.FACTOR\n")
    with started(*(group.command(party, program) for party, program in enumerate(programs))) as run:
        for party, result in enumerate(ends(run)):
            assert result.code == 3, result.err
            assert re.search(rf"program is '\w+' here and '\w+' at party {1 - party}$", result.error_line)


def test_a_dealer_with_another_field_was_called_party_2(tmp_path: Path) -> None:
    group = Group(tmp_path, dealer=True)
    program = group.program("def main(mpc): return 1\n")
    dealer = str(tmp_path / "group" / "dealer" / "parties.toml")
    parties = [group.command(party, program, "--preprocessing", "dealer") for party in range(2)]
    with started(*parties, command("dealer", "--config", dealer, "--field", "M127")) as run:
        *computing, dealing = ends(run)
    for result in computing:
        assert result.code == 3
        assert result.error_line.endswith("field is 'M61' here and 'M127' at the dealer")
    assert dealing.code == 3
    assert dealing.error_line.endswith("field is 'M127' here and 'M61' at party 0")


def test_the_program_of_the_readme_could_not_be_run_over_the_network(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    (tmp_path / "program.py").write_text(text.split("```python\n")[1].split("```")[0])
    typed = [
        line.split("#")[0].split() for line in text.splitlines() if line.startswith(("spdz init", "spdz run prog"))
    ]
    assert [line[1] for line in typed] == ["init", "run", "run"]
    places = addresses(2)
    init = [places.pop(0) if part.startswith("10.0.0.") else part for part in typed[0]]
    subprocess.run(command(*init[1:]), cwd=tmp_path, check=True, capture_output=True)
    for party, data in enumerate(("3100,2900,4500", "200,350,0")):
        (tmp_path / f"data-{party}").write_text(data)
        typed[1 + party][-1] = f"data-{party}"
    run = [
        subprocess.Popen(command(*line[1:]), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in typed[1:]
    ]
    assert [result.out for result in ends(run)] == ["(11050, 41702500)\n"] * 2


def test_closed_streams_ended_a_run(group: Group) -> None:
    program = group.program("def main(mpc): return mpc.reveal(mpc.input([1], owner=0, shape=1)).tolist()\n")
    closed = ["sh", "-c", 'exec "$@" 2>&-', "sh", *group.command(1, program)]
    with started(group.command(0, program), closed) as run:
        results = ends(run)
    assert [(result.code, result.out) for result in results] == [(0, "[1]\n")] * 2


@pytest.mark.parametrize("streams", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_a_closed_stream_is_no_error(streams: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {streams}', "sh", *command("--help")], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["--help"], ["vectors", "check", str(VECTORS / "coin_toss.json")]], ids=len)
def test_a_reader_that_goes_away_caused_a_traceback(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command(*arguments), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode in (0, 141)  # argparse itself takes no notice


def test_arguments_for_a_program_that_is_attacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "reads.py"
    program.write_text(
        "def main(mpc):\n    x = mpc.input(int(mpc.args[0]), owner=0, shape=())\n    assert int(mpc.reveal(x)) == 41\n"
    )
    assert main(["attack", str(program), "--preprocessing", "dealer", "--", "41"]) in (0, 1)
    assert "fails without any cheat" not in capsys.readouterr().err
    assert main(["attack", "--preprocessing", "dealer", "--", "41"]) == 2
    assert "arguments after -- are for PROGRAM.py" in capsys.readouterr().err


def test_an_option_before_the_path_was_refused(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(VECTORS / "coin_toss.json")
    for arguments in (["--json", path], [path, "--json"]):
        assert main(["vectors", "check", *arguments]) == 0
        assert capsys.readouterr().out.startswith('{"files": 1,')


def test_init_named_an_option_that_it_had_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["init", str(tmp_path), "--parties", "a:1", "b:1"]
    assert main(arguments) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    assert "keys are never overwritten: name a new folder, or remove this one" in capsys.readouterr().err


def test_a_byte_order_mark_was_not_read(group: Group, capsys: pytest.CaptureFixture[str]) -> None:
    program = group.program("def main(mpc): pass\n")
    config = group.config(0)
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes())
    assert main(["run", str(program), "--config", str(config), "--party", "5"]) == 2
    assert "party must be an integer from 0 to 1, got 5" in capsys.readouterr().err


def test_a_key_that_is_none_was_called_none(group: Group, capsys: pytest.CaptureFixture[str]) -> None:
    program = group.program("def main(mpc): pass\n")
    (group.config(0).parent / "party-0.key").write_text("garbage")
    assert main(["run", str(program), "--config", str(group.config(0)), "--party", "0"]) == 2
    error = capsys.readouterr().err
    assert "not a private key in PEM form" in error
    assert "None" not in error


def test_a_compiler_that_is_turned_off_was_found_after_connecting(group: Group) -> None:
    program = group.program("def main(mpc): pass\n")
    run = ["env", "NUMBA_DISABLE_JIT=1", *group.command(0, program)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "spdz: UsageError: spdz needs numba's compiler, which NUMBA_DISABLE_JIT turns off; unset it\n"
