"""What the documents say about the project is true."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from tests.test_architecture import LEVELS

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "vectors/README.md",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))),
)

ENTRANCES = {"spdz", "spdz.__main__"}


def _read(name: str) -> str:
    return (ROOT / name).read_text()


EXAMPLES = re.findall(r"```python\n(.*?)```", _read("README.md"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_examples_of_the_readme_run_and_print_what_they_say(number: int) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(EXAMPLES[number], "README.md", "exec"), {"__name__": "__main__"})
    promised = re.search(r"print\(.*\)\s*# (.*)", EXAMPLES[number])
    assert promised is not None
    assert printed.getvalue().strip() == promised[1].strip()


def test_the_examples_of_the_readme_are_short() -> None:
    assert len(EXAMPLES) == 2
    for block in EXAMPLES:
        assert len([line for line in block.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    text = _read(document)
    named = re.findall(r"`((?:spdz|preprocessing|online|tests|examples|docs|vectors|benchmarks)/[\w./-]*)`", text)
    for name in named:
        assert (ROOT / name.split("::")[0]).exists(), f"{document} names {name}"
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (ROOT / document).parent.joinpath(target).exists(), f"{document} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_placeholder_is_left(document: str) -> None:
    assert "@@" not in _read(document)


def test_the_table_of_levels_is_the_one_that_is_enforced() -> None:
    rows = re.findall(r"^\| (\d) \| (.*?) \|", _read("docs/design.md"), re.MULTILINE)
    said = {cell: int(level) for level, cells in rows for cell in re.findall(r"`([^`]+)`", cells)}
    packages = {name.removeprefix("spdz."): level for name, level in LEVELS.items() if name not in ENTRANCES}
    assert said == packages


def test_the_attack_matrix_has_a_row_for_every_step() -> None:
    steps = re.findall(r"^\| `([a-z_.]+)` \| `[0-9a-f]{8}` \|", _read("docs/wire/steps.md"), re.MULTILINE)
    rows = re.findall(r"^\| `([a-z_.]+)` \| ", _read("docs/attacks.md"), re.MULTILINE)
    assert sorted(rows) == sorted(steps)
    assert len(steps) > 100
    [undetected] = re.findall(r"undetected (\d+)", _read("docs/attacks.md"))
    assert undetected == "0"
