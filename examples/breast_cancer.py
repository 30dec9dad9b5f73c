"""A classifier for breast cancer from columns that their owners do not show to each other.

Every party holds some measurements of the same patients, row by row in the same order; the last party also holds the
diagnosis. Together they learn the covariance of all measurements, the means of each class, and the normal equations of
a least-squares classifier, and nothing else about each other's columns.

Run it by hand on one machine, or give each folder and each file to another one:

    python -m spdz.examples.breast_cancer split breast_cancer.csv shares --parties 2
    spdz init net --parties localhost:7000 localhost:7001
    spdz run breast_cancer.py --field M61 --config net/party-0/parties.toml --party 0 -- shares/party-0.csv
    spdz run breast_cancer.py --field M61 --config net/party-1/parties.toml --party 1 -- shares/party-1.csv

Public:   the names of all columns and who holds them, the number of rows, and what `Aggregates` holds.
Secret:   every single value.
A party that cheats can lie about its own columns, as it could on paper. It cannot learn more, or change what others see
in any other way, without being caught before anything is revealed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import spdz
from spdz.examples.breast_cancer_table import (
    GROUPS,
    SCALE,
    TABLE,
    Integers,
    columns_of,
    default_group,
    read_numbers,
    require_fit,
    scaled,
    split,
)

Floats = npt.NDArray[np.float64]
Held = tuple[tuple[str, ...], ...]


def main(mpc: spdz.Mpc) -> str:
    """One party's program; arguments: its CSV file and, if it is not `default_group`, the group of features."""
    if not 1 <= len(mpc.args) <= 2 or not set(mpc.args[1:]) <= set(GROUPS):
        raise spdz.UsageError(f"usage: spdz run breast_cancer.py ... -- FILE.csv [{'|'.join(GROUPS)}]")
    return report(compute(mpc, *mpc.args))


def compute(mpc: spdz.Mpc, path: str | Path, group: str | None = None) -> Aggregates:
    """Read this party's own columns, scale them to integers, and compute with everybody else's."""
    group = group or default_group(mpc.parties)
    held = tuple(columns_of(group, party, mpc.parties) for party in range(mpc.parties))
    mine = held[mpc.party]
    block = scaled(read_numbers(path, mine), mine)
    return aggregate(mpc, block, held)


def aggregate(mpc: spdz.Mpc, block: Integers, held: Held) -> Aggregates:
    """Sums of products of all pairs of columns, and of all columns.

    block   this party's columns, as integers
    held    names of the columns that each party holds, in the order of the parties; the label is the last
    """
    rows = len(block)
    require_fit(rows, mpc.field)
    blocks, squares = [], []
    for owner, names in enumerate(held):
        mine, width = mpc.party == owner, len(names)
        blocks.append(mpc.input(block if mine else None, owner=owner, shape=(rows, width)))
        # Products of columns of one party cost nothing: it makes them alone, and inputs the result.
        squares.append(mpc.input(block.T @ block if mine else None, owner=owner, shape=(width, width)))
    sums = [secret.sum(0) for secret in blocks]
    # These are the expensive ones: one triple for every row and every pair of columns.
    pairs = list(combinations(range(mpc.parties), 2))
    products = [blocks[i].T @ blocks[j] for i, j in pairs]

    # Nothing has been computed yet. Now it is, every check is made, and only these sums become public.
    opened = iter(mpc.reveal(*squares, *sums, *products))

    starts = np.cumsum([0, *(len(names) for names in held)])
    places = [slice(start, end) for start, end in pairwise(starts)]
    gram = np.zeros((starts[-1], starts[-1]), object)
    for place in places:
        gram[place, place] = next(opened)
    column_sums = np.concatenate([next(opened) for _ in places]).astype(object)
    for i, j in pairs:
        gram[places[i], places[j]] = next(opened)
        gram[places[j], places[i]] = gram[places[i], places[j]].T
    return Aggregates(rows, held, gram, column_sums)


@dataclass(frozen=True)
class Aggregates:
    """All that is revealed: exact integers. The features were scaled by SCALE; the label, the last column, was not."""

    rows: int
    held: Held
    """Names of the columns that each party holds."""
    gram: npt.NDArray[Any]
    """Sum over the rows of the product of each two columns, as Python integers."""
    sums: npt.NDArray[Any]
    """Sum of each column."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in the order of the sums."""
        return tuple(name for part in self.held for name in part)

    def difference(self, other: Aggregates) -> int:
        """The largest absolute difference between any two of the integers."""
        if self.rows != other.rows or self.held != other.held:
            raise ValueError("these are aggregates of different tables")
        return int(max(np.abs(self.gram - other.gram).max(), np.abs(self.sums - other.sums).max()))

    @property
    def malignant(self) -> int:
        """How many rows have label 1."""
        return int(self.sums[-1])

    def covariance(self) -> Floats:
        """Covariance of the features, each of which its owner has standardised."""
        mean = self.sums[:-1].astype(float) / self.rows / SCALE
        products: Floats = self.gram[:-1, :-1].astype(float) / self.rows / SCALE**2
        return products - np.outer(mean, mean)

    def class_means(self) -> tuple[Floats, Floats]:
        """Mean of each feature over the benign, and over the malignant rows, in standard deviations."""
        positive = self.gram[:-1, -1]
        negative = self.sums[:-1] - positive
        benign = self.rows - self.malignant
        return (
            negative.astype(float) / max(1, benign) / SCALE,
            positive.astype(float) / max(1, self.malignant) / SCALE,
        )

    def normal_equations(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Integers A, b with A w = b for the least-squares weights w; the intercept is a first column of SCALE."""
        features, sums = self.gram[:-1, :-1], self.sums[:-1]
        top = np.array([[self.rows * SCALE * SCALE, *(SCALE * sums)]], object)
        left = (SCALE * sums).reshape(-1, 1)
        matrix = np.concatenate([top, np.concatenate([left, features], axis=1)])
        return matrix, np.array([SCALE * self.malignant, *self.gram[:-1, -1]], object)

    def weights(self) -> Floats:
        """The classifier: [1, features] @ weights is the predicted label, for standardised features.

        This is ordinary floating point on public numbers. `lstsq` rather than `solve`, so that columns which depend on
        each other give the shortest solution and no error.
        """
        matrix, right = self.normal_equations()
        return np.asarray(
            np.linalg.lstsq(matrix.astype(float) / SCALE**2, right.astype(float) / SCALE, rcond=None)[0], float
        )


def report(found: Aggregates, strongest: int = 6) -> str:
    """What the parties have learnt, as text; of the covariances only the strongest between columns of two parties."""
    benign, malignant = found.class_means()
    intercept, *weights = found.weights()
    holders = [party for party, part in enumerate(found.held) for _ in part]
    lines = [
        f"{found.rows} rows, {found.malignant} malignant. Features in standard deviations from their mean:",
        f"{'held by party':>24} {'benign':>8} {'malignant':>9} {'weight':>8}",
        *(
            f"{name:23} {party:<3}{low:6.3f} {high:9.3f} {weight:8.3f}"
            for name, party, low, high, weight in zip(found.names, holders, benign, malignant, weights, strict=False)
        ),
        f"{'intercept':44} {intercept:8.3f}",
    ]
    covariance = found.covariance()
    across = [(i, j) for i, j in combinations(range(len(covariance)), 2) if holders[i] != holders[j]]
    across.sort(key=lambda pair: -abs(covariance[pair]))
    lines.append(f"Strongest of {len(across)} covariances between columns of different parties:")
    lines += [f"{covariance[i, j]:6.3f}  {found.names[i]}, {found.names[j]}" for i, j in across[:strongest]]
    return "\n".join(lines)


def _split_command(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="breast_cancer", description="Cut the table into one file for each party.")
    parser.add_argument("command", choices=["split"])
    parser.add_argument("table", type=Path, help=f"such as {TABLE}")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parties", type=int, default=2)
    parser.add_argument("--features", choices=GROUPS, help="all for two parties, ten for more")
    options = parser.parse_args(arguments)
    group = options.features or default_group(options.parties)
    try:
        paths = split(options.table, options.folder, options.parties, group)
    except spdz.UsageError as error:
        parser.error(str(error))
    for party, path in enumerate(paths):
        print(f"{path}: {', '.join(columns_of(group, party, options.parties))}")
    return 0


if __name__ == "__main__":
    sys.exit(_split_command())
