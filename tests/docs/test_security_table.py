"""The probabilities in SECURITY.md are those of the constants in force."""

from __future__ import annotations

import re
from fractions import Fraction
from math import log2
from pathlib import Path

import pytest

from spdz.field import M61, M127, Field
from spdz.params import SecurityParams
from spdz.preprocessing.mascot.matrix_triples import spare_rows

TABLE = (Path(__file__).parents[2] / "SECURITY.md").read_text()


def _row(beginning: str) -> list[str]:
    """The cells of the row whose event begins like this."""
    (row,) = [line for line in TABLE.splitlines() if line.startswith(f"| {beginning}")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def _says(beginning: str, field: Field) -> float:
    """The exponent in the cell of a field: 2^-60 is 60."""
    cell = _row(beginning)[2 if field is M61 else 3]
    found = re.match(r"2\^-([0-9.]+)", cell)
    assert found, cell
    return float(found[1])


@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize(
    ("beginning", "events"),
    [
        ("a wrong opening passes one MAC check", 2),
        ("wrong triples pass the sacrifice of a batch", 3),
        ("inconsistent COPEe inputs pass", 3),
        ("wrong VOLEs pass their check", 1),
        ("n >= 3: different key shares towards different peers pass", 3),
        ("an input out of its declared range is believed", 5),
    ],
)
def test_rows_that_are_multiples_of_one_over_p(beginning: str, events: int, field: Field) -> None:
    assert _says(beginning, field) == pytest.approx(-log2(events / field.modulus), abs=0.05)


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_combined_triples(field: Field) -> None:
    tau = SecurityParams().combined_copies(field.bits, 2)
    assert f"tau = {tau}" in _row("combined triples are")[2 if field is M61 else 3]
    told = -log2((2 / field.modulus ** (tau - 2)) ** 0.5 + 2 / field.modulus)
    assert _says("combined triples are", field) == pytest.approx(told, abs=0.05)
    for parties in range(2, 17):
        tau = SecurityParams().combined_copies(field.bits, parties)
        assert 2 * field.modulus ** (tau - 2) >= (parties - 1) ** 2 * 4 ** SecurityParams().statistical_bits


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_matrix_triples(field: Field) -> None:
    columns = 64
    spare = spare_rows(field, SecurityParams().statistical_bits, columns, 2)
    assert f"(L = {columns}, e = {spare})" in _row("matrix triples with L columns")[2 if field is M61 else 3]
    told = -log2(8) - 0.5 * log2(columns) + 0.5 * spare * log2(field.modulus)
    assert _says("matrix triples with L columns", field) == pytest.approx(told, abs=0.51)
    assert told > SecurityParams().statistical_bits


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_what_an_ot_puts_out(field: Field) -> None:
    assert _says("an OT output differs", field) == pytest.approx(
        -log2(Fraction(2**128 % field.modulus, 2**128)), abs=0.5
    )
