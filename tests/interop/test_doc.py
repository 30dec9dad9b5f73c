"""docs/interop.md says what the package does."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from spdz.cli.main import _parser, _split
from spdz.field import M61, M127, Field
from spdz.interop.mp_spdz_format import Layout
from spdz.interop.provenance import _KEYS
from spdz.sharing.material import RANDOM_BITS, SQUARES, TRIPLES, input_masks

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "interop.md").read_text()


def test_every_command_of_ours_is_understood() -> None:
    blocks = "".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)).replace("\\\n", " ")
    commands = [line for line in blocks.splitlines() if line.startswith("spdz ")]
    assert len(commands) == 3
    for line in commands:
        arguments, _ = _split(shlex.split(line, comments=True)[1:])
        assert _parser().parse_args(arguments).command == "interop"


def test_the_primes_of_its_commands_are_ours() -> None:
    assert {int(prime) for prime in re.findall(r"-P (\d+)", TEXT)} == {M61.modulus, M127.modulus}


@pytest.mark.parametrize(("field", "column"), [(M61, 0), (M127, 1)], ids=["M61", "M127"])
def test_the_table_of_the_header(field: Field, column: int) -> None:
    """Every offset, and every length, of the table is where the header has that part."""
    rows = re.findall(r"^\| (\d+)(?: or (\d+))? \| (\S*)", TEXT, re.MULTILINE)
    offsets = [int(second if second and column else first) for first, second, _ in rows]
    header = Layout(field, 2, 0).header(field.array(1))
    assert offsets[-1] == len(header)
    parts = [header[start:end] for start, end in pairwise(offsets)]
    size = field.element_bytes
    assert [len(part) for part in parts] == [8, 8, 1, 4, size, 4, size]
    assert int.from_bytes(parts[0], "little") == len(header) - 8 == (33, 49)[column]
    assert parts[1] == b"SPDZ gfp"
    assert int.from_bytes(parts[4], "big") == field.modulus


def test_every_file_and_every_key_is_described() -> None:
    layout = Layout(M61, 2, 0)
    names = [layout.key_file, layout.provenance_file, layout.spent_file]
    names += [layout.data_file(kind) for kind in (TRIPLES, SQUARES, RANDOM_BITS)]
    for name in names:
        assert f"`{name.replace('P0', 'P<i>')}`" in TEXT
    assert layout.data_file(input_masks(1)) == "Inputs-p-P0-1"
    assert "`Inputs-p-P<i>-<owner>`" in TEXT
    for key in _KEYS:
        assert f"`{key}`" in TEXT


def test_every_path_that_is_named_exists() -> None:
    for name in re.findall(r"`((?:spdz|tests|docs)/[\w./-]*)`", TEXT):
        assert (ROOT / name).exists(), name
