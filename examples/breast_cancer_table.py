"""The breast-cancer table: who holds which columns, how a party reads its own, and how it scales them to integers.

Nothing in here is secret sharing; each party runs it alone, on its own file. See `breast_cancer.py` for the program.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import spdz

Integers = npt.NDArray[np.int64]

TABLE = Path(__file__).parent / "data" / "breast_cancer.csv"
"""The table that comes with spdz; provenance and licence are in the README beside it."""

LABEL = "malignant"
"""1 or 0. The last party holds it, beside its share of the features."""

_PROPERTIES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)
GROUPS = {group: tuple(f"{name}_{group}" for name in _PROPERTIES) for group in ("mean", "se", "worst")}
GROUPS["all"] = GROUPS["mean"] + GROUPS["se"] + GROUPS["worst"]
"""The features that can be asked for, in the order of the table."""

FEW = "worst"
"""Ten features to be content with where all are too many: of the three groups this one gives the best classifier."""

SCALE_BITS = 16
SCALE = 1 << SCALE_BITS
"""A standardised value z becomes the integer round(z * SCALE)."""


def default_group(parties: int) -> str:
    """All features for two parties, ten of them for more.

    There is a product for every row and pair of columns of different parties, 137 thousand for two parties and all
    features, in one matrix triple. For five parties it is 218 thousand in ten matrix triples, and each of them is also
    made between ten pairs of parties instead of one.
    """
    return "all" if parties == 2 else FEW


def features_of(group: str, party: int, parties: int) -> tuple[str, ...]:
    """The party's contiguous share of the features: as equal as possible, the first parties hold one more."""
    features = GROUPS[group]
    size, extra = divmod(len(features), parties)
    start = party * size + min(party, extra)
    return features[start : start + size + (party < extra)]


def columns_of(group: str, party: int, parties: int) -> tuple[str, ...]:
    """All columns that a party holds: its features and, at the last party, the label."""
    features = features_of(group, party, parties)
    return (*features, LABEL) if party == parties - 1 else features


def read_text(path: str | Path, columns: Sequence[str]) -> list[list[str]]:
    """The named columns of a CSV file with a header line, as text, row by row. Others are not looked at.

    Raises UsageError for a file that cannot be read, lacks a column, has no rows, or has a row of another length.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except OSError as error:
        raise spdz.UsageError(f"cannot read the table {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise spdz.UsageError(f"{path} is not a CSV file") from None
    missing = [name for name in columns if name not in header]
    if missing:
        raise spdz.UsageError(f"{path} has no column {', '.join(missing)}; it needs a header line with these names")
    if not rows:
        raise spdz.UsageError(f"{path} has no rows")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise spdz.UsageError(f"{path}, line {number}: {len(row)} values for {len(header)} columns")
    places = [header.index(name) for name in columns]
    return [[row[place] for place in places] for row in rows]


def read_numbers(path: str | Path, columns: Sequence[str]) -> npt.NDArray[np.float64]:
    """The named columns as numbers, of shape (rows, columns). Raises UsageError, also for what is not a number."""
    rows = read_text(path, columns)
    table = np.empty((len(rows), len(columns)))
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            try:
                table[i, j] = float(text)
            except ValueError:
                table[i, j] = np.nan
            if not np.isfinite(table[i, j]):
                raise spdz.UsageError(f"{path}, line {i + 2}, column {columns[j]}: {text!r} is not a finite number")
    return table


def standardise(values: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
    """One column with mean 0 and standard deviation 1: a party needs nothing but the column itself for that."""
    column = np.ascontiguousarray(values)
    deviation = column.std()
    if deviation == 0:
        raise spdz.UsageError(f"column {name} is constant, so it cannot be standardised and tells nothing")
    return np.asarray((column - column.mean()) / deviation)


def scaled(values: npt.NDArray[np.float64], columns: Sequence[str]) -> Integers:
    """Columns as integers: features standardised and scaled, the label as it is.

    Raises UsageError for a constant feature, and for a label that is neither 0 nor 1.
    """
    result = np.empty(values.shape, np.int64)
    for j, name in enumerate(columns):
        if name != LABEL:
            result[:, j] = np.rint(standardise(values[:, j], name) * SCALE)
            continue
        if not np.isin(values[:, j], (0, 1)).all():
            raise spdz.UsageError(f"column {LABEL} must consist of 0 and 1")
        result[:, j] = values[:, j]
    return result


def require_fit(rows: int, field: spdz.Field) -> None:
    """Raise UsageError unless every sum over the rows fits into the field, and into 64 bits.

    A standardised column has sum z^2 = rows, and rounding moves each z * SCALE by at most 1/2, so by the triangle
    inequality an integer column x has |x| <= sqrt(rows) * (SCALE + 1/2). The norms of the label and of a column of ones
    are smaller. By Cauchy and Schwarz |<x, y>| <= rows * (SCALE + 1/2)^2 for any two columns, which is below
    rows * (SCALE + 1)^2 with room for the rounding of the floating-point numbers. Sums are signed, so half of the field
    is theirs. M61 has room for almost 2^28 rows.
    """
    bound = rows * (SCALE + 1) ** 2
    if bound > (field.modulus - 1) // 2 or bound >= 1 << 63:
        raise spdz.UsageError(f"sums over {rows} rows can reach {bound}, too much for {field.name}; use M61 or M127")


def split(table: str | Path, folder: str | Path, parties: int, group: str | None = None) -> list[Path]:
    """Cut a whole table into `folder`/party-I.csv, which have a party's own columns and no others, and name them."""
    group = group or default_group(parties)
    if not 2 <= parties <= len(GROUPS[group]):
        raise spdz.UsageError(f"a table of {len(GROUPS[group])} features is for 2 to {len(GROUPS[group])} parties")
    paths = []
    for party in range(parties):
        columns = columns_of(group, party, parties)
        rows = read_text(table, columns)
        path = Path(folder) / f"party-{party}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([columns, *rows])
        paths.append(path)
    return paths


def exact_gram(block: Integers) -> npt.NDArray[Any]:
    """block^T block in Python's integers, which cannot overflow; the slow way to the same numbers."""
    exact = block.astype(object)
    return np.asarray(exact.T @ exact)
