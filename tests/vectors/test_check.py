"""The recorded vectors against this implementation, and what they cover."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spdz.cli.main import main
from spdz.vectors.check import check_case
from spdz.vectors.files import FOLDER, cases_of, read_file, read_folder
from spdz.vectors.schema import Schemas
from spdz.wire.steps import all_steps
from vectors.generator.catalogue import FILES
from vectors.generator.envelope import INDEX

from .test_index import write_index

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", FILES)
def test_every_vector_is_what_this_implementation_computes(name: str) -> None:
    for case in read_file(FOLDER / name, Schemas()):
        assert check_case(case) == [], case.name


def _steps_of(document: dict[str, object], *, honest: bool) -> set[str]:
    """Steps that occur in honest sessions, or in attacks."""
    found = set()
    for group in document["testGroups"]:  # type: ignore[attr-defined]
        for test in group["tests"]:
            if "messages" in test and (test["corrupted"] == []) == honest:
                found |= {message["path"].rsplit("/", 1)[-1].split(".", 1)[-1] for message in test["messages"]}
    return found - {""}


NOT_RECORDED = (
    "and.differences",
    "and.payload",
    "and.shift.",
    "and.word_check.",
    "bit_masks.",
    "bits.check.",
    "bits.columns",
    "bits.digests",
    "bits.field_payload",
    "bits.key_check.",
    "bits.receiver_points",
    "bits.sender_points",
    "bits.trees",
    "chain.",
    "dealer.tags",
    "dealer.words",
    "masks.",
    "truncation.",
)
"""Steps that make material of bits, of truncations and of proofs: vectors/README.md says why they are not recorded."""


@pytest.mark.parametrize("honest", [True, False])
def test_every_registered_step_occurs(honest: bool) -> None:
    """A new step needs vectors as well: add them to the generator."""
    seen: set[str] = set()
    for path in FOLDER.glob("*.json"):
        if path.name != INDEX:
            seen |= _steps_of(json.loads(path.read_text()), honest=honest)
    missing = {name for name in all_steps() if name.startswith(NOT_RECORDED)}
    assert seen == set(all_steps()) - missing


@pytest.mark.parametrize("start", NOT_RECORDED)
def test_what_is_said_not_to_be_recorded_is_a_step(start: str) -> None:
    assert [name for name in all_steps() if name.startswith(start)]


def test_every_attack_lies_in_a_file_of_its_family() -> None:
    """What is recorded lies in files of honest parties, or in files that say in their name what is wrong."""
    for name, document in read_folder(FOLDER, Schemas()).items():
        for case in cases_of(FOLDER / name, document):
            if "corrupted" in case.test:
                assert name.startswith("attack_") == bool(case.test["corrupted"]), case.name


def test_attacks_are_recorded_with_every_error_that_a_cheat_leads_to() -> None:
    errors = set()
    for name, document in read_folder(FOLDER, Schemas()).items():
        for case in cases_of(FOLDER / name, document):
            errors |= {outcome["error"] for outcome in case.test.get("outcomes", ()) if "error" in outcome}
    assert errors == {
        "AuthenticationFailed",
        "BroadcastMismatch",
        "CommitmentMismatch",
        "ConfigurationMismatch",
        "MacCheckFailed",
        "MalformedMessage",
        "OtConsistencyFailed",
        "PeerAborted",
        "RangeProofFailed",
        "SacrificeFailed",
    }


def test_nothing_else_in_the_package_runs_on_seeded_randomness() -> None:
    """A session with known randomness keeps nothing secret: the checker alone makes such sessions."""
    folders = [ROOT / name for name in ("spdz", "online", "preprocessing")]
    users = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in folder.rglob("*.py")
        if "deterministic_randomness_for_tests" in path.read_text()
    }
    own = {"spdz/crypto/__init__.py", "spdz/crypto/randomness.py"}
    assert users - own == {"spdz/vectors/endpoints.py", "spdz/vectors/functions.py"}


def test_the_command_checks_the_vectors_of_the_package_by_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prg.json").write_bytes((FOLDER / "prg.json").read_bytes())
    write_index(tmp_path)
    monkeypatch.setattr("spdz.cli.vectors.FOLDER", tmp_path)
    assert main(["vectors", "check"]) == 0
    assert "1 files, 10 tests, 0 endpoints replayed, 0 differences" in capsys.readouterr().out
    assert main(["vectors", "check", str(tmp_path), "--json"]) == 0
    report = {"files": 1, "tests": 10, "replays": 0, "indexed": True, "failures": []}
    assert json.loads(capsys.readouterr().out) == report
