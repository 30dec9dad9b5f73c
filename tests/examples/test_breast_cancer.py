"""The example: the table, its split and scaling, and the program itself on a few rows."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.examples import breast_cancer, breast_cancer_table
from spdz.examples.breast_cancer import Aggregates
from spdz.examples.breast_cancer_table import (
    GROUPS,
    LABEL,
    SCALE,
    TABLE,
    columns_of,
    default_group,
    exact_gram,
    features_of,
    read_numbers,
    read_text,
    require_fit,
    scaled,
    split,
    standardise,
)

ROWS = 40
GROUP = "mean"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Every eighth row of the table, 40 in all, so that both classes are there."""
    header, *rows = TABLE.read_text().splitlines()
    path = tmp_path / "small.csv"
    path.write_text("\n".join([header, *rows[::8][:ROWS]]) + "\n")
    return path


def plain(path: Path, parties: int, group: str = GROUP) -> Aggregates:
    """The same aggregates from the whole table, without any protocol and in Python's integers."""
    held = tuple(columns_of(group, party, parties) for party in range(parties))
    names = tuple(name for part in held for name in part)
    block = scaled(read_numbers(path, names), names)
    return Aggregates(len(block), held, exact_gram(block), block.astype(object).sum(0))


def together(path: Path, folder: Path, parties: int, preprocessing: str, field: str = "M61") -> list[Aggregates]:
    """The program as every party, each with a file of its own columns."""
    files = split(path, folder, parties, GROUP)
    return spdz.run_local(
        lambda mpc: breast_cancer.compute(mpc, mpc.inputs, GROUP), parties, field, preprocessing, inputs=files
    )


# -- the table --------------------------------------------------------------------------------------------------------


def test_the_table_is_the_one_that_its_readme_describes() -> None:
    readme = (TABLE.parent / "README.md").read_text()
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() in readme
    assert "CC BY 4.0" in readme
    header, *rows = TABLE.read_text().splitlines()
    assert tuple(header.split(",")) == (*GROUPS["all"], LABEL)
    assert len(rows) == 569
    assert rows[0].startswith("17.99,10.38,122.8,1001,0.1184,")
    assert sum(row.endswith(",1") for row in rows) == 212


@pytest.mark.parametrize("group", list(GROUPS))
@pytest.mark.parametrize("parties", [2, 3, 4, 5, 10])
def test_every_column_is_held_once(group: str, parties: int) -> None:
    shares = [features_of(group, party, parties) for party in range(parties)]
    assert sum(shares, ()) == GROUPS[group]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert [LABEL in columns_of(group, party, parties) for party in range(parties)] == [False] * (parties - 1) + [True]


@pytest.mark.parametrize("parties", [2, 3])
def test_split_gives_each_party_its_columns_as_published_and_no_others(tmp_path: Path, parties: int) -> None:
    paths = split(TABLE, tmp_path / "new", parties)
    assert [path.name for path in paths] == [f"party-{party}.csv" for party in range(parties)]
    for party, path in enumerate(paths):
        columns = columns_of(default_group(parties), party, parties)
        assert path.read_text().splitlines()[0] == ",".join(columns)
        assert read_text(path, columns) == read_text(TABLE, columns)


def test_the_split_command_says_who_gets_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["split", str(TABLE), str(tmp_path), "--parties", "3"]
    assert breast_cancer._split_command(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2].endswith(LABEL)
    with pytest.raises(SystemExit):
        breast_cancer._split_command(["split", str(tmp_path / "none.csv"), str(tmp_path)])
    assert "cannot read the table" in capsys.readouterr().err


@pytest.mark.parametrize("parties", [0, 1, 11])
def test_split_refuses_a_number_of_parties_that_leaves_one_without_a_feature(tmp_path: Path, parties: int) -> None:
    with pytest.raises(spdz.UsageError, match="2 to 10 parties"):
        split(TABLE, tmp_path, parties, GROUP)


WRONG_TABLES = {
    "not there": (None, "cannot read the table"),
    "empty": (b"", "has no column radius_mean"),
    "without a header": (b"1,2,3\n4,5,6\n", "has no column radius_mean"),
    "header only": (b"radius_mean,malignant\n", "has no rows"),
    "ragged": (b"radius_mean,malignant\n1,0\n1\n", "line 3: 1 values for 2 columns"),
    "text": (b"radius_mean,malignant\n1,0\nlarge,0\n", "line 3, column radius_mean: 'large' is not a finite number"),
    "infinite": (b"radius_mean,malignant\ninf,0\n", "line 2, column radius_mean: 'inf' is not a finite number"),
    "binary": (b"\xff\xfe\x00", "is not a CSV file"),
}


@pytest.mark.parametrize("case", list(WRONG_TABLES))
def test_a_wrong_table_is_one_clear_line(tmp_path: Path, case: str) -> None:
    content, message = WRONG_TABLES[case]
    path = tmp_path / "table.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(spdz.UsageError, match=re.escape(message)) as caught:
        read_numbers(path, ["radius_mean", LABEL])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


# -- scaling ----------------------------------------------------------------------------------------------------------


def test_scaled_columns_are_the_rounded_standardised_ones() -> None:
    columns = GROUPS["all"]
    values = read_numbers(TABLE, columns)
    integers = scaled(values, columns)
    expected = (values - values.mean(0)) / values.std(0) * SCALE
    assert np.abs(integers - expected).max() <= 0.5 + 1e-6


def test_a_constant_feature_and_a_wrong_label_are_refused() -> None:
    with pytest.raises(spdz.UsageError, match="radius_mean is constant"):
        standardise(np.ones(3), "radius_mean")
    with pytest.raises(spdz.UsageError, match="must consist of 0 and 1"):
        scaled(np.array([[0.0], [2.0]]), [LABEL])


def test_the_guard_bounds_every_sum_of_the_table() -> None:
    columns = (*GROUPS["all"], LABEL)
    block = scaled(read_numbers(TABLE, columns), columns)
    bound = len(block) * (SCALE + 1) ** 2
    assert max(np.abs(exact_gram(block)).max(), np.abs(block.sum(0)).max()) <= bound


@pytest.mark.parametrize("field", [spdz.M61, spdz.M127])
def test_the_guard_lets_pass_what_fits_and_nothing_more(field: spdz.Field) -> None:
    most = min((field.modulus - 1) // 2, (1 << 63) - 1) // (SCALE + 1) ** 2
    require_fit(569, field)
    require_fit(most, field)
    with pytest.raises(spdz.UsageError, match="use M61 or M127"):
        require_fit(most + 1, field)


def test_a_field_that_is_too_small_is_refused_before_anything_is_sent(small: Path, tmp_path: Path) -> None:
    with pytest.raises(spdz.UsageError, match="too much for M31; use M61 or M127"):
        together(small, tmp_path, 2, "dealer", "M31")


# -- the program ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parties", "preprocessing", "field"),
    [(2, "dealer", "M61"), (3, "dealer", "M127"), (5, "dealer", "M61"), (2, "mascot", "M61"), (3, "mascot", "M61")],
)
def test_the_parties_reveal_exactly_the_plain_integers(
    small: Path, tmp_path: Path, parties: int, preprocessing: str, field: str
) -> None:
    expected = plain(small, parties)
    for found in together(small, tmp_path, parties, preprocessing, field):
        assert found.difference(expected) == 0


def test_a_difference_is_seen_wherever_it_is(small: Path) -> None:
    expected, other = plain(small, 2), plain(small, 2)
    other.gram[3, 7] += 5
    assert expected.difference(other) == 5
    other.sums[-1] -= 9
    assert expected.difference(other) == 9
    with pytest.raises(ValueError, match="different tables"):
        expected.difference(plain(small, 3))


def test_the_program_reveals_once(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reveals: list[int] = []
    reveal = spdz.Mpc.reveal

    def counted(self: Any, *arrays: Any) -> Any:
        reveals.append(self.party)
        return reveal(self, *arrays)

    monkeypatch.setattr(spdz.Mpc, "reveal", counted)
    together(small, tmp_path, 2, "dealer")
    assert sorted(reveals) == [0, 1]


def test_what_follows_from_the_aggregates_is_what_statistics_say(small: Path) -> None:
    found = plain(small, 2)
    names = GROUPS[GROUP]
    values, label = read_numbers(small, names), read_numbers(small, [LABEL])[:, 0]
    z = (values - values.mean(0)) / values.std(0)
    near: dict[str, Any] = {"rtol": 0, "atol": 1e-4}
    np.testing.assert_allclose(found.covariance(), np.cov(z, rowvar=False, bias=True), **near)
    benign, malignant = found.class_means()
    np.testing.assert_allclose(benign, z[label == 0].mean(0), **near)
    np.testing.assert_allclose(malignant, z[label == 1].mean(0), **near)
    design = np.column_stack([np.ones(len(z)), z])
    weights = np.linalg.lstsq(design, label, rcond=None)[0]
    np.testing.assert_allclose(design @ found.weights(), design @ weights, rtol=0, atol=1e-2)


def test_the_normal_equations_are_integers_and_symmetric(small: Path) -> None:
    matrix, right = plain(small, 2).normal_equations()
    assert matrix.shape == (11, 11)
    assert (matrix == matrix.T).all()
    assert all(type(value) is int for value in [*matrix.ravel(), *right])


def test_the_report_names_every_feature_and_its_holder(small: Path) -> None:
    text = breast_cancer.report(plain(small, 2))
    for name in GROUPS[GROUP]:
        assert name in text
    assert "25 covariances between columns of different parties" in text


@pytest.mark.parametrize("arguments", [(), ("a.csv", "best"), ("a.csv", "mean", "more")])
def test_wrong_arguments_get_the_usage(arguments: tuple[str, ...]) -> None:
    with pytest.raises(spdz.UsageError, match="usage: spdz run"):
        breast_cancer.main(SimpleNamespace(args=arguments))  # type: ignore[arg-type]


def test_a_party_with_the_file_of_another_gets_one_clear_line(small: Path, tmp_path: Path) -> None:
    files = split(small, tmp_path, 2, GROUP)
    with pytest.raises(spdz.UsageError, match=r"party-[01]\.csv has no column"):
        spdz.run_local(
            lambda mpc: breast_cancer.compute(mpc, mpc.inputs, GROUP), 2, "M61", "dealer", inputs=files[::-1]
        )


def test_files_with_different_numbers_of_rows_are_a_difference_and_no_result(small: Path, tmp_path: Path) -> None:
    files = split(small, tmp_path, 2, GROUP)
    files[1].write_text("\n".join(files[1].read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(spdz.ConfigurationMismatch):
        spdz.run_local(lambda mpc: breast_cancer.compute(mpc, mpc.inputs, GROUP), 2, "M61", "dealer", inputs=files)


def test_the_table_module_needs_no_session() -> None:
    assert not [name for name in vars(breast_cancer_table) if name in ("Mpc", "connect", "run_local")]
