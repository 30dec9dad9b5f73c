"""The command line without a network: help, version, `init`, arguments, exit codes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spdz.cli import main as cli
from spdz.errors import (
    EXIT_CODES,
    ConfigurationMismatch,
    InternalError,
    MacCheckFailed,
    PeerAborted,
    TransportError,
    UsageError,
    exit_code,
)
from spdz.transport.parties_file import load_parties
from spdz.version import __version__

from .processes import addresses

COMMANDS = ("init", "run", "dealer", "demo", "bench")
HEAVY = ("numba", "llvmlite", "numpy", "cryptography", "nacl", "gmpy2")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command in this process."""
    try:
        code = cli.main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], [], ["run", "--help"], ["nonsense"]], ids=str)
def test_nothing_heavy_is_imported_for_help(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom spdz.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print('\\n', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1].strip() == "[]"


def test_the_package_itself_is_imported_quickly() -> None:
    code = f"import sys, spdz\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("start", [[sys.executable, "-m", "spdz"], [str(Path(sys.executable).parent / "spdz")]])
def test_the_version_of_module_and_script(start: list[str]) -> None:
    done = subprocess.run([*start, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (f"spdz {__version__}\n", "")


def test_help_names_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "--help")
    assert (code, err) == (0, "")
    assert all(f"    {command}" in out for command in COMMANDS)
    for _, number, meaning in EXIT_CODES:
        assert f"  {number:<3} {meaning}" in out
    assert call(capsys) == (0, out, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: spdz {command}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["run"], "the following arguments are required: PROGRAM.py, --config, --party"),
        (["run", "p.py", "--config", "c", "--party", "one"], "--party"),
        (["run", "p.py", "--config", "c", "--party", "0", "--field", "M31"], "invalid choice: 'M31'"),
        (["run", "p.py", "--config", "c", "--party", "0", "--preprocessing", "none"], "invalid choice: 'none'"),
        (["bench", "speed"], "invalid choice: 'speed'"),
        (["bench", "field", "--parties", "6"], "--parties"),
        (["bench", "field", "--", "x"], "arguments after -- are for spdz run"),
        (["init", "folder"], "--parties"),
        (["demo", "--field", "M5"], "--field"),
    ],
)
def test_arguments_that_cannot_be(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize("count", ["0", "-5"])
def test_a_benchmark_of_nothing_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "bench", "field", "--count", count)
    assert (code, out) == (2, "")
    assert err == f"spdz: UsageError: --count must be at least 1, got {count}\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (ConfigurationMismatch("x"), 3),
        (TransportError("x"), 4),
        (MacCheckFailed("x"), 5),
        (PeerAborted("x"), 5),
        (InternalError("x"), 70),
        (ValueError("x"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exit_codes_tell_the_families_of_errors_apart(error: Exception, code: int) -> None:
    assert exit_code(error) == code


# -- init -------------------------------------------------------------------------------------------------------------


def test_init_makes_one_folder_for_each_party(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = addresses(4)
    code, out, err = call(capsys, "init", str(tmp_path / "new"), "--parties", *places[:3], "--dealer", places[3])
    assert (code, err) == (0, "")
    names = ["party-0", "party-1", "party-2", "dealer"]
    assert out.splitlines()[:4] == [str(tmp_path / "new" / name) for name in names]
    assert "spdz run PROGRAM.py --config party-I/parties.toml --party I" in out
    texts = set()
    for index, name in enumerate(names):
        folder = tmp_path / "new" / name
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        keys = [file.name for file in folder.iterdir() if file.suffix == ".key"]
        assert keys == [f"{name}.key"], "nobody else's private key"
        assert stat.S_IMODE((folder / keys[0]).stat().st_mode) == 0o600
        config = load_parties(folder / "parties.toml")
        assert [endpoint.address for endpoint in config.endpoints] == places
        assert config.private_key(index) == folder / f"{name}.key"
        texts.add((folder / "parties.toml").read_bytes())
    assert len(texts) == 1, "the parties file is the same everywhere"


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (["127.0.0.1:7000"], "2 to 16 parties, got 1"),
        (["127.0.0.1:7000", "127.0.0.1"], "HOST:PORT"),
        (["127.0.0.1:7000", "127.0.0.1:70000"], "1 to 65535"),
        (["127.0.0.1:7000", "127.0.0.1:7000"], "given twice"),
        (["127.0.0.1:7000", "::1:7000"], "in brackets"),
    ],
)
def test_init_refuses_addresses(
    places: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "init", str(tmp_path / "new"), "--parties", *places)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_init_replaces_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine")
    code, _, err = call(capsys, "init", str(tmp_path), "--parties", *addresses(2))
    assert code == 2
    assert "is not empty" in err
    assert os.listdir(tmp_path) == ["mine"]


# -- bench ------------------------------------------------------------------------------------------------------------

NETWORK = {"benchmark", "field", "parties", "transport", "seconds"}
FIGURES = {
    "field": {
        "benchmark",
        "field",
        "elements",
        "add_ns_per_element",
        "multiply_ns_per_element",
        "sum_ns_per_element",
        "sample_ns_per_element",
        "matmul_256_ns_per_product",
    },
    "triples": {*NETWORK, "count", "triples_per_second", "bytes_per_triple", "peak_rss_bytes", "set_up_seconds"},
    "multiply": {*NETWORK, "count", "repeats", "multiplications_per_second", "first_multiplications_per_second"}
    | {"bytes_per_multiplication", "peak_rss_bytes"},
    "latency": {*NETWORK, "multiplications", "rounds", "microseconds_per_round"},
}


@pytest.mark.network
@pytest.mark.parametrize("what", FIGURES)
def test_a_benchmark_prints_one_json_object(what: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, "bench", what, "--count", "200", "--field", "M61", "--json")
    assert code == 0
    assert len(out.splitlines()) == 1
    figures = json.loads(out)
    assert set(figures) >= FIGURES[what]
    assert figures["benchmark"] == what
    assert figures["field"] == "M61"
    assert all(value > 0 for value in figures.values() if not isinstance(value, str))
    if what != "field":
        assert (figures["parties"], figures["transport"]) == (2, "TLS 1.3")
    if what == "latency":
        # One round for each product; the comparison of programs, the checks and the opening are the rest.
        assert 200 <= figures["rounds"] < 220


def test_a_benchmark_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "bench", "field", "--count", "100", "--field", "M127")
    assert (code, err) == (0, "")
    assert "multiply ns per element" in out
    assert len(out.splitlines()) == len(FIGURES["field"])


PROGRAM = """
def main(mpc):
    x, y = (mpc.input([1, 2, 3], owner=owner) for owner in (0, 1))
    return mpc.reveal((x * y).sum())
"""


def test_a_plan_says_what_a_program_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    code, out, _ = call(capsys, "plan", str(program), "--json")
    assert code == 0
    figures = json.loads(out)
    assert figures["material"]["triples"] == 3
    assert figures["preprocessing_bytes_sent"] > 100 * figures["bytes_sent"] > 0
    assert figures["preprocessing_network_seconds"] > figures["network_seconds"] > 0
    code, out, _ = call(capsys, "plan", str(program))
    assert f"{figures['preprocessing_bytes_sent']:,} bytes sent, to make the material" in out
    assert "s online, and before about" in out


def test_a_plan_with_a_dealer_says_nothing_of_the_material(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    code, out, _ = call(capsys, "plan", str(program), "--json", "--preprocessing", "dealer")
    figures = json.loads(out)
    assert code == 0
    assert figures["preprocessing_bytes_sent"] is None
    assert figures["preprocessing_network_seconds"] is None
