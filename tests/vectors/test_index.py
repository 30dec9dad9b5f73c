"""The index of a folder: a vector file that is missing, foreign or changed does not pass unnoticed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spdz.cli.main import main
from spdz.errors import UsageError
from spdz.vectors.check import check_file, check_folder
from spdz.vectors.files import FOLDER
from vectors.generator.catalogue import FILES
from vectors.generator.envelope import INDEX, index

NAMES = ("commitment.json", "prg.json", "tweakable_hash.json")


def write_index(folder: Path) -> Path:
    """An index of what lies in a folder, by the generator."""
    path = folder / INDEX
    path.write_text(index({file.name: file.read_bytes() for file in folder.glob("*.json") if file != path}))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three vector files and their index."""
    for name in NAMES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    write_index(tmp_path)
    return tmp_path


def test_the_index_of_the_package_is_that_of_its_files() -> None:
    files = {path.name: path.read_bytes() for path in FOLDER.glob("*.json") if path.name != INDEX}
    assert (FOLDER / INDEX).read_text() == index(files), "the index is stale: make vectors"
    assert set(files) == set(FILES)


def test_files_that_fit_their_index(folder: Path) -> None:
    report = check_folder(folder)
    assert (report.files, report.indexed, report.failures) == (3, True, [])


def test_a_missing_file(folder: Path) -> None:
    (folder / "prg.json").unlink()
    assert check_folder(folder).failures == [f"{folder / 'prg.json'} is missing: index.json lists it"]


def test_an_additional_file(folder: Path) -> None:
    (folder / "more.json").write_bytes((folder / "prg.json").read_bytes())
    assert check_folder(folder).failures == [f"{folder / 'more.json'} is one too many: index.json does not list it"]


def test_a_changed_file(folder: Path) -> None:
    path = folder / "prg.json"
    path.write_bytes(path.read_bytes() + b"\n")
    (failure,) = check_folder(folder).failures
    expected = rf"{re.escape(str(path))} has changed: its SHA-256 is [0-9a-f]{{64}}, index\.json says [0-9a-f]{{64}}"
    assert re.fullmatch(expected, failure)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files[1].update(numberOfTests=9), "files[1].numberOfTests: is 9, but in prg.json it is 10"),
        (lambda files: files[1].update(schema="x_v1.json"), "files[1].schema: is 'x_v1.json', but in prg.json it is"),
        (lambda files: files.append(files[0]), "files[3].name: commitment.json is listed twice"),
    ],
)
def test_an_index_that_does_not_fit(folder: Path, change: Callable[[Any], None], words: str) -> None:
    document = json.loads((folder / INDEX).read_text())
    change(document["files"])
    (folder / INDEX).write_text(json.dumps(document))
    (failure,) = check_folder(folder).failures
    assert failure.startswith(f"{folder / INDEX}: {words}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"schema": "index_v1.json"}', "generator: is missing"),
        ('{"schema": "index_v1.json", "generator": "vectors/generator 1", "files": []}', "files: must have at least 1"),
    ],
)
def test_what_is_no_index_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / INDEX).write_text(text)
    with pytest.raises(UsageError, match=re.escape(f"{folder / INDEX}: {words}")):
        check_folder(folder)


@pytest.mark.parametrize("name", ["../prg.json", "/prg.json", ".json", "prg.json\n", "prg.jsonl"])
def test_an_index_lists_plain_names(folder: Path, name: str) -> None:
    document = json.loads((folder / INDEX).read_text())
    document["files"][0]["name"] = name
    (folder / INDEX).write_text(json.dumps(document))
    with pytest.raises(UsageError, match=r"files\[0\]\.name: does not have the form"):
        check_folder(folder)


def test_the_command_names_what_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "prg.json").unlink()
    assert main(["vectors", "check", str(folder)]) == 1
    assert f"DIFFERS {folder / 'prg.json'} is missing: index.json lists it\n" in capsys.readouterr().out


def test_a_folder_of_somebody_s_own_needs_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / INDEX).unlink()
    assert main(["vectors", "check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert f"{folder} has no index.json: a missing file would go unnoticed\n" in out
    assert "3 files" in out


def test_one_file_is_checked_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "commitment.json").unlink()
    assert main(["vectors", "check", str(folder / "prg.json")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 files, 10 tests")
    report = check_file(folder / "prg.json")
    assert (report.tests, report.indexed) == (10, False)
    assert main(["vectors", "check", str(folder / INDEX)]) == 2


def test_the_package_needs_its_index(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spdz.cli.vectors.FOLDER", folder)
    assert main(["vectors", "check"]) == 0
    (folder / INDEX).unlink()
    assert main(["vectors", "check"]) == 2
    assert f"{folder / INDEX}: cannot be read" in capsys.readouterr().err
