"""`spdz attack` on programs of users."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spdz.cli.main import main

PRODUCT = """
def main(mpc):
    x = mpc.input([3, 4], owner=0, shape=2)
    return mpc.reveal(x * x)
"""
FAILING = "def main(mpc):\n    raise ValueError('it fails by itself')\n"
RANDOM = "def main(mpc):\n    return mpc.reveal(mpc.random(2))\n"


def program(folder: Path, text: str) -> str:
    path = folder / "program.py"
    path.write_text(text)
    return str(path)


def test_a_program_is_attacked_in_every_step_that_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", program(tmp_path, PRODUCT), "--preprocessing", "dealer", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["undetected"] == 0
    assert printed["undetected_cases"] == printed["missing"] == []
    assert printed["cases"] == printed["detected"] + printed["harmless"] + printed["input_substitution"]
    assert printed["cases"] > 40


@pytest.mark.parametrize(
    ("text", "said"),
    [(FAILING, "ValueError: it fails by itself"), (RANDOM, "nothing random")],
)
def test_a_program_that_cannot_be_judged_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", program(tmp_path, text), "--preprocessing", "dealer"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert ("the program fails without any cheat" in error) == (text == FAILING)
