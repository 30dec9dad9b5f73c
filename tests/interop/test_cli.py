"""`spdz interop mp-spdz`: real processes over TLS, and refusals before anybody is kept waiting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spdz.cli.main import main
from tests.cli.processes import Ended, Group, command, ends, started

from .support import export, home

PROGRAM = """
def main(mpc):
    mine = [int(word) for word in mpc.args]
    x = mpc.input(mine if mpc.party == 0 else None, owner=0, shape=2)
    y = mpc.input(mine if mpc.party == 1 else None, owner=1, shape=2)
    return mpc.reveal((x * y).sum())
"""


def interop(group: Group, action: str, folder: Path, party: int, *rest: str) -> list[str]:
    """The command of one party at M61."""
    where = ("--config", str(group.config(party)), "--party", str(party), "--field", "M61")
    return command("interop", "mp-spdz", action, str(home(folder, party)), *where, *rest)


def run_all(commands: list[list[str]]) -> list[Ended]:
    with started(*commands) as processes:
        return ends(processes)


@pytest.mark.network
def test_export_and_import_as_processes(tmp_path: Path) -> None:
    group = Group(tmp_path)
    commands = [interop(group, "export", tmp_path, party, "--triples", "5", "--inputs", "3") for party in range(2)]
    for party, ended in enumerate(run_all(commands)):
        assert ended.code == 0, ended.err
        first, second = ended.out.splitlines()
        masks = "101 input masks of party 0, 101 input masks of party 1"
        assert first.startswith(f"{home(tmp_path, party)}/2-p-61: 101 triples, {masks}; share {party} of 2")
        assert second.startswith("This material is spent here")

    program = group.program(PROGRAM)
    for party in range(2):
        (ended,) = run_all([interop(group, "import", tmp_path, party, "--check")])
        assert ended.code == 0, ended.err
        assert "101 triples, input masks by owner 101 101; material made by mascot, s = 60" in ended.out
        assert "Nothing was spent." in ended.out

    values = (("3", "4"), ("5", "-6"))
    commands = [
        interop(group, "import", tmp_path, party, "--program", str(program), "--", *values[party]) for party in range(2)
    ]
    for ended in run_all(commands):
        assert ended.code == 0, ended.err
        assert ended.out == f"{3 * 5 - 4 * 6}\n"
        assert "material made by mascot, s = 60" in ended.err
        assert "are spent and removed" in ended.err
    for ended in run_all(commands):
        assert ended.code == 2
        assert "used once" in ended.error_line


@pytest.mark.network
def test_folders_of_different_exports_are_a_mismatch(tmp_path: Path) -> None:
    group = Group(tmp_path)
    for name in ("a", "b"):
        export(tmp_path / name, 2, "M61", "mascot", triples=1)
    program = group.program(PROGRAM)
    for ended in run_all(
        [interop(group, "import", tmp_path / "ab"[p], p, "--program", str(program), "--quiet") for p in range(2)]
    ):
        assert ended.code == 3
        assert "files of session" in ended.error_line
    for name in ("a", "b"):
        assert not list((tmp_path / name).rglob("spdz-spent-*"))


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """Two parties of whom only one is ever started."""
    return Group(tmp_path)


@pytest.mark.parametrize(
    ("action", "rest", "words"),
    [
        ("export", ["--party", "0"], "nothing to export"),
        ("export", ["--party", "0", "--triples", "-1"], "--triples must be an integer of at least 0"),
        ("export", ["--party", "2", "--bits", "1"], "party must be an integer from 0 to 1"),
        ("export", ["--party", "0", "--bits", "1", "--", "x"], "takes no arguments after --"),
        ("import", ["--party", "2", "--check"], "party must be an integer from 0 to 1"),
        ("import", ["--party", "0", "--check"], "expected a folder for 2 parties and M127"),
    ],
)
def test_refusals(
    group: Group, tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str, rest: list[str], words: str
) -> None:
    arguments = ["interop", "mp-spdz", action, str(tmp_path / "none"), "--config", str(group.config(0)), *rest]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert words in error


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ([], "one of the arguments --program --check is required"),
        (["--program", "p.py", "--check"], "not allowed with"),
    ],
)
def test_import_does_one_thing(rest: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["interop", "mp-spdz", "import", "here", "--config", "parties.toml", "--party", "0", *rest])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_unmarked_and_dealt_material_on_the_command_line(
    group: Group, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(tmp_path, 2, "M61", "dealer", triples=1)
    rest = [str(home(tmp_path, 0)), "--config", str(group.config(0)), "--party", "0", "--field", "M61", "--check"]
    assert main(["interop", "mp-spdz", "import", *rest]) == 2
    assert "--trust-unmarked-material" in capsys.readouterr().err
    assert main(["interop", "mp-spdz", "import", *rest, "--trust-unmarked-material"]) == 0
    assert "made by a trusted dealer, who can learn every secret" in capsys.readouterr().out
    (home(tmp_path, 0) / "2-p-61" / "spdz-provenance-P0.json").unlink()
    assert main(["interop", "mp-spdz", "import", *rest]) == 2
    capsys.readouterr()
    assert main(["interop", "mp-spdz", "import", *rest, "--trust-unmarked-material"]) == 0
    assert "without a mark, trusted at your word" in capsys.readouterr().out


def test_an_existing_export_is_found_before_connecting(
    group: Group, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(tmp_path, 2, "M61", "dealer", triples=1)
    where = ["--config", str(group.config(0)), "--party", "0", "--field", "M61"]
    assert main(["interop", "mp-spdz", "export", str(home(tmp_path, 0)), *where, "--triples", "1"]) == 2
    assert "exists: this folder has files of party 0" in capsys.readouterr().err


def test_help_does_not_load_the_numeric_libraries() -> None:
    code = (
        "import sys; from spdz.cli.main import main\n"
        "try: main(['interop', 'mp-spdz', 'export', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'numba' not in sys.modules and 'numpy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--triples N" in done.stdout
