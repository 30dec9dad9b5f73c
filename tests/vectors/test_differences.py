"""A vector that differs anywhere is noticed: the checker compares what it says it compares."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from spdz.cli.main import main
from spdz.vectors.check import check_case
from spdz.vectors.endpoints import replay
from spdz.vectors.files import FOLDER, Case, read_file
from spdz.vectors.functions import FUNCTIONS
from spdz.vectors.schema import Schemas
from vectors.generator.catalogue import FILES


def _cases(name: str) -> list[Case]:
    return read_file(FOLDER / name, Schemas())


def _copy(case: Case) -> Case:
    return copy.deepcopy(case)


def _attack(name: str, comment: str) -> Case:
    (found,) = [case for case in _cases(name) if case.test["comment"] == comment and case.params["parties"] == 2][:1]
    return found


def _flipped(text: str, place: int) -> str:
    data = bytearray.fromhex(text)
    data[place] ^= 1
    return data.hex()


def _functions() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for name in FILES:
        for case in _cases(name):
            if case.kind in FUNCTIONS:
                found.setdefault(case.kind, []).append(case)
    return found


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_another_verdict_is_noticed(kind: str) -> None:
    for case in _functions()[kind][:200:7]:
        changed = _copy(case)
        changed.test["result"] = "valid" if case.test["result"] == "invalid" else "invalid"
        assert check_case(changed), case.name


@pytest.mark.parametrize("kind", sorted(set(FUNCTIONS) - {"commitment", "point"}))
def test_another_output_is_noticed(kind: str) -> None:
    case = next(case for case in _functions()[kind] if case.test["result"] == "valid" and case.test.get("out") != "")
    outputs = [
        name for name in ("out", "integers", "sums", "bits", "count", "length", "extensions") if name in case.test
    ][:1]
    for name in outputs:
        changed = _copy(case)
        value = changed.test[name]
        if name == "extensions":
            value[0]["q"] = _flipped(value[0]["q"], 0)
        elif isinstance(value, list):
            changed.test[name] = ["ff" for _ in value] or ["ff"]
        else:
            changed.test[name] = "f" * len(value)
        assert check_case(changed), case.name
    assert outputs, kind


# -- transcripts


@pytest.fixture(params=[("mac_check.json", 0), ("sessions_dealer.json", 0), ("vole.json", 0)])
def honest(request: pytest.FixtureRequest) -> Case:
    name, index = request.param
    case = [case for case in _cases(name) if case.test["result"] == "valid"][index]
    for message in case.test["messages"]:
        if isinstance(message["frame"], int):
            message["frame"] = case.frames[message["frame"]]
    return case


def test_every_message_is_compared(honest: Case) -> None:
    """A changed last byte, or a missing message, is noticed wherever it is. (A set-up takes long: a few are enough.)"""
    stride = 9 if honest.kind == "material" else 1
    for index, message in list(enumerate(honest.test["messages"]))[::stride]:
        changed = _copy(honest)
        changed.test["messages"][index]["frame"] = _flipped(message["frame"], -1)
        assert replay(changed), message["path"]
        changed = _copy(honest)
        del changed.test["messages"][index]
        assert replay(changed), message["path"]


def test_every_result_is_compared(honest: Case) -> None:
    stride = 5 if honest.kind == "material" else 1
    for index, outcome in enumerate(honest.test["outcomes"]):
        for name, value in list(outcome["result"].items())[::stride]:
            changed = _copy(honest)
            changed.test["outcomes"][index]["result"][name] = _flipped(value, 0)
            assert replay(changed) == [f"{_who(honest, outcome)}: result {name!r} differs"]
            del changed.test["outcomes"][index]["result"][name]
            assert "has the results" in replay(changed)[0]
        changed = _copy(honest)
        changed.test["outcomes"][index] = {
            "party": outcome["party"],
            "error": "MacCheckFailed",
            "step": "mac_check.sigma.open",
            "blamed": None,
        }
        assert "ends with a result instead of MacCheckFailed" in replay(changed)[0]


def _who(case: Case, outcome: dict[str, Any]) -> str:
    return "dealer" if outcome["party"] == case.params["parties"] else f"party {outcome['party']}"


def test_another_seed_or_session_is_noticed(honest: Case) -> None:
    changed = _copy(honest)
    changed.test["seed"] = "00" * 32
    assert replay(changed)
    if "sessionId" in honest.params:
        changed = _copy(honest)
        changed.params["sessionId"] = "00" * 32
        assert replay(changed)


def test_a_message_too_many_is_noticed(honest: Case) -> None:
    changed = _copy(honest)
    extra = dict(changed.test["messages"][0])
    # Another label: bytes 5 to 20 of the header.
    extra["frame"] = extra["frame"][:10] + "ab" * 16 + extra["frame"][42:]
    changed.test["messages"].append(extra)
    found = replay(changed)
    assert any("is not sent" in text for text in found)


def test_a_recorded_abort_is_compared_too() -> None:
    case = _attack("attack_wrong_share.json", "a wrong share, first element")
    assert replay(case) == []
    for key, value in (("error", "SacrificeFailed"), ("step", "mac_check.sigma.commit"), ("blamed", 0)):
        changed = _copy(case)
        changed.test["outcomes"][0][key] = value
        assert "ends with (error, step, blamed)" in replay(changed)[0]
    changed = _copy(case)
    abort = changed.test["messages"][-1]
    assert bytes.fromhex(abort["frame"])[0] == 2
    abort["frame"] = _flipped(abort["frame"], 1)
    assert any("ABORT differs from byte 1 of the header on" in text for text in replay(changed))


def test_the_command_prints_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((FOLDER / "output.json").read_text())
    document["testGroups"][0]["tests"][0]["outcomes"][0]["result"]["opened"] = "00" * 32
    (tmp_path / "output.json").write_text(json.dumps(document))
    assert main(["vectors", "check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "output.json tcId 1 (honest): party 0: result 'opened' differs" in out
    assert "1 differences" in out
